import type { OpenDataKey } from '../kms/data-key.ts';
import type { DiskKeys } from '../store/disk-keys.ts';

/** The keys of a disk: those of its data key or, where it is not encrypted, `chunkKey` alone. */
export function diskKeysOf(dataKey: OpenDataKey | null, chunkKey: Uint8Array): DiskKeys {
  if (dataKey === null) return { chunkKey, sealing: null };
  const { chunkId, ...sealing } = dataKey;
  return { chunkKey: chunkId, sealing };
}
