-- Snapshots that outlive their image: what holds a disk's bytes for an account in a region.

ALTER TABLE snapshots
  ADD COLUMN account uuid REFERENCES accounts,
  ADD COLUMN region smallint REFERENCES regions,
  ADD COLUMN project uuid REFERENCES projects,
  ADD COLUMN resource_group uuid REFERENCES resource_groups,
  ADD COLUMN name text,
  ADD COLUMN description text NOT NULL DEFAULT '',
  ADD COLUMN role text CHECK (role IN ('system', 'data')),
  -- Null until it is known from the bytes.
  ADD COLUMN format text CHECK (format IN ('raw', 'qcow2', 'vmdk', 'vhd', 'vhdx', 'iso')),
  ADD COLUMN size bigint CHECK (size > 0),
  -- Of a copy: the names and the region of the snapshot that it was copied from, which may be gone.
  ADD COLUMN source jsonb,
  ADD COLUMN created_at bigint,
  -- The bytes while no image stands on it, and null while one does, whose disk then has them. It counts for them itself then.
  ADD COLUMN manifest uuid,
  ADD COLUMN manifest_usable boolean NOT NULL DEFAULT true CHECK (manifest_usable),
  -- D1: as a disk's, it keeps the manifest from being condemned.
  ADD FOREIGN KEY (manifest, manifest_usable) REFERENCES manifests (id, usable);

ALTER TABLE disks ADD COLUMN snapshot uuid REFERENCES snapshots;
UPDATE disks d SET snapshot = s.id FROM snapshots s WHERE s.image = d.image AND s.disk = d.index;
ALTER TABLE disks ALTER COLUMN snapshot SET NOT NULL;
CREATE INDEX disks_snapshot ON disks (snapshot);

UPDATE snapshots s
SET account = i.account, region = i.region, project = i.project, name = i.name, role = d.role, format = d.format,
    size = d.size, created_at = i.created_at
FROM disks d JOIN images i ON i.id = d.image WHERE d.snapshot = s.id;
-- What copies were made from is known as long as the source is there.
UPDATE snapshots s
SET source = jsonb_build_object('id', o.id, 'aliyunId', o.aliyun_id, 'jdcloudId', o.jdcloud_id, 'region', r.id)
FROM disks d JOIN images i ON i.id = d.image JOIN disks f ON f.image = i.source_image AND f.index = d.index
  JOIN snapshots o ON o.id = f.snapshot JOIN regions r ON r.number = o.region
WHERE d.snapshot = s.id;

ALTER TABLE snapshots
  ALTER COLUMN account SET NOT NULL,
  ALTER COLUMN region SET NOT NULL,
  ALTER COLUMN project SET NOT NULL,
  ALTER COLUMN name SET NOT NULL,
  ALTER COLUMN role SET NOT NULL,
  ALTER COLUMN size SET NOT NULL,
  ALTER COLUMN created_at SET NOT NULL,
  DROP COLUMN image,
  DROP COLUMN disk;
CREATE INDEX snapshots_newest ON snapshots (account, created_at DESC, id DESC);
CREATE INDEX snapshots_project ON snapshots (project);
CREATE INDEX snapshots_resource_group ON snapshots (resource_group) WHERE resource_group IS NOT NULL;
CREATE INDEX snapshots_manifest ON snapshots (manifest) WHERE manifest IS NOT NULL;

CREATE TABLE snapshot_tags (
  snapshot uuid NOT NULL REFERENCES snapshots ON DELETE CASCADE,
  key text NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (snapshot, key)
);
