-- The first whole copy: regions, accounts, images, copies, and what lies in the regions' stores.
-- Times are epoch milliseconds of the server's clock (design: time comes in as an argument).

CREATE TABLE installation (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  id uuid NOT NULL,
  -- A hash of the master key: a server with another key must not add chunks under other ids.
  master_key_check bytea NOT NULL
);

CREATE TABLE regions (
  number smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL UNIQUE
);

CREATE TABLE accounts (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  created_at bigint NOT NULL
);

-- Store -------------------------------------------------------------------------------------------------------------

CREATE TABLE manifests (
  id uuid PRIMARY KEY,
  region smallint NOT NULL REFERENCES regions,
  state text NOT NULL CHECK (state IN ('pending', 'live', 'condemned')),
  -- Known once the manifest is live.
  root bytea,
  size bigint NOT NULL,
  data_bytes bigint,
  digest bytea,
  condemned_at bigint,
  CHECK (state <> 'live' OR (root IS NOT NULL AND data_bytes IS NOT NULL AND digest IS NOT NULL)),
  CHECK ((state = 'condemned') = (condemned_at IS NOT NULL)),
  -- What ties and disks refer to, so that neither can name a condemned manifest.
  usable boolean GENERATED ALWAYS AS (state <> 'condemned') STORED,
  UNIQUE (id, usable)
);
CREATE INDEX manifests_condemned ON manifests (region, condemned_at) WHERE state = 'condemned';

CREATE TABLE packs (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  region smallint NOT NULL REFERENCES regions,
  name bytea NOT NULL,
  size bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('reserved', 'live', 'condemned')),
  -- The manifest whose writer reserved the pack; a reservation ends with it.
  reserved_for uuid REFERENCES manifests,
  -- A live manifest relies, or has relied, on the pack: somebody may be reading it, so it has a grace time.
  published boolean NOT NULL DEFAULT false,
  condemned_at bigint,
  CHECK ((state = 'reserved') = (reserved_for IS NOT NULL)),
  CHECK ((state = 'condemned') = (condemned_at IS NOT NULL)),
  UNIQUE (region, name),
  UNIQUE (number, state)
);
CREATE INDEX packs_reserved_for ON packs (reserved_for) WHERE reserved_for IS NOT NULL;
CREATE INDEX packs_condemned ON packs (region, condemned_at) WHERE state = 'condemned';

-- W2 and D1: a tie can name only a usable manifest and a live pack, and while it stands the pack cannot leave that state.
CREATE TABLE manifest_packs (
  manifest uuid NOT NULL,
  manifest_usable boolean NOT NULL DEFAULT true CHECK (manifest_usable),
  pack bigint NOT NULL,
  pack_state text NOT NULL DEFAULT 'live' CHECK (pack_state = 'live'),
  PRIMARY KEY (manifest, pack),
  CONSTRAINT manifest_packs_manifest FOREIGN KEY (manifest, manifest_usable) REFERENCES manifests (id, usable),
  CONSTRAINT manifest_packs_pack FOREIGN KEY (pack, pack_state) REFERENCES packs (number, state)
);
CREATE INDEX manifest_packs_pack ON manifest_packs (pack);

-- Rows of a pack are deleted in the transaction that condemns it.
CREATE TABLE chunks (
  region smallint NOT NULL,
  id bytea NOT NULL,
  pack bigint NOT NULL REFERENCES packs,
  position bigint NOT NULL,
  length integer NOT NULL,
  PRIMARY KEY (region, id)
);
CREATE INDEX chunks_pack ON chunks (pack);

-- Images ------------------------------------------------------------------------------------------------------------

CREATE TABLE images (
  id uuid PRIMARY KEY,
  aliyun_id text NOT NULL UNIQUE,
  jdcloud_id text NOT NULL UNIQUE,
  account uuid NOT NULL REFERENCES accounts,
  region smallint NOT NULL REFERENCES regions,
  name text NOT NULL,
  description text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('system-disk', 'data-disk', 'whole-machine', 'iso')),
  root_device text NOT NULL CHECK (root_device IN ('cloud-disk', 'local-disk')),
  state text NOT NULL CHECK (state IN ('queued', 'uploading', 'copying', 'available', 'deprecated', 'failed')),
  source_image uuid,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL
);
CREATE INDEX images_newest ON images (account, created_at DESC, id);
CREATE INDEX images_name ON images (account, region, name);

CREATE TABLE image_tags (
  image uuid NOT NULL REFERENCES images ON DELETE CASCADE,
  key text NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (image, key)
);

CREATE TABLE disks (
  image uuid NOT NULL REFERENCES images ON DELETE CASCADE,
  index smallint NOT NULL CHECK (index >= 0),
  role text NOT NULL CHECK (role IN ('system', 'data')),
  -- Null until it is known from the bytes.
  format text CHECK (format IN ('raw', 'qcow2', 'vmdk', 'vhd', 'vhdx', 'iso')),
  size bigint NOT NULL CHECK (size > 0),
  -- Live: the disk's bytes. Pending: what an upload or a copy is writing.
  manifest uuid,
  manifest_usable boolean NOT NULL DEFAULT true CHECK (manifest_usable),
  PRIMARY KEY (image, index),
  FOREIGN KEY (manifest, manifest_usable) REFERENCES manifests (id, usable)
);
CREATE INDEX disks_manifest ON disks (manifest);

CREATE TABLE snapshots (
  id uuid PRIMARY KEY,
  aliyun_id text NOT NULL UNIQUE,
  jdcloud_id text NOT NULL UNIQUE,
  image uuid NOT NULL,
  disk smallint NOT NULL,
  UNIQUE (image, disk),
  FOREIGN KEY (image, disk) REFERENCES disks ON DELETE CASCADE
);

-- An upload in progress. The server renews the lease; one that has run out was cut off with its server.
CREATE TABLE uploads (
  image uuid NOT NULL,
  disk smallint NOT NULL,
  -- What it writes; tells it from a later upload of the same disk.
  manifest uuid NOT NULL UNIQUE,
  server uuid NOT NULL,
  lease_until bigint NOT NULL,
  PRIMARY KEY (image, disk),
  FOREIGN KEY (image, disk) REFERENCES disks ON DELETE CASCADE
);

-- Copies ------------------------------------------------------------------------------------------------------------

-- The group that a cap applies to (design: admission is ours). Its row is the lock under which copies are admitted.
CREATE TABLE copy_groups (
  account uuid NOT NULL REFERENCES accounts,
  region smallint NOT NULL REFERENCES regions,
  PRIMARY KEY (account, region)
);

-- Image ids are not foreign keys: a copy outlives both of its images as history.
CREATE TABLE copies (
  id uuid PRIMARY KEY,
  sequence bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  account uuid NOT NULL REFERENCES accounts,
  source_image uuid NOT NULL,
  source_region smallint NOT NULL REFERENCES regions,
  destination_image uuid NOT NULL,
  destination_region smallint NOT NULL REFERENCES regions,
  state text NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  -- The job that was sent for it; null while it waits to be admitted and once it has ended.
  job uuid,
  -- The server that runs it, and the number of times that one has taken it up: a worker that was taken for dead finds
  -- another number and stops.
  server uuid,
  attempts integer NOT NULL DEFAULT 0,
  bytes_total bigint NOT NULL,
  bytes_done bigint NOT NULL DEFAULT 0,
  bytes_moved bigint NOT NULL DEFAULT 0,
  bytes_per_second bigint NOT NULL DEFAULT 0,
  failure_code text,
  failure_message text,
  created_at bigint NOT NULL,
  started_at bigint,
  finished_at bigint,
  CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
  CHECK (state <> 'running' OR server IS NOT NULL),
  CHECK ((failure_code IS NULL) = (failure_message IS NULL)),
  FOREIGN KEY (account, destination_region) REFERENCES copy_groups (account, region)
);
CREATE INDEX copies_newest ON copies (account, created_at DESC, id);
CREATE INDEX copies_unfinished ON copies (account, destination_region, sequence) WHERE finished_at IS NULL;
CREATE INDEX copies_of_source ON copies (source_image) WHERE finished_at IS NULL;
CREATE INDEX copies_of_destination ON copies (destination_image);
