/** Sizes of disks are told in whole GiB, so that there is room for all of the disk. */

export const GiB = 1024 ** 3;

export function inGiB(bytes: number): number {
  return Math.ceil(bytes / GiB);
}
