/** A disk that lies in a region, as the data plane needs to know it, and the opening of its manifest. */
import { DamageError } from '../domain/failure.ts';
import { BlobError } from '../store/blob-store.ts';
import type { DiskKeys } from '../store/disk-keys.ts';
import { ManifestError } from '../store/manifest-format.ts';
import { type ManifestReader, openManifest } from '../store/manifest-reader.ts';
import type { RegionStore } from '../store/region-store.ts';

export interface StoredDisk {
  readonly store: RegionStore;
  readonly manifestId: string;
  /** The manifest's root, as the database remembers it. */
  readonly root: Uint8Array;
  readonly keys: DiskKeys;
  /** What messages call the disk. */
  readonly image: string;
  readonly disk: number;
}

function isDamage(error: unknown): boolean {
  if (error instanceof ManifestError) return true;
  return error instanceof BlobError && (error.kind === 'not-found' || error.kind === 'out-of-range');
}

/** Runs what reads the manifest; a manifest that does not verify is damage at the disk's start, for nothing can be given. */
export async function openStoredDisk(disk: StoredDisk, signal: AbortSignal): Promise<ManifestReader> {
  const damage = (error: unknown) => {
    if (!isDamage(error)) return error;
    return new DamageError({ image: disk.image, disk: disk.disk, offset: 0, what: 'its manifest' }, { cause: error });
  };
  try {
    const { sealing } = disk.keys;
    const manifest = await openManifest(disk.store.blobs, disk.manifestId, disk.root, { sealing, signal });
    return {
      ...manifest,
      async *pages(signal) {
        try {
          yield* manifest.pages(signal);
        } catch (error) {
          throw damage(error);
        }
      },
    };
  } catch (error) {
    throw damage(error);
  }
}

/** The damage of the chunk that belongs at `offset` of the disk. */
export function chunkDamage(disk: StoredDisk, offset: number): DamageError {
  return new DamageError({ image: disk.image, disk: disk.disk, offset, what: 'a chunk' });
}
