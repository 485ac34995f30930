/** Looks for many byte strings in one pass. */

export interface Needle<Of> {
  /** Eleven at least. */
  readonly bytes: Buffer;
  readonly of: Of;
}

interface Window<Of> extends Needle<Of> {
  /** Where in the needle it begins. */
  readonly offset: number;
}

/** Of a haystack every eighth position is looked at, so that eight windows of each needle have to be known: one of them is there. */
const stride = 8;
const windowBytes = 4;

/** 2^20 marks: of a thousand needles less than one window in a hundred is looked at twice. */
const markBits = 20;

/** The function says whose needles are in a haystack, in a time that does not depend on how many there are. */
export function createSearch<Of>(needles: Iterable<Needle<Of>>): (haystack: Buffer) => Set<Of> {
  const marks = new Uint8Array(1 << markBits);
  const windows = new Map<number, Window<Of>[]>();
  for (const needle of needles) {
    for (let offset = 0; offset < stride; offset++) {
      const word = needle.bytes.readInt32LE(offset);
      const window = { ...needle, offset };
      marks[markOf(word)] = 1;
      const same = windows.get(word);
      if (same === undefined) windows.set(word, [window]);
      else same.push(window);
    }
  }

  return (haystack) => {
    const found = new Set<Of>();
    const words = new DataView(haystack.buffer, haystack.byteOffset, haystack.length);
    for (let at = 0; at + windowBytes <= haystack.length; at += stride) {
      const word = words.getInt32(at, true);
      if (marks[markOf(word)] === 0) continue;
      for (const { bytes, of, offset } of windows.get(word) ?? []) {
        if (isAt(haystack, at - offset, bytes)) found.add(of);
      }
    }
    return found;
  };
}

function markOf(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> (32 - markBits);
}

function isAt(haystack: Uint8Array, start: number, bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length; index++) if (haystack[start + index] !== bytes[index]) return false;
  return true;
}
