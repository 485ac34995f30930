-- Imports from an object store, and exports to it. The table is the queue: servers take from it what is due, in order.

-- The image's id is not a foreign key: a task outlives its image as history.
CREATE TABLE tasks (
  id uuid PRIMARY KEY,
  aliyun_id text NOT NULL UNIQUE,
  sequence bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  account uuid NOT NULL REFERENCES accounts,
  region smallint NOT NULL REFERENCES regions,
  kind text NOT NULL CHECK (kind IN ('import', 'export')),
  image uuid NOT NULL,
  image_aliyun_id text NOT NULL,
  -- Where the image lay: who acts in some projects only sees only theirs. Not a foreign key: it may be gone.
  project uuid NOT NULL,
  -- Null: the bearer of the installation's own token. Not a foreign key: the user may be gone.
  requested_by uuid,
  -- A list of `DiskObject` (src/domain/task.ts).
  objects jsonb NOT NULL,
  state text NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  -- The server that runs it, and the number of times that one has taken it up: a worker that was taken for dead finds
  -- another number and stops.
  server uuid,
  claims integer NOT NULL DEFAULT 0,
  -- Those that count against the bounds: of running it, and of removing what it left. The end of a server costs neither.
  attempts integer NOT NULL DEFAULT 0,
  tidies integer NOT NULL DEFAULT 0,
  -- Of a queued task: when it may be taken up. Of a running one: when its worker is taken for dead, unless it says
  -- otherwise until then.
  due_at bigint NOT NULL,
  -- Parts of objects may lie in the bucket that no worker will complete. One that ended without its worker, be it that this
  -- was dead, is taken up once more to remove them.
  untidy boolean NOT NULL DEFAULT false,
  -- What an export has begun in the bucket, a list of `BegunObject`, and whether it has begun to complete them: from then on
  -- there may be objects that can be read.
  uploads jsonb NOT NULL DEFAULT '[]',
  completing boolean NOT NULL DEFAULT false,
  bytes_total bigint NOT NULL,
  bytes_done bigint NOT NULL DEFAULT 0,
  bytes_per_second bigint NOT NULL DEFAULT 0,
  failure_code text,
  failure_message text,
  created_at bigint NOT NULL,
  started_at bigint,
  finished_at bigint,
  CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
  CHECK (state <> 'running' OR server IS NOT NULL),
  CHECK ((failure_code IS NULL) = (failure_message IS NULL)),
  CHECK ((state = 'failed') = (failure_code IS NOT NULL))
);
CREATE INDEX tasks_newest ON tasks (account, created_at DESC, id DESC);
CREATE INDEX tasks_due ON tasks (sequence) WHERE finished_at IS NULL OR untidy;
-- An account has one of an image at a time. That of its owner keeps it from being deleted; others export what they may see.
CREATE UNIQUE INDEX tasks_of_image ON tasks (image, account) WHERE finished_at IS NULL;
CREATE INDEX tasks_image ON tasks (image);
