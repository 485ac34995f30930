-- Uploads that outlive the request that began them.

ALTER TABLE uploads
  -- Counts the requests that have brought bytes: one that was taken for dead finds another number and writes no more.
  ADD COLUMN attempt integer NOT NULL DEFAULT 1,
  -- Until then a cut-off upload can be resumed. One from before this migration can not.
  ADD COLUMN keep_until bigint NOT NULL DEFAULT 0,
  -- What its segments are cut with, whatever the settings say meanwhile: one manifest has one set of parameters.
  ADD COLUMN min_chunk integer NOT NULL DEFAULT 0,
  ADD COLUMN mean_chunk integer NOT NULL DEFAULT 0,
  ADD COLUMN max_chunk integer NOT NULL DEFAULT 0,
  ADD COLUMN segment integer NOT NULL DEFAULT 0;
ALTER TABLE uploads
  ALTER COLUMN attempt DROP DEFAULT,
  ALTER COLUMN keep_until DROP DEFAULT,
  ALTER COLUMN min_chunk DROP DEFAULT,
  ALTER COLUMN mean_chunk DROP DEFAULT,
  ALTER COLUMN max_chunk DROP DEFAULT,
  ALTER COLUMN segment DROP DEFAULT;

-- What of a disk is stored for good: its segments from the first on, without gaps. W2: every chunk named here lies in a pack
-- that the manifest is tied to.
CREATE TABLE upload_segments (
  manifest uuid NOT NULL REFERENCES uploads (manifest) ON DELETE CASCADE,
  position bigint NOT NULL,
  length bigint NOT NULL CHECK (length > 0),
  -- Of each chunk start and end in the segment (two u32), and its id (32 bytes); of each block of 1 MiB the digest.
  bounds bytea NOT NULL,
  ids bytea NOT NULL,
  digests bytea NOT NULL,
  PRIMARY KEY (manifest, position)
);
-- Hashes do not compress.
ALTER TABLE upload_segments ALTER COLUMN ids SET STORAGE EXTERNAL, ALTER COLUMN digests SET STORAGE EXTERNAL;
