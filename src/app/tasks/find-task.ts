import type { Db, Trx } from '../../db/database.ts';
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

/** As {@link findTask}, for use cases that have asked for another right. */
export async function readTask(db: Db | Trx, caller: Caller, id: string): Promise<Task> {
  const task = await findTaskRow(db, caller, id);
  if (task === undefined) throw new RefusalError('task.not-found', { task: id });
  return task;
}
