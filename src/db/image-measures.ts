/** Conditions on an image's disks: what they measure together, and the first one's format. */
import { type Expression, type SqlBool, sql } from 'kysely';
import type { DiskFormat } from '../domain/image.ts';

export interface ImageMeasures {
  /** The first disk's. */
  readonly format?: DiskFormat | undefined;
  /** Bytes of all disks, both inclusive. */
  readonly sizeLeast?: number | undefined;
  readonly sizeMost?: number | undefined;
  /** What a machine made from it needs (`minDiskOf`). */
  readonly minDiskGiB?: number | undefined;
}

export const totalSize = sql<number>`(SELECT coalesce(sum(size), 0)::bigint FROM disks WHERE disks.image = images.id)`;
const first = sql`FROM disks WHERE disks.image = images.id AND disks.index = 0`;
export const firstFormat = sql<DiskFormat | null>`(SELECT format ${first})`;

/** As `minDiskOf` has it. */
const minDisk = sql<number>`coalesce((images.attributes ->> 'minDiskGiB')::bigint,
  greatest(1, ceil((SELECT size ${first})::numeric / 1073741824)::bigint))`;

export function measured({ format, sizeLeast, sizeMost, minDiskGiB }: ImageMeasures): Expression<SqlBool>[] {
  return [
    ...(format === undefined ? [] : [sql<boolean>`${firstFormat} = ${format}`]),
    ...(sizeLeast === undefined ? [] : [sql<boolean>`${totalSize} >= ${sizeLeast}::bigint`]),
    ...(sizeMost === undefined ? [] : [sql<boolean>`${totalSize} <= ${sizeMost}::bigint`]),
    ...(minDiskGiB === undefined ? [] : [sql<boolean>`${minDisk} = ${minDiskGiB}::bigint`]),
  ];
}
