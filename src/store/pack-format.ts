/**
 * Packs (docs/formats.md, "Pack"): a header with a salt, frames, an index of the frames, a footer. With the index in the
 * pack itself, a lost database can be rebuilt from the store alone.
 */
import { randomBytes } from 'node:crypto';
import type { PackEntry } from './chunk-index.ts';
import { hash, hashBytes } from './hash.ts';

const headerMagic = Buffer.from('MIMEOPK1');
const footerMagic = Buffer.from('MIMEOPKE');

export const packHeaderBytes = 32;
export const packEntryBytes = 48;
export const packFooterBytes = 64;
const saltBytes = 16;

/** A pack's own bytes contradict each other. */
export class PackError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PackError';
  }
}

/**
 * Writes the header at the start of `target`. The salt makes every pack's name new: a pack that is written again with the
 * same chunks can never meet the name of one that is being removed (D1).
 */
export function writePackHeader(target: Uint8Array, salt: Uint8Array = randomBytes(saltBytes)): void {
  target.fill(0, 0, packHeaderBytes);
  target.set(headerMagic, 0);
  target.set(salt.subarray(0, saltBytes), 16);
}

/** Writes one index entry into `target` at `offset`. */
export function writePackEntry(entry: PackEntry, target: Uint8Array, offset: number): void {
  const view = new DataView(target.buffer, target.byteOffset + offset, packEntryBytes);
  target.set(entry.id, offset);
  view.setBigUint64(32, BigInt(entry.offset), true);
  view.setUint32(40, entry.length, true);
  view.setUint32(44, 0, true);
}

/** Reads index entries that lie one after the other. */
export function readPackEntries(bytes: Uint8Array): PackEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: PackEntry[] = [];
  for (let at = 0; at < bytes.length; at += packEntryBytes) {
    entries.push({
      id: bytes.subarray(at, at + hashBytes),
      offset: Number(view.getBigUint64(at + 32, true)),
      length: view.getUint32(at + 40, true),
    });
  }
  return entries;
}

/** Writes index and footer behind the frames, which end at `framesEnd`; returns the pack's length. */
export function writePackTrailer(target: Uint8Array, framesEnd: number, entries: Uint8Array): number {
  target.set(entries, framesEnd);
  const footer = framesEnd + entries.length;
  target.fill(0, footer, footer + packFooterBytes);
  target.set(footerMagic, footer);
  const view = new DataView(target.buffer, target.byteOffset + footer, packFooterBytes);
  view.setBigUint64(8, BigInt(framesEnd), true);
  view.setUint32(16, entries.length / packEntryBytes, true);
  target.set(hash(entries), footer + 24);
  return footer + packFooterBytes;
}

/** Reads the index of a whole pack and checks that it is one; frames are checked when they are read (R1). */
export function readPackIndex(pack: Uint8Array): PackEntry[] {
  const footer = pack.length - packFooterBytes;
  if (footer < packHeaderBytes) throw new PackError('pack is shorter than header and footer');
  if (headerMagic.compare(pack, 0, 8) !== 0) throw new PackError('pack has an unknown header');
  if (footerMagic.compare(pack, footer, footer + 8) !== 0) throw new PackError('pack has an unknown footer');
  const view = new DataView(pack.buffer, pack.byteOffset + footer, packFooterBytes);
  const framesEnd = Number(view.getBigUint64(8, true));
  const length = view.getUint32(16, true) * packEntryBytes;
  if (framesEnd < packHeaderBytes || framesEnd + length !== footer) throw new PackError('pack index is out of place');
  const entries = pack.subarray(framesEnd, footer);
  const expected = pack.subarray(footer + 24, footer + 24 + hashBytes);
  if (Buffer.compare(hash(entries), expected) !== 0) throw new PackError('pack index does not match its hash');
  const places = readPackEntries(entries);
  const inside = places.every(({ offset, length }) => offset >= packHeaderBytes && offset + length <= framesEnd);
  if (!inside) throw new PackError('pack index points outside of the frames');
  return places;
}
