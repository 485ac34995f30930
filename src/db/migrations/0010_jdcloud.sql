-- What JD Cloud's dialect needs of the core.

-- A task outlives its image, so it keeps this name of it, too; empty where the image was gone before it did.
ALTER TABLE tasks ADD COLUMN image_jdcloud_id text NOT NULL DEFAULT '';
UPDATE tasks SET image_jdcloud_id = images.jdcloud_id FROM images WHERE images.id = tasks.image;
ALTER TABLE tasks ALTER COLUMN image_jdcloud_id DROP DEFAULT;
