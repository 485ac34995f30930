/** The configured regions' stores, each claimed for this installation. */
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { createChunkIndex } from '../db/chunk-index.ts';
import type { Db } from '../db/database.ts';
import { ensureRegions } from '../db/regions.ts';
import { createStoreLedger } from '../db/store-ledger.ts';
import { openFilesystemStore } from '../store/drivers/filesystem/filesystem-store.ts';
import type { RegionStore } from '../store/region-store.ts';
import type { StoreLedger } from '../store/store-ledger.ts';
import { claimStore } from '../store/store-owner.ts';

/** All by region id. */
export interface RegionStores {
  /** In the database. */
  readonly regionNumbers: ReadonlyMap<string, number>;
  readonly stores: ReadonlyMap<string, RegionStore>;
  readonly ledgers: ReadonlyMap<string, StoreLedger>;
}

/** `folder`: where the stores lie, a folder a region. */
export async function openRegionStores(
  config: Config,
  folder: string,
  { db, installation }: { readonly db: Db; readonly installation: string },
): Promise<RegionStores> {
  const regionNumbers = await ensureRegions(db, config.regions);
  const stores = new Map<string, RegionStore>();
  const ledgers = new Map<string, StoreLedger>();
  for (const [region, number] of regionNumbers) {
    const blobs = await openFilesystemStore({ directory: join(folder, region), reserveBytes: config.reserveBytes });
    await claimStore(region, blobs, installation);
    stores.set(region, { region, blobs, index: createChunkIndex(db, number) });
    ledgers.set(region, createStoreLedger(db, number));
  }
  return { regionNumbers, stores, ledgers };
}
