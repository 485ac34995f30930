export const GiB = 1024 ** 3;

/** Whole ones, so that there is room for all of the bytes. */
export function inGiB(bytes: number): number {
  return Math.ceil(bytes / GiB);
}
