/** Disks for the acceptance tests, and what can be asked of a file. */
import { createHash, randomBytes } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';

const MiB = 1024 * 1024;

/** A sparse disk of `size` bytes with random data of whole MiB at the given places (in MiB). */
export async function writeSparseDisk(
  path: string,
  size: number,
  places: readonly { at: number; length: number }[],
): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.truncate(size);
    for (const { at, length } of places) {
      for (let block = 0; block < length; block++) await file.write(randomBytes(MiB), 0, MiB, (at + block) * MiB);
    }
  } finally {
    await file.close();
  }
}

/** SHA-256, in hexadecimal. */
export async function digestOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** Bytes that the file takes on its file system, holes left out. */
export async function allocatedBytes(path: string): Promise<number> {
  return (await stat(path)).blocks * 512;
}
