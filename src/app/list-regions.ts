import { type RegionUsage, readRegionUsage } from '../db/regions.ts';
import { may } from '../domain/authorization.ts';
import { demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';

/** What lies in a region is told to those who run the installation; to others it would tell of other accounts. */
export type Region = { readonly id: string } & { readonly [Fact in keyof RegionUsage]: number | null };

const untold = { images: null, packs: null, storedBytes: null, condemnedPacks: null, condemnedBytes: null };

/** The configured regions. */
export async function listRegions({ db, regionNumbers }: AppContext, caller: Caller): Promise<Region[]> {
  demand(caller, 'region.read');
  const tells = may(caller, 'installation.read') === 'yes';
  const ids = [...regionNumbers.keys()];
  return await Promise.all(ids.map(async (id) => ({ id, ...(tells ? await readRegionUsage(db, id) : untold) })));
}
