/** Jobs by the ids that requests were answered with: those of copies, of tasks, and of receipts. */
import type { Caller } from '../../../app/context.ts';
import { findCopy } from '../../../app/find-copy.ts';
import { findImage } from '../../../app/find-image.ts';
import { findReceipt } from '../../../app/receipts.ts';
import { findTask } from '../../../app/tasks/find-task.ts';
import { type Copy, percentDone } from '../../../domain/copy.ts';
import type { Image } from '../../../domain/image.ts';
import { isRefusal, type RefusalCode } from '../../../domain/refusal.ts';
import type { Task } from '../../../domain/task.ts';
import { FaultError } from '../../shared/faults.ts';
import { isObject, required, text } from '../../shared/parameters.ts';
import type { Faults } from '../fault.ts';
import { readId } from '../ids.ts';
import type { HuaweiContext } from '../operation.ts';
import { type Job, standTogether } from './job.ts';
import { jobErrorOf } from './job-errors.ts';
import { jobTypes } from './job-types.ts';

export const jobFaults = {
  jobNotFound: {
    status: 400,
    code: 'IMG.0023',
    message: 'An exception occurred during task query.',
    when: 'the account has no job of this id that the caller may see',
  },
} as const satisfies Faults;

/** Of operations that have it in their paths. */
export const jobId = required(text({ fault: jobFaults.jobNotFound }), jobFaults.jobNotFound);

/** The account's job, whichever of its projects and regions it is about and whichever dialect began it. */
export async function findJob(context: HuaweiContext, caller: Caller, given: string): Promise<Job> {
  const id = readId(given);
  if (id === undefined) throw new FaultError(jobFaults.jobNotFound);
  for (const find of [findCopyJob, findTaskJob, findReceiptJob]) {
    const job = await find(context, caller, id);
    if (job !== undefined) return job;
  }
  throw new FaultError(jobFaults.jobNotFound);
}

async function unlessMissing<Found>(code: RefusalCode, find: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await find();
  } catch (error) {
    if (!isRefusal(error, code)) throw error;
    return undefined;
  }
}

async function findCopyJob(context: HuaweiContext, caller: Caller, id: string): Promise<Job | undefined> {
  const copy = await unlessMissing('copy.not-found', () => findCopy(context, caller, id));
  if (copy === undefined) return undefined;
  const { sourceRegion, destinationRegion, destinationImageId, wishes } = copy;
  // One that was cancelled or deleted is gone.
  const name = wishes.name ?? (await findImageOf(context, caller, destinationImageId))?.name;
  const type = sourceRegion === destinationRegion ? jobTypes.copyInRegion : jobTypes.copyAcrossRegions;
  return { ...standingOf(copy), type, entities: { image_id: destinationImageId, image_name: name ?? '' } };
}

async function findTaskJob(context: HuaweiContext, caller: Caller, id: string): Promise<Job | undefined> {
  const task = await unlessMissing('task.not-found', () => findTask(context, caller, id));
  if (task === undefined) return undefined;
  const image = await findImageOf(context, caller, task.imageId);
  const type = task.kind === 'export' ? jobTypes.exportImage : importTypeOf(task, image);
  return { ...standingOf(task), type, entities: { image_id: task.imageId, image_name: image?.name ?? '' } };
}

function importTypeOf({ createdAt }: Task, image: Image | undefined): string {
  // Other imports make their image, and at the same moment.
  if (image !== undefined && image.createdAt !== createdAt) return jobTypes.registerImage;
  return image?.kind === 'data-disk' ? jobTypes.importDataImage : jobTypes.importImage;
}

/**
 * Its result has `entities`, of what was done at once, with the `failure` if not all of it could be; or `tasks`: the ids of those
 * that the job consists of.
 */
async function findReceiptJob(context: HuaweiContext, caller: Caller, id: string): Promise<Job | undefined> {
  const receipt = await findReceipt(context, caller, id);
  if (receipt === undefined) return undefined;
  const { kind: type, createdAt } = receipt;
  const { tasks, entities, failure } = isObject(receipt.result) ? receipt.result : {};
  const parts: Job[] = [];
  for (const task of Array.isArray(tasks) ? tasks : []) {
    const part = await findTaskJob(context, caller, String(task));
    if (part !== undefined) parts.push(part);
  }
  const [first] = parts;
  if (first !== undefined) return { ...standTogether(parts), id, type, createdAt, entities: first.entities, parts };
  return {
    ...outcomeOf(failure),
    finishedAt: createdAt,
    id,
    type,
    createdAt,
    entities: isObject(entities) ? entities : {},
  };
}

/** Of what was done at once. P1: of what failed some may be done, never all. */
function outcomeOf(failure: unknown): Pick<Job, 'state' | 'error' | 'percent'> {
  if (!isObject(failure)) return { state: 'succeeded', error: null, percent: 100 };
  const error = { code: String(failure.code), reason: String(failure.reason) };
  return { state: 'failed', error, percent: Number(failure.percent) };
}

async function findImageOf(context: HuaweiContext, caller: Caller, id: string): Promise<Image | undefined> {
  return await unlessMissing('image.not-found', () => findImage(context, caller, id));
}

function standingOf(work: Copy | Task): Omit<Job, 'type' | 'entities'> {
  const { id, state, createdAt, finishedAt } = work;
  const error = state === 'failed' || state === 'cancelled' ? jobErrorOf(work) : null;
  return { id, state, createdAt, finishedAt, error, percent: percentDone(work) };
}
