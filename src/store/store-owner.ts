/**
 * Which database a store belongs to. A store without its database holds bytes that no row names, and to a collector of
 * another database all of them would look like garbage: so a store is marked, and no other database may use it.
 */
import { blobPrefixes, ownerKey, ownerPrefix } from './blob-keys.ts';
import { BlobError, type BlobStore } from './blob-store.ts';

/** The store was filled by a server with another database. */
export class ForeignStoreError extends Error {
  constructor(region: string) {
    super(
      `the store of region ${region} belongs to another database, and with this one its images could not be read and their ` +
        'bytes would be removed: restore that database, or move the store away to begin anew',
    );
    this.name = 'ForeignStoreError';
  }
}

/** Marks an empty store with the owner's id, and refuses one that has another mark, or bytes but no mark. */
export async function claimStore(region: string, blobs: BlobStore, owner: string): Promise<void> {
  for await (const { key } of blobs.list(ownerPrefix)) {
    if (key === ownerKey(owner)) return;
    throw new ForeignStoreError(region);
  }
  for (const prefix of blobPrefixes) {
    for await (const _ of blobs.list(prefix)) throw new ForeignStoreError(region);
  }
  try {
    await blobs.put(ownerKey(owner), new Uint8Array(0));
  } catch (error) {
    if (!(error instanceof BlobError && error.kind === 'exists')) throw error;
  }
}
