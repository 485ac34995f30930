import type { DiskRow } from '../db/disks.ts';
import type { Upload } from '../db/uploads.ts';
import type { Copy } from '../domain/copy.ts';
import { isRekeyed } from '../domain/copy-policy.ts';
import type { ManifestSummary } from '../store/manifest-format.ts';

/** A disk that is stored under other keys, and the log that it was written from. */
export interface RekeyedDisk {
  readonly upload: Upload;
  readonly summary: ManifestSummary;
}

/**
 * How a disk of the copy comes to be: as one that refers to its source's bytes, as these bytes in another region, or as the same
 * disk stored anew under other keys. No key reaches into another region, so nothing encrypted is only moved there.
 */
export function wayOf(
  { sourceRegion, destinationRegion, encryption }: Copy,
  { dataKey }: Pick<DiskRow, 'dataKey'>,
): 'share' | 'move' | 'rekey' {
  const isInRegion = sourceRegion === destinationRegion;
  if (isRekeyed(encryption, dataKey?.key ?? null)) return 'rekey';
  return isInRegion ? 'share' : 'move';
}
