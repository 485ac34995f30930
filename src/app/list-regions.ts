import { type RegionUsage, readRegionUsage } from '../db/regions.ts';
import type { AppContext } from './context.ts';

export interface Region extends RegionUsage {
  readonly id: string;
}

/** The configured regions with what lies in them. */
export async function listRegions({ db, regionNumbers }: AppContext): Promise<Region[]> {
  return await Promise.all([...regionNumbers.keys()].map(async (id) => ({ id, ...(await readRegionUsage(db, id)) })));
}
