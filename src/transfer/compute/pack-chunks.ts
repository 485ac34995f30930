import type { PackEntry } from '../../store/chunk-index.ts';
import { type DiskSealing, frameSealing } from '../../store/disk-keys.ts';
import { writeFrame } from '../../store/frame-format.ts';
import { hashBytes } from '../../store/hash.ts';
import { packEntryBytes } from '../../store/pack-format.ts';
import { type Appended, appendedTo, type OpenPack } from './open-pack.ts';

export interface PackChunksTask {
  readonly segment: Uint8Array;
  readonly bounds: Int32Array<ArrayBuffer>;
  readonly ids: Uint8Array<ArrayBuffer>;
  /** Null where the disk is not encrypted. */
  readonly sealing: DiskSealing | null;
  /** Numbers of the chunks to store, in order. */
  readonly wanted: readonly number[];
  readonly pack: OpenPack;
  /** The pack is full once it measures this many bytes. */
  readonly packBytes: number;
}

export interface PackChunksResult extends Appended {
  /** How many of `wanted` are in the pack now. */
  readonly stored: number;
}

/** Compresses chunks, and seals them if the disk is encrypted, into a pack until all are in it or it is full. */
export function packChunks(task: PackChunksTask): PackChunksResult {
  const { segment, bounds, ids, sealing, wanted, pack } = task;
  const entries: PackEntry[] = [];
  let used = pack.used;
  for (const chunk of wanted) {
    if (used + (pack.frames + entries.length) * packEntryBytes >= task.packBytes) break;
    const id = ids.subarray(chunk * hashBytes, (chunk + 1) * hashBytes);
    const bytes = segment.subarray(bounds[chunk * 2], bounds[chunk * 2 + 1]);
    const length = writeFrame(bytes, pack.bytes, used, frameSealing(sealing, id));
    entries.push({ id, offset: used, length });
    used += length;
  }
  return { stored: entries.length, ...appendedTo(pack, used, entries) };
}
