/** Ids that Mimeo hands out. Randomness comes in, so that tests can say what they get. */
import type { ImageIds, Snapshot } from './image.ts';

/** Fills a new buffer of `length` bytes with random bytes (`crypto.randomBytes` in production). */
export type RandomBytes = (length: number) => Uint8Array;

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
/** The largest multiple of 36 in a byte: bytes at or above it are thrown away, so every letter is equally likely. */
const unbiased = 252;

function word(length: number, random: RandomBytes): string {
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

export function newSnapshot(random: RandomBytes): Snapshot {
  return { id: newUuid(random), aliyunId: `s-${word(20, random)}`, jdcloudId: `snapshot-${word(10, random)}` };
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}
