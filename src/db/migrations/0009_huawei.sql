-- What Huawei Cloud's dialect needs of the core.

-- In the form of `passwords.ts` (scrypt, its costs, salt); null: nobody logs in as this user by password.
ALTER TABLE users ADD COLUMN password text;

-- The project that a token was made for: what a request means that names none. It takes nothing from what its user may.
ALTER TABLE sessions ADD COLUMN project uuid REFERENCES projects ON DELETE CASCADE;
CREATE INDEX sessions_project ON sessions (project) WHERE project IS NOT NULL;

ALTER TABLE agency_grants
  -- What the dialect calls what it granted; '' in Mimeo's own words.
  ADD COLUMN title text NOT NULL DEFAULT '',
  -- Of services that lie in no region. There is none here, so such a grant is kept to be shown and grants nothing.
  ADD COLUMN is_global boolean NOT NULL DEFAULT false,
  DROP CONSTRAINT agency_grants_agency_project_role_key,
  ADD UNIQUE NULLS NOT DISTINCT (agency, project, role, title, is_global);

-- Texts that clients keep with an image (src/domain/image-properties.ts): an object of strings. Mimeo looks at none of them.
ALTER TABLE images ADD COLUMN properties jsonb NOT NULL DEFAULT '{}';

-- Jobs that were done when they were asked for, for clients that ask afterwards how they went.
CREATE TABLE receipts (
  id uuid PRIMARY KEY,
  account uuid NOT NULL REFERENCES accounts,
  -- In the dialect's words.
  kind text NOT NULL,
  result jsonb NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL
);
CREATE INDEX receipts_expired ON receipts (expires_at);

-- The project that the account was named by, for dialects that share with projects; null: its default one.
ALTER TABLE image_members ADD COLUMN project uuid REFERENCES projects ON DELETE SET NULL;
CREATE INDEX image_members_project ON image_members (project) WHERE project IS NOT NULL;
