/** One region's medium and index together. */
import type { BlobStore } from './blob-store.ts';
import type { ChunkIndex } from './chunk-index.ts';

export interface RegionStore {
  readonly region: string;
  readonly blobs: BlobStore;
  readonly index: ChunkIndex;
}
