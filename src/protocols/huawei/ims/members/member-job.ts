/** Requests about several images and projects: done at once, each pair by itself, and told of as a job (reference §3.1). */
import type { Caller } from '../../../../app/context.ts';
import { keepReceipt } from '../../../../app/receipts.ts';
import { FaultError } from '../../../shared/faults.ts';
import { commonFaults } from '../../common-faults.ts';
import { toFaultError } from '../../errors.ts';
import { messageOf } from '../../fault.ts';
import type { Answer, HuaweiContext, Operation } from '../../operation.ts';
import { acceptedJob } from '../accepted-job.ts';
import type { JobType } from '../job-types.ts';

interface Pair {
  readonly image: string;
  /** As it was given. */
  readonly project: string;
}

interface MemberJob {
  readonly type: JobType;
  /** Whose rows say what failed. */
  readonly operation: Operation;
  readonly pairs: readonly Pair[];
  /** Aborts when nobody waits for the job's id any more: the pairs after that are left as they are. */
  readonly signal: AbortSignal;
  run(pair: Pair): Promise<void>;
}

/** A few seconds' work. */
const mostPairs = 500;

export function pairsOf(images: readonly string[], projects: readonly string[]): Pair[] {
  if (images.length * projects.length > mostPairs) throw new FaultError(commonFaults.bodyInvalid, 'projects');
  return images.flatMap((image) => projects.map((project) => ({ image, project })));
}

/**
 * Where nothing at all can be done, there is no job: the first pair's no is the request's. Where something could not, it is the
 * job's, which has failed.
 */
export async function runMemberJob(
  context: HuaweiContext,
  caller: Caller,
  { type, operation, pairs, run, signal }: MemberJob,
): Promise<Answer> {
  const { site } = context.settings;
  const failures: FaultError[] = [];
  const results = [];
  for (const pair of pairs) {
    signal.throwIfAborted();
    const failure = await failureOf(() => run(pair), operation);
    if (failure !== undefined) failures.push(failure);
    results.push({
      image_id: pair.image,
      project_id: pair.project,
      status: failure === undefined ? 'success' : 'failed',
      ...(failure && { error_code: failure.fault.code, fail_reason: messageOf(failure, site) }),
    });
  }
  const [first] = failures;
  if (first !== undefined && failures.length === pairs.length) throw first;
  const percent = Math.floor((100 * (pairs.length - failures.length)) / pairs.length);
  const failure = first && { code: first.fault.code, reason: messageOf(first, site), percent };
  const { id } = await keepReceipt(context, caller, { kind: type, result: { entities: { results }, failure } });
  return acceptedJob(id);
}

/** Why it could not be done; what fails otherwise is no answer to the pair. */
async function failureOf(work: () => Promise<void>, operation: Operation): Promise<FaultError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const failure = toFaultError(error, operation);
    if (failure.fault.status >= 500) throw error;
    return failure;
  }
}
