-- Keys: customer master keys and their versions, what they are called, who may use them, and the data keys wrapped by them.

CREATE TABLE keys (
  id uuid PRIMARY KEY,
  account uuid NOT NULL REFERENCES accounts,
  region smallint NOT NULL REFERENCES regions,
  -- A deleted one stays as history, without anything that could open what it has wrapped.
  state text NOT NULL CHECK (state IN ('enabled', 'disabled', 'pending-import', 'pending-deletion', 'deleted')),
  origin text NOT NULL CHECK (origin IN ('mimeo', 'external')),
  description text NOT NULL,
  -- The one that a region's images are encrypted with where no other is named.
  is_default boolean NOT NULL,
  -- The newest, which wraps; 0 where there is none yet.
  version integer NOT NULL CHECK (version >= 0),
  -- Of an external one: by which its material is known again (src/app/keys/import-key-material.ts).
  material_digest bytea CHECK (material_digest IS NULL OR origin = 'external'),
  created_at bigint NOT NULL,
  -- When its time comes, or came.
  deletion_at bigint,
  -- Of a deleted one: the key provider has destroyed it, too.
  destroyed boolean NOT NULL DEFAULT false CHECK (NOT destroyed OR state = 'deleted'),
  CHECK ((state IN ('pending-deletion', 'deleted')) = (deletion_at IS NOT NULL)),
  CHECK (state <> 'enabled' OR version > 0),
  CHECK (NOT is_default OR state = 'enabled')
);
CREATE UNIQUE INDEX keys_default ON keys (account, region) WHERE is_default;
CREATE INDEX keys_newest ON keys (account, created_at DESC, id DESC);
CREATE INDEX keys_due ON keys (deletion_at) WHERE state IN ('pending-deletion', 'deleted') AND NOT destroyed;

CREATE TABLE key_versions (
  key uuid NOT NULL REFERENCES keys,
  version integer NOT NULL CHECK (version > 0),
  -- What the key provider made of it: sealed material, or nothing where it keeps that itself; empty once the key is deleted.
  material bytea NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (key, version)
);

CREATE TABLE key_aliases (
  account uuid NOT NULL REFERENCES accounts,
  region smallint NOT NULL REFERENCES regions,
  name text NOT NULL,
  key uuid NOT NULL REFERENCES keys,
  created_at bigint NOT NULL,
  PRIMARY KEY (account, region, name)
);
CREATE INDEX key_aliases_key ON key_aliases (key);

-- Services that may use the key for its account.
CREATE TABLE key_grants (
  key uuid NOT NULL REFERENCES keys,
  service text NOT NULL CHECK (service IN ('images')),
  created_at bigint NOT NULL,
  PRIMARY KEY (key, service)
);

CREATE TABLE data_keys (
  id uuid PRIMARY KEY,
  key uuid NOT NULL,
  version integer NOT NULL,
  wrapped bytea NOT NULL,
  -- What it was wrapped for, without which it does not open (`DiskContext` in src/domain/key.ts).
  context jsonb NOT NULL,
  created_at bigint NOT NULL,
  FOREIGN KEY (key, version) REFERENCES key_versions (key, version)
);
CREATE INDEX data_keys_version ON data_keys (key, version, id);

-- A key's id, 'none', or 'same': what each disk of the source is encrypted with (`CopyEncryption` in src/domain/copy-policy.ts).
ALTER TABLE copies ADD COLUMN encryption text NOT NULL DEFAULT 'same';

-- What the image's disks are encrypted with as they are uploaded or imported; null: they are not.
ALTER TABLE images ADD COLUMN upload_key uuid REFERENCES keys;

-- Null: the disk is not encrypted.
ALTER TABLE manifests ADD COLUMN data_key uuid REFERENCES data_keys;
CREATE INDEX manifests_data_key ON manifests (data_key) WHERE data_key IS NOT NULL;

-- What holds the material of keys, as the server that was started last has it; another is refused once there are any.
ALTER TABLE installation ADD COLUMN key_provider text;
