import { listTasks as listTaskRows, type TaskFilter } from '../../db/task-list.ts';
import type { Task } from '../../domain/task.ts';
import { demand } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';

export type ListTasksQuery = Omit<TaskFilter, 'projects'>;

/** A page of the caller's account's tasks, newest first, and how many there are in all. What it names need not exist. */
export async function listTasks(
  { db }: Pick<AppContext, 'db'>,
  caller: Caller,
  query: ListTasksQuery,
): Promise<{ readonly tasks: readonly Task[]; readonly total: number }> {
  demand(caller, 'task.read');
  return await listTaskRows(db, caller.accountId, { ...query, projects: caller.projects });
}
