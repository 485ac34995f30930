/** Rights end while a copy waits: what allowed it is looked at again when it starts (security: the confused deputy). */
import { inTransaction } from '../db/database.ts';
import { findImage } from '../db/images.ts';
import { findRequester } from '../db/requester.ts';
import { agencyPermits } from '../db/tenants/agencies.ts';
import type { Copy } from '../domain/copy.ts';
import { judgeStart } from '../domain/copy-policy.ts';
import { FailureError } from '../domain/failure.ts';
import { failureOfRefusal } from '../domain/key-failure.ts';
import type { CopyContext, Requester } from './copy-context.ts';

/**
 * Who asked for the copy. Throws `not-permitted` when it would not be accepted now, the failure of a key (`key-failure.ts`) when one
 * of its keys cannot be used, `source-gone` when there is nothing to copy.
 */
export async function recheckCopy(copy: Copy, { db, clock, policies, keys }: CopyContext): Promise<Requester> {
  const policy = policies.get(copy.policy);
  if (policy === undefined) throw new FailureError('internal', `there are no rules called ${copy.policy} any more`);
  return await inTransaction(db, async (trx) => {
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
    const source = seen.image;
    const user = { ...principal, origin: null };
    const refusal = judgeStart(policy, {
      principal,
      source,
      membership: seen.membership,
      region: copy.destinationRegion,
      projectId,
      agency: copy.agency === null ? null : { name: copy.agency, permits: agency?.permitted ?? false },
      keyRefusal: await keys.refusal(trx, user, source, copy.destinationRegion, copy.encryption),
    });
    if (refusal !== undefined) throw failureOfRefusal(refusal, copy.encryption);
    return user;
  });
}

function notPermitted(why: string): FailureError {
  return new FailureError('not-permitted', `the copy is no longer allowed: ${why}`);
}
