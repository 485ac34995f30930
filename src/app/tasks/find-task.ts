import type { Db, Trx } from '../../db/database.ts';
import { findImportsInto as findImportRowsInto } from '../../db/task-list.ts';
import { findTask as findTaskRow } from '../../db/tasks.ts';
import { RefusalError } from '../../domain/refusal.ts';
import type { Task } from '../../domain/task.ts';
import { demand } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';

/** The caller's account's task of this id, either of its two; refuses with `task.not-found`. */
export async function findTask(context: Pick<AppContext, 'db'>, caller: Caller, id: string): Promise<Task> {
  demand(caller, 'task.read');
  return await readTask(context.db, caller, id);
}

/** The caller's account's imports into these images, by the images' UUIDs: where their bytes came from. */
export async function findImportsInto(
  context: Pick<AppContext, 'db'>,
  caller: Caller,
  images: readonly string[],
): Promise<ReadonlyMap<string, Task>> {
  demand(caller, 'task.read');
  const imports = await findImportRowsInto(context.db, caller, images);
  return new Map(imports.map((task) => [task.imageId, task]));
}

/** As {@link findTask}, for use cases that have asked for another right. */
export async function readTask(db: Db | Trx, caller: Caller, id: string): Promise<Task> {
  const task = await findTaskRow(db, caller, id);
  if (task === undefined) throw new RefusalError('task.not-found', { task: id });
  return task;
}
