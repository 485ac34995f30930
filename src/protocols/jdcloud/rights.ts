import type { AppContext, Caller } from '../../app/context.ts';
import { demandRight } from '../shared/rights.ts';
import type { Operation } from './operation.ts';
import type { PathValues } from './paths.ts';

/** Refuses a caller who lacks the operation's right, as {@link demandRight} does. */
export async function requireRight(
  context: AppContext,
  caller: Caller,
  { right }: Operation,
  { regionId: region, imageId, snapshotId }: PathValues,
): Promise<void> {
  if (right === null) return;
  // What is named in the body is not known yet.
  const named = imageId === undefined ? {} : { type: 'image', id: imageId };
  const resource = snapshotId === undefined ? named : { type: 'snapshot', id: snapshotId };
  await demandRight(context, caller, right, { resource, region });
}
