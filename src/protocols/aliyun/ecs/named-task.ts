import type { Caller } from '../../../app/context.ts';
import { findTask } from '../../../app/tasks/find-task.ts';
import { RefusalError } from '../../../domain/refusal.ts';
import type { Task } from '../../../domain/task.ts';
import type { Fault } from '../fault.ts';
import type { AliyunContext } from '../operation.ts';
import { required, text } from '../parameters.ts';
import { isId } from './ids.ts';
import { requireRegion } from './named-image.ts';

export const taskParameters = { RegionId: required(text()), TaskId: required(text()) };

export const taskRegionNotFound = {
  status: 400,
  code: 'InvalidRegionId.NotFound',
  message: 'The specified RegionId does not exist.',
  when: 'RegionId names no region of this installation',
} as const satisfies Fault;

export const taskNotFound = {
  status: 400,
  code: 'InvalidTaskId.NotFound',
  message: 'The specified "TaskId" is not found.',
  when: 'no task of the account has this id in the region',
} as const satisfies Fault;

/** The account's task of this id; one of another region does not exist. */
export async function findNamedTask(
  context: AliyunContext,
  caller: Caller,
  { RegionId, TaskId }: { readonly RegionId: string; readonly TaskId: string },
): Promise<Task> {
  requireRegion(context, RegionId);
  const notFound = new RefusalError('task.not-found', { task: TaskId });
  if (!isId('task', TaskId)) throw notFound;
  const task = await findTask(context, caller, TaskId);
  if (task.region !== RegionId) throw notFound;
  return task;
}
