-- The service around the copy: who may do what, how much of it, with whom it is shared, and what has happened.

-- Tenants -----------------------------------------------------------------------------------------------------------

-- Sixteen digits that people give each other, when they share an image for instance; Alibaba calls it the UID.
ALTER TABLE accounts ADD COLUMN number bigint;
UPDATE accounts SET number = 1000000000000000 + floor(random() * 8000000000000000)::bigint;
ALTER TABLE accounts ALTER COLUMN number SET NOT NULL, ADD UNIQUE (number);
-- Its owners run the installation: they make accounts and set quotas.
ALTER TABLE accounts ADD COLUMN administers boolean NOT NULL DEFAULT false;
UPDATE accounts SET administers = true WHERE name = 'default';
ALTER TABLE accounts ADD COLUMN disabled_at bigint;

CREATE TABLE users (
  id uuid PRIMARY KEY,
  account uuid NOT NULL REFERENCES accounts,
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('owner', 'operator', 'viewer')),
  created_at bigint NOT NULL,
  disabled_at bigint,
  UNIQUE (account, name)
);

-- Secrets are sealed (AES-256-GCM under a key derived from the installation's master key, bound to the row's id).
CREATE TABLE access_keys (
  id text PRIMARY KEY,
  "user" uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  description text NOT NULL,
  secret bytea NOT NULL,
  created_at bigint NOT NULL,
  disabled_at bigint,
  -- Set by a rotation: until then the old key works beside the new one.
  expires_at bigint,
  last_used_at bigint
);
CREATE INDEX access_keys_user ON access_keys ("user");

CREATE TABLE projects (
  id uuid PRIMARY KEY,
  account uuid NOT NULL REFERENCES accounts,
  region smallint NOT NULL REFERENCES regions,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  -- The one that is named after its region.
  is_default boolean NOT NULL,
  created_at bigint NOT NULL,
  UNIQUE (account, region, name)
);
CREATE UNIQUE INDEX projects_default ON projects (account, region) WHERE is_default;
INSERT INTO projects (id, account, region, name, is_default, created_at)
  SELECT gen_random_uuid(), a.id, r.number, r.id, true, a.created_at FROM accounts a CROSS JOIN regions r;

-- A named delegation: the trusted account, or the image service itself where that is null, may act in `account`.
CREATE TABLE agencies (
  id uuid PRIMARY KEY,
  account uuid NOT NULL REFERENCES accounts,
  name text NOT NULL,
  description text NOT NULL,
  trusted_account uuid REFERENCES accounts,
  created_at bigint NOT NULL,
  expires_at bigint,
  UNIQUE (account, name)
);

CREATE TABLE agency_grants (
  agency uuid NOT NULL REFERENCES agencies ON DELETE CASCADE,
  -- Null: every project of the account.
  project uuid REFERENCES projects ON DELETE CASCADE,
  role text NOT NULL CHECK (role IN ('owner', 'operator', 'viewer')),
  UNIQUE NULLS NOT DISTINCT (agency, project, role)
);

-- What Alibaba calls a resource group and Huawei an enterprise project.
CREATE TABLE resource_groups (
  id uuid PRIMARY KEY,
  aliyun_id text NOT NULL UNIQUE,
  account uuid NOT NULL REFERENCES accounts,
  name text NOT NULL,
  description text NOT NULL,
  created_at bigint NOT NULL,
  disabled_at bigint,
  UNIQUE (account, name)
);

-- Bearer tokens, and temporary credentials where there is an access key too. Ends with what it was made with.
CREATE TABLE sessions (
  id uuid PRIMARY KEY,
  -- Hash of the token.
  token bytea NOT NULL UNIQUE,
  access_key text UNIQUE,
  secret bytea,
  name text NOT NULL,
  -- Who asked for it; null: the bearer of the installation's own token.
  "user" uuid REFERENCES users ON DELETE CASCADE,
  issued_with text REFERENCES access_keys ON DELETE CASCADE,
  issued_by uuid REFERENCES sessions ON DELETE CASCADE,
  -- Where it acts, which is another account than the user's by an agency only.
  account uuid NOT NULL REFERENCES accounts,
  agency uuid REFERENCES agencies ON DELETE CASCADE,
  -- At most this much, whatever the user may do.
  role text NOT NULL CHECK (role IN ('owner', 'operator', 'viewer')),
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  CHECK ((access_key IS NULL) = (secret IS NULL))
);
CREATE INDEX sessions_expired ON sessions (expires_at);
CREATE INDEX sessions_user ON sessions ("user", created_at DESC);
CREATE INDEX sessions_issued_by ON sessions (issued_by);

-- Nonces of signed requests, for as long as the clock window would let the request in again.
CREATE TABLE nonces (
  scope text NOT NULL,
  nonce text NOT NULL,
  expires_at bigint NOT NULL,
  PRIMARY KEY (scope, nonce)
);
CREATE INDEX nonces_expired ON nonces (expires_at);

-- Tokens by which a client may send a request again: what it asked for, and what was made.
CREATE TABLE idempotency_tokens (
  account uuid NOT NULL REFERENCES accounts,
  operation text NOT NULL,
  token text NOT NULL,
  fingerprint bytea NOT NULL,
  result jsonb NOT NULL,
  expires_at bigint NOT NULL,
  PRIMARY KEY (account, operation, token)
);
CREATE INDEX idempotency_tokens_expired ON idempotency_tokens (expires_at);

-- Quotas ------------------------------------------------------------------------------------------------------------

-- An account's part of a region: the lock under which copies are admitted and quotas charged, with what is used of them
-- and their limits where they are not the configured ones.
ALTER TABLE copy_groups RENAME TO account_regions;
ALTER TABLE account_regions
  ADD COLUMN images_used bigint NOT NULL DEFAULT 0 CHECK (images_used >= 0),
  ADD COLUMN snapshots_used bigint NOT NULL DEFAULT 0 CHECK (snapshots_used >= 0),
  ADD COLUMN bytes_used bigint NOT NULL DEFAULT 0 CHECK (bytes_used >= 0),
  ADD COLUMN images_limit bigint CHECK (images_limit >= 0),
  ADD COLUMN snapshots_limit bigint CHECK (snapshots_limit >= 0),
  ADD COLUMN bytes_limit bigint CHECK (bytes_limit >= 0),
  ADD COLUMN copies_limit bigint CHECK (copies_limit >= 0);

-- Images ------------------------------------------------------------------------------------------------------------

ALTER TABLE images
  ADD COLUMN project uuid REFERENCES projects,
  ADD COLUMN resource_group uuid REFERENCES resource_groups,
  ADD COLUMN visibility text NOT NULL DEFAULT 'private' CHECK (visibility IN ('private', 'shared', 'public')),
  ADD COLUMN protected boolean NOT NULL DEFAULT false,
  -- Counts up with every change: the entity tag of conditional updates.
  ADD COLUMN revision integer NOT NULL DEFAULT 1,
  -- What the image counts for against the quota of bytes: reserved when it is accepted, settled when its bytes are there.
  ADD COLUMN quota_bytes bigint NOT NULL DEFAULT 0 CHECK (quota_bytes >= 0);
UPDATE images SET project = p.id FROM projects p WHERE p.account = images.account AND p.region = images.region;
ALTER TABLE images ALTER COLUMN project SET NOT NULL;
UPDATE images SET quota_bytes = (
  SELECT sum(CASE WHEN m.state = 'live' THEN m.data_bytes ELSE d.size END)
  FROM disks d LEFT JOIN manifests m ON m.id = d.manifest WHERE d.image = images.id)
WHERE state <> 'failed';
INSERT INTO account_regions (account, region)
  SELECT DISTINCT account, region FROM images ON CONFLICT DO NOTHING;
UPDATE account_regions q SET images_used = u.images, snapshots_used = u.snapshots, bytes_used = u.bytes
FROM (
  SELECT i.account, i.region, count(*) AS images, sum(i.quota_bytes) AS bytes,
         sum((SELECT count(*) FROM snapshots s WHERE s.image = i.id)) AS snapshots
  FROM images i WHERE i.state <> 'failed' GROUP BY i.account, i.region
) u WHERE u.account = q.account AND u.region = q.region;

DROP INDEX images_newest;
CREATE INDEX images_newest ON images (account, created_at DESC, id DESC);
CREATE INDEX images_public ON images (created_at DESC, id) WHERE visibility = 'public';
CREATE INDEX images_project ON images (project);
CREATE INDEX images_resource_group ON images (resource_group) WHERE resource_group IS NOT NULL;

-- Who an image is shared with.
CREATE TABLE image_members (
  image uuid NOT NULL REFERENCES images ON DELETE CASCADE,
  account uuid NOT NULL REFERENCES accounts,
  status text NOT NULL CHECK (status IN ('pending', 'accepted', 'rejected')),
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  PRIMARY KEY (image, account)
);
CREATE INDEX image_members_account ON image_members (account, status);

-- Whose key the chunk ids are made with: not always the image's owner, since a copy of a shared image keeps its chunks.
-- Null where no chunk is read any more.
ALTER TABLE manifests ADD COLUMN chunk_account uuid REFERENCES accounts;
UPDATE manifests SET chunk_account = i.account FROM disks d JOIN images i ON i.id = d.image WHERE d.manifest = manifests.id;

-- Copies ------------------------------------------------------------------------------------------------------------

ALTER TABLE copies
  -- The rules under which it was accepted and is looked at again when it starts.
  ADD COLUMN policy text NOT NULL DEFAULT 'native',
  -- Null: the bearer of the installation's own token. Not a foreign key: the user may be gone.
  ADD COLUMN requested_by uuid,
  -- Where the new image was to lie: who acts in some projects only sees only theirs. Not a foreign key: it may be gone.
  ADD COLUMN project uuid,
  ADD COLUMN agency text,
  -- Names what was asked for together.
  ADD COLUMN request uuid,
  -- What the new image was to have of its own, for whoever tries the copy again.
  ADD COLUMN wanted jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN retry_of uuid,
  ADD COLUMN trace_parent text;
UPDATE copies SET project = i.project FROM images i WHERE i.id = copies.destination_image;
CREATE INDEX copies_request ON copies (request);
-- Who may start next is asked with each copy that is accepted or ends, however many wait.
CREATE INDEX copies_admitted ON copies (account, destination_region) WHERE finished_at IS NULL AND job IS NOT NULL;
CREATE INDEX copies_waiting ON copies (account, destination_region, sequence) WHERE finished_at IS NULL AND job IS NULL;
DROP INDEX copies_newest;
CREATE INDEX copies_newest ON copies (account, created_at DESC, id DESC);

-- Events ------------------------------------------------------------------------------------------------------------

-- Who did what, and what became of it. One row is one account's: what concerns two is written twice.
CREATE TABLE events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Ids are given before they are committed; a reader that follows takes only what is older than every open transaction.
  transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
  at bigint NOT NULL,
  account uuid NOT NULL REFERENCES accounts,
  type text NOT NULL,
  -- `succeeded`, or the code of the refusal or failure.
  outcome text NOT NULL,
  actor_kind text NOT NULL CHECK (actor_kind IN ('installation', 'user', 'session', 'service')),
  actor_account uuid,
  actor_user uuid,
  actor_name text NOT NULL,
  access_key text,
  resource_type text NOT NULL,
  resource_id text NOT NULL,
  region smallint REFERENCES regions,
  protocol text,
  request text,
  address text,
  details jsonb NOT NULL
);
CREATE INDEX events_newest ON events (account, id DESC);
CREATE INDEX events_of_resource ON events (account, resource_id, id DESC);
CREATE INDEX events_old ON events (at);

CREATE TABLE webhooks (
  id uuid PRIMARY KEY,
  account uuid NOT NULL REFERENCES accounts,
  url text NOT NULL,
  description text NOT NULL,
  secret bytea NOT NULL,
  -- Types of events it wants; `image.*` stands for all that begin so.
  types text[] NOT NULL,
  created_at bigint NOT NULL,
  disabled_at bigint
);
CREATE INDEX webhooks_account ON webhooks (account);

-- Written with the event, so that what was committed is delivered.
CREATE TABLE webhook_deliveries (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  webhook uuid NOT NULL REFERENCES webhooks ON DELETE CASCADE,
  event bigint NOT NULL REFERENCES events ON DELETE CASCADE,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at bigint NOT NULL,
  last_status integer,
  last_error text,
  finished_at bigint,
  CHECK ((state = 'pending') = (finished_at IS NULL))
);
-- By webhook: a deliverer asks each webhook for its next one, so that a backlog of one is no burden to the others.
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook, next_attempt_at) WHERE state = 'pending';
-- For the deletion of old events.
CREATE INDEX webhook_deliveries_event ON webhook_deliveries (event);
CREATE INDEX webhook_deliveries_newest ON webhook_deliveries (webhook, event DESC);
