import { record, recordRefusal } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import type { StoreCounts } from './data-plane.ts';

/** What a collection did, or would do, in one region. */
export interface RegionCollection extends StoreCounts {
  readonly region: string;
}

/** Removes, in every region, what has been condemned for longer than the grace time, and what no row names (D1). */
export async function collectStore(
  context: AppContext,
  caller: Caller,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<RegionCollection[]> {
  const resource = { type: 'store', id: 'collect' };
  const deed = { action: 'installation.operate', resource, details: { dryRun } } as const;
  await recordRefusal(context, caller, deed, () => record(context, caller, deed));
  const condemnedBefore = context.clock.now() - context.graceMs;
  const collections: RegionCollection[] = [];
  for (const region of context.regionNumbers.keys()) {
    const counts = await context.dataPlane.collect(region, { condemnedBefore, strays: true, dryRun, signal });
    context.logger.info({ region, dryRun, ...counts }, 'store collected');
    collections.push({ region, ...counts });
  }
  return collections;
}

/**
 * Removes what half-made images left in a region: no reader ever knew of it, so it has no grace time, and a full store has
 * room again as soon as the upload or copy that filled it has failed.
 */
export async function collectHalfMade(
  { dataPlane }: Pick<AppContext, 'dataPlane'>,
  region: string,
  signal: AbortSignal,
): Promise<void> {
  await dataPlane.collect(region, { condemnedBefore: 0, strays: false, dryRun: false, signal });
}
