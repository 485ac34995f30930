import type { DiskFormat, DiskRole } from '../../domain/image.ts';
import { checkBucketName, checkObjectName, mostObjectBytes } from '../../domain/object-rules.ts';
import { RefusalError } from '../../domain/refusal.ts';
import type { ObjectFacts } from '../../objects/object-store.ts';
import type { AppContext } from '../context.ts';
import { askObjectStore } from './ask-object-store.ts';

export interface ImportedDisk {
  readonly bucket: string;
  readonly object: string;
  readonly role: DiskRole;
  readonly format: DiskFormat | null;
  /** Bytes that the disk measures to a machine; null: not said. A raw disk's object has no more. */
  readonly size: number | null;
  /** Bytes that the object may have, where a dialect allows fewer than object stores do. */
  readonly most?: number | undefined;
}

/** What can be refused of disks without asking for their objects. */
export function checkPlaces(disks: readonly Pick<ImportedDisk, 'bucket' | 'object'>[]): void {
  for (const { bucket, object } of disks) {
    checkBucketName(bucket);
    checkObjectName(object);
  }
}

/** Looks at the objects that disks are to be imported from; refuses one that is empty or too large. */
export async function findObjects(
  context: Pick<AppContext, 'objects' | 'logger'>,
  disks: readonly ImportedDisk[],
): Promise<readonly ObjectFacts[]> {
  return await askObjectStore(context, (store, signal) =>
    Promise.all(
      disks.map(async ({ bucket, object, role, format, size: declared, most = mostObjectBytes }) => {
        const { size, etag } = await store.head({ bucket, object }, signal);
        const limit = format === 'raw' && declared !== null ? Math.min(declared, most) : most;
        if (size >= 1 && size <= limit) return { size, etag };
        throw new RefusalError('object.size', { bucket, object, size, limit, role });
      }),
    ),
  );
}
