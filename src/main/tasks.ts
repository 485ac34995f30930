/** Imports from the object store of the configuration, and exports to it. */
import type { AppContext } from '../app/context.ts';
import { runExport, tidyExport } from '../app/tasks/run-export.ts';
import { runImport } from '../app/tasks/run-import.ts';
import type { Config } from '../config/schema.ts';
import { releaseTasksOf } from '../db/tasks.ts';
import { runTasks } from '../jobs/run-tasks.ts';
import type { TaskContext } from '../jobs/task-context.ts';
import { Secret } from '../lib/secret.ts';
import { createS3Store } from '../objects/drivers/s3/s3-store.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { Teardown } from './teardown.ts';

/** Undefined when none is configured. */
export function openObjectStore(config: Config, teardown: Teardown): ObjectStore | undefined {
  const { objectStoreUrl: endpoint, objectStoreAccessKey: accessKeyId, objectStoreSecretKey: secret } = config;
  if (endpoint === undefined || accessKeyId === undefined || secret === undefined) return undefined;
  const store = createS3Store({
    endpoint,
    region: config.objectStoreRegion,
    accessKeyId,
    secretAccessKey: new Secret(secret),
    pathStyle: config.objectStorePathStyle,
    timeoutMs: 30_000,
    attempts: 3,
  });
  teardown.add('object store', async () => store.close());
  return store;
}

/** Runs tasks until the server stops, if there is an object store. */
export async function startTasks(context: AppContext, config: Config, teardown: Teardown): Promise<void> {
  const { db, clock, server, objects } = context;
  if (objects === undefined || config.taskWorkers === 0) return;
  await releaseTasksOf(db, server, clock.now());
  const stopping = new AbortController();
  const settings = { concurrency: config.taskWorkers, maxAttempts: config.copyAttempts, pollMs: 1000 };
  const tasks = runTasks(createTaskContext(context, objects, settings), stopping.signal);
  teardown.add('imports and exports', () => {
    stopping.abort();
    return tasks;
  });
}

export function createTaskContext(
  context: AppContext,
  objects: ObjectStore,
  settings: Pick<TaskContext, 'concurrency' | 'maxAttempts' | 'pollMs'>,
): TaskContext {
  const { db, clock, logger, server } = context;
  return {
    db,
    clock,
    logger,
    server,
    work: {
      import: (run) => runImport(context, objects, run),
      export: (run) => runExport(context, objects, run),
    },
    tidy: (task, holder, signal) => tidyExport(db, objects, { task, holder, signal }),
    ...settings,
  };
}
