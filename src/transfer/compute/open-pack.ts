/** A pack that is being filled, by one task at a time. */
import type { PackEntry } from '../../store/chunk-index.ts';
import { packEntryBytes, writePackEntry } from '../../store/pack-format.ts';

export interface OpenPack {
  /** A shared buffer. */
  readonly bytes: Uint8Array;
  /** Bytes of header and frames so far. */
  readonly used: number;
  /** How many frames that is; each will take an entry in the trailer. */
  readonly frames: number;
}

/** What the pack would measure, footer aside, if it were sealed now. */
export function packSize(pack: OpenPack): number {
  return pack.used + pack.frames * packEntryBytes;
}

/** What a task added to a pack. */
export interface Appended {
  readonly pack: OpenPack;
  /** Index entries of the new frames, as they will stand in the pack's trailer. */
  readonly entries: Uint8Array<ArrayBuffer>;
}

/** The pack after `entries` were written into it up to `used`. */
export function appendedTo(pack: OpenPack, used: number, entries: readonly PackEntry[]): Appended {
  const bytes = new Uint8Array(entries.length * packEntryBytes);
  entries.forEach((entry, index) => {
    writePackEntry(entry, bytes, index * packEntryBytes);
  });
  return { pack: { bytes: pack.bytes, used, frames: pack.frames + entries.length }, entries: bytes };
}
