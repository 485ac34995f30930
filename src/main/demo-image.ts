/** A disk to try Mimeo with, for those who have none at hand. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

const MiB = 1024 * 1024;
const size = 1024 * MiB;

/** Where there is data; the rest are holes. */
const extents = [
  { offset: 0, length: 2 * MiB, text: false },
  { offset: 64 * MiB, length: 48 * MiB, text: true },
  { offset: 300 * MiB, length: 64 * MiB, text: false },
  { offset: 700 * MiB, length: 32 * MiB, text: true },
  { offset: size - MiB, length: MiB, text: false },
];

/** Writes a sparse raw disk of 1 GiB: an MBR, text that compresses well, and bytes that do not. The same bytes every time. */
export async function makeDemoImage(path: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.truncate(size);
    for (const { offset, length, text } of extents) {
      for (let at = 0; at < length; at += MiB) {
        const block = text ? textBlock(offset + at) : noiseBlock(offset + at);
        await file.write(block, 0, block.length, offset + at);
      }
    }
    // The signature of a master boot record, so that tools take the file for what it plays.
    await file.write(Buffer.from([0x55, 0xaa]), 0, 2, 510);
  } finally {
    await file.close();
  }
}

function noiseBlock(seed: number): Buffer {
  return createHash('shake256', { outputLength: MiB }).update(`mimeo demo ${seed}`).digest();
}

function textBlock(seed: number): Buffer {
  let text = '';
  for (let line = 0; text.length < MiB; line++)
    text += `Nov 21 00:00:00 demo kernel: [${seed + line}] an unremarkable line ${line}\n`;
  return Buffer.from(text).subarray(0, MiB);
}
