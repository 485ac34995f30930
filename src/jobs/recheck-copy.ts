/** Rights end while a copy waits: what allowed it is looked at again when it starts (security: the confused deputy). */
import { inTransaction } from '../db/database.ts';
import { findImage } from '../db/images.ts';
import { findRequester } from '../db/requester.ts';
import { agencyPermits } from '../db/tenants/agencies.ts';
import type { Copy } from '../domain/copy.ts';
import { judgeStart } from '../domain/copy-policy.ts';
import { FailureError } from '../domain/failure.ts';
import type { CopyContext } from './copy-context.ts';

/** Throws `not-permitted` when the copy would not be accepted now, `source-gone` when there is nothing to copy. */
export async function recheckCopy(copy: Copy, { db, clock, policies }: CopyContext): Promise<void> {
  const policy = policies.get(copy.policy);
  if (policy === undefined) throw new FailureError('internal', `there are no rules called ${copy.policy} any more`);
  await inTransaction(db, async (trx) => {
    const now = clock.now();
    const principal = await findRequester(trx, copy.accountId, copy.requestedBy, now);
    if (principal === undefined) throw notPermitted('whoever asked for it is disabled or gone');
    const seen = await findImage(trx, copy.accountId, copy.sourceImageId);
    const destination = await findImage(trx, copy.accountId, copy.destinationImageId);
    if (seen === undefined || destination === undefined) {
      throw new FailureError('source-gone', `image ${copy.sourceImageId} is no longer there to be copied`);
    }
    const { projectId } = destination.image;
    const agency = copy.agency === null ? null : await agencyPermits(trx, copy.accountId, copy.agency, projectId, now);
    const refusal = judgeStart(policy, {
      principal,
      source: seen.image,
      membership: seen.membership,
      region: copy.destinationRegion,
      projectId,
      agency: copy.agency === null ? null : { name: copy.agency, permits: agency?.permitted ?? false },
    });
    if (refusal !== undefined) throw notPermitted(refusal.code);
  });
}

function notPermitted(why: string): FailureError {
  return new FailureError('not-permitted', `the copy is no longer allowed: ${why}`);
}
