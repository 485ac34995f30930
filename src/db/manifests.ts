/** The rows of manifests: pending while they are written, live once W3 has made them so. */
import { condemnPacks } from './condemn.ts';
import type { Trx } from './database.ts';

export interface DiskPlace {
  readonly image: string;
  readonly index: number;
}

/**
 * Makes a pending manifest, whose chunk ids are keyed with the named account's key unless it is of an encrypted disk, and lets the
 * disk refer to it.
 */
export async function attachPendingManifest(
  trx: Trx,
  disk: DiskPlace,
  manifest: { id: string; region: number; size: number; chunkAccountId: string; dataKey?: string },
): Promise<void> {
  const { id, region, size, chunkAccountId, dataKey = null } = manifest;
  await trx
    .insertInto('manifests')
    .values({ id, region, size, state: 'pending', chunk_account: chunkAccountId, data_key: dataKey })
    .execute();
  await trx
    .updateTable('disks')
    .set({ manifest: id })
    .where('image', '=', disk.image)
    .where('index', '=', disk.index)
    .execute();
}

/** Takes the disk's pending manifest away; returns it, for `condemnUnused`. */
export async function detachManifest(trx: Trx, disk: DiskPlace): Promise<string | null> {
  const row = await trx
    .selectFrom('disks')
    .select('manifest')
    .where('image', '=', disk.image)
    .where('index', '=', disk.index)
    .executeTakeFirst();
  await trx
    .updateTable('disks')
    .set({ manifest: null })
    .where('image', '=', disk.image)
    .where('index', '=', disk.index)
    .execute();
  return row?.manifest ?? null;
}

/**
 * Makes a pending manifest live (part of W3) and condemns the packs that an attempt reserved for it and never committed.
 * False when the manifest is not pending any more.
 */
export async function makeManifestLive(
  trx: Trx,
  id: string,
  summary: { readonly root: Uint8Array; readonly digest: Uint8Array; readonly dataBytes: number },
  now: number,
): Promise<boolean> {
  const updated = await trx
    .updateTable('manifests')
    .set({
      state: 'live',
      root: Buffer.from(summary.root),
      digest: Buffer.from(summary.digest),
      data_bytes: summary.dataBytes,
    })
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .executeTakeFirst();
  await trx
    .updateTable('packs')
    .set({ published: true })
    .where('published', '=', false)
    .where('number', 'in', (packs) => packs.selectFrom('manifest_packs').select('pack').where('manifest', '=', id))
    .execute();
  const reserved = await trx.selectFrom('packs').select('number').where('reserved_for', '=', id).execute();
  await condemnPacks(
    trx,
    reserved.map(({ number }) => number),
    now,
  );
  return updated.numUpdatedRows === 1n;
}
