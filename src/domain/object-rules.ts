/** What buckets, objects and the parts of one must keep to: the rules that S3 and those who speak like it have in common. */
import { invalid } from './field-rules.ts';
import type { Disk, DiskFormat } from './image.ts';

const MiB = 1024 * 1024;

/** 5 TiB: no object may be larger. */
export const mostObjectBytes = 5 * 1024 * 1024 * MiB;
/** An object has so many parts at most. */
const mostParts = 10_000;
const leastPartBytes = 8 * MiB;
/** Of a part; two of them are in memory for each export that runs. */
const mostPartBytes = 64 * MiB;
/** 625 GiB: no disk of more is exported. */
export const mostExportBytes = mostParts * mostPartBytes;

export function checkBucketName(bucket: string): void {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) || bucket.includes('..')) {
    throw invalid('bucket', 'must have 3 to 63 lower-case letters, digits, dots and hyphens');
  }
  // Amazon's aliases of what is no bucket: its SDK sends requests for some of them to hosts of Amazon's, whatever the endpoint.
  if (/--[a-z0-9]+-s3$|-s3alias$|\.mrap$/.test(bucket))
    throw invalid('bucket', 'must not end as an alias of Amazon does');
}

/** No `.` and `..` between slashes: what stands between here and the store may take them for steps in a path. */
export function checkObjectName(object: string): void {
  if (object.length < 1 || new TextEncoder().encode(object).length > 1024 || !object.isWellFormed()) {
    throw invalid('object', 'must have 1 to 1024 bytes of UTF-8');
  }
  if (/\p{Cc}/u.test(object) || object.split('/').some((part) => part === '.' || part === '..')) {
    throw invalid('object', 'must have neither control characters nor "." or ".." between its slashes');
  }
}

/** What the names of an export's objects begin with. */
export function checkObjectPrefix(prefix: string): void {
  if (!/^[\w./-]{1,256}$/.test(prefix)) throw invalid('prefix', 'must have 1 to 256 letters, digits and any of ._-/');
  checkObjectName(prefix);
}

/** `<prefix>_<image>_system.<format>`; data disks are `data_1` and so on. `id`: of the image. */
export function exportName(
  prefix: string,
  id: string,
  disks: readonly Pick<Disk, 'index' | 'role'>[],
  { index, role, format }: Pick<Disk, 'index' | 'role' | 'format'>,
): string {
  const number = disks.filter((disk) => disk.role === 'data' && disk.index <= index).length;
  return `${prefix}_${id}_${role === 'system' ? 'system' : `data_${number}`}.${format satisfies DiskFormat | null}`;
}

/** Bytes of each part but the last of an export of `size` bytes: the fewest whole MiB with which it has not too many. */
export function partBytes(size: number): number {
  return Math.max(leastPartBytes, Math.ceil(size / mostParts / MiB) * MiB);
}
