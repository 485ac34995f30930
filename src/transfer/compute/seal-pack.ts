import { toHex } from '../../lib/hex.ts';
import { hash } from '../../store/hash.ts';
import { writePackTrailer } from '../../store/pack-format.ts';
import type { OpenPack } from './open-pack.ts';

export interface SealPackTask {
  readonly pack: OpenPack;
  readonly entries: Uint8Array<ArrayBuffer>;
}

export interface SealedPack {
  /** The pack's whole buffer, of which the first `length` bytes are the pack. */
  readonly bytes: Uint8Array;
  readonly length: number;
  /** The hash of the pack's bytes, in hexadecimal. */
  readonly name: string;
}

/** Writes index and footer and names the pack. */
export function sealPack({ pack, entries }: SealPackTask): SealedPack {
  const length = writePackTrailer(pack.bytes, pack.used, entries);
  return { bytes: pack.bytes, length, name: toHex(hash(pack.bytes.subarray(0, length))) };
}
