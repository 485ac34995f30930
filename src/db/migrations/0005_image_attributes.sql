-- What is said of the system in an image (src/domain/image-attributes.ts): an object of what is known, nothing else.
ALTER TABLE images ADD COLUMN attributes jsonb NOT NULL DEFAULT '{}';
