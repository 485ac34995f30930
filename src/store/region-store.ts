/** One region's medium and index together, and the names under which things lie in it. */
import type { BlobStore } from './blob-store.ts';
import type { ChunkIndex } from './chunk-index.ts';

export interface RegionStore {
  readonly region: string;
  readonly blobs: BlobStore;
  readonly index: ChunkIndex;
}

/** `packs/<first two digits>/<name>`; the middle folder keeps a directory at 1/256 of the packs. */
export function packKey(name: string): string {
  return `packs/${name.slice(0, 2)}/${name}`;
}

export function manifestKey(manifestId: string): string {
  return `manifests/${manifestId}`;
}
