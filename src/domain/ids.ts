/** Ids that Mimeo hands out. Randomness comes in, so that tests can say what they get. */
import type { ImageIds, SnapshotIds } from './image.ts';
import type { TaskIds } from './task.ts';

/** Fills a new buffer of `length` bytes with random bytes (`crypto.randomBytes` in production). */
export type RandomBytes = (length: number) => Uint8Array;

const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const digits = '0123456789';

function word(length: number, random: RandomBytes, alphabet = lower + digits): string {
  // The largest multiple of its size in a byte: bytes at or above it are thrown away, so every letter is equally likely.
  const unbiased = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < length) {
    for (const byte of random(length)) {
      if (byte < unbiased && text.length < length) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
}

/** A random UUID (version 4). */
export function newUuid(random: RandomBytes): string {
  const bytes = Uint8Array.from(random(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

export function newImageIds(random: RandomBytes): ImageIds {
  return { id: newUuid(random), aliyunId: `m-${word(20, random)}`, jdcloudId: `img-${word(10, random)}` };
}

export function newSnapshot(random: RandomBytes): SnapshotIds {
  return { id: newUuid(random), aliyunId: `s-${word(20, random)}`, jdcloudId: `snapshot-${word(10, random)}` };
}

export function newTaskIds(random: RandomBytes): TaskIds {
  return { id: newUuid(random), aliyunId: `tsk-${word(20, random)}` };
}

export function newAccessKeyId(random: RandomBytes): string {
  return `MK${word(18, random, upper + digits)}`;
}

/** Of temporary credentials, so that people can tell them from access keys. */
export function newTemporaryKeyId(random: RandomBytes): string {
  return `MT${word(18, random, upper + digits)}`;
}

/** What requests are signed with: 238 bits. */
export function newSecret(random: RandomBytes): string {
  return word(40, random, lower + upper + digits);
}

export function newResourceGroupId(random: RandomBytes): string {
  return `rg-${word(15, random)}`;
}

const leastAccountNumber = 1_000_000_000_000_000;
const accountNumbers = 8_000_000_000_000_000;

/** Sixteen digits, below 2^53. */
export function newAccountNumber(random: RandomBytes): number {
  for (;;) {
    // 53 bits, of which eight in nine are below the count of numbers.
    const number = random(7).reduce((sum, byte, index) => sum * 256 + (index === 0 ? byte & 0x1f : byte), 0);
    if (number < accountNumbers) return leastAccountNumber + number;
  }
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}
