/**
 * Fills packs for one manifest and makes them durable. Several lanes write at once, each into a pack of its own. A pack's
 * life here is the order of W1: reserved, its bytes durable, then its chunks named, one transaction each.
 */
import { randomBytes } from 'node:crypto';
import { toHex } from '../lib/hex.ts';
import { maxFrameBytes } from '../store/frame-format.ts';
import { packEntryBytes, packFooterBytes, packHeaderBytes, readPackEntries, writePackHeader } from '../store/pack-format.ts';
import { packKey, type RegionStore } from '../store/region-store.ts';
import { type Appended, type OpenPack, packSize } from './compute/open-pack.ts';
import type { ComputePool } from './compute/pool.ts';
import type { TransferSettings } from './settings.ts';

export interface PackWriter {
  /** Those of `ids` (hexadecimal) that are not on their way into a pack already; they are now. */
  claim(ids: Iterable<string>): string[];
  /**
   * Lends a pack to `fill`, again and again, until it says that it has no more; each pack that gets full in between
   * becomes durable before the next is lent. A lent pack has room for one more chunk, or for a stretch of frames that
   * measures `readBytes` with its entries.
   */
  write(fill: (pack: OpenPack) => Promise<{ appended: Appended; more: boolean }>): Promise<void>;
  /** Makes the packs durable that are not full yet. */
  flush(): Promise<void>;
}

export interface PackWriterOptions {
  readonly store: RegionStore;
  readonly manifestId: string;
  readonly compute: ComputePool;
  readonly settings: TransferSettings;
  readonly signal: AbortSignal;
}

interface FillingPack {
  open: OpenPack;
  entries: Uint8Array<ArrayBuffer>[];
}

export function createPackWriter(options: PackWriterOptions): PackWriter {
  const { store, manifestId, compute, settings, signal } = options;
  const idle: FillingPack[] = [];
  const spare: Uint8Array<ArrayBuffer>[] = [];
  const onTheirWay = new Set<string>();
  const capacity = packCapacity(settings);

  function newPack(): FillingPack {
    const bytes = spare.pop() ?? new Uint8Array(capacity);
    writePackHeader(bytes, randomBytes(16));
    return { open: { bytes, used: packHeaderBytes, frames: 0 }, entries: [] };
  }

  async function makeDurable(pack: FillingPack): Promise<void> {
    const entries = new Uint8Array(Buffer.concat(pack.entries));
    const sealed = await compute.sealPack({ pack: pack.open, entries });
    await store.index.reservePack(manifestId, sealed.name, sealed.length);
    await store.blobs.put(packKey(sealed.name), sealed.bytes.subarray(0, sealed.length), { signal });
    const named = readPackEntries(entries);
    await store.index.commitPack(manifestId, sealed.name, named);
    for (const { id } of named) onTheirWay.delete(toHex(id));
    spare.push(sealed.bytes);
  }

  return {
    claim(ids) {
      const claimed: string[] = [];
      for (const id of ids) {
        if (onTheirWay.has(id)) continue;
        onTheirWay.add(id);
        claimed.push(id);
      }
      return claimed;
    },
    async write(fill) {
      let pack = idle.pop() ?? newPack();
      for (;;) {
        signal.throwIfAborted();
        const { appended, more } = await fill(pack.open);
        pack.open = appended.pack;
        pack.entries.push(appended.entries);
        if (packSize(pack.open) >= settings.packBytes) {
          await makeDurable(pack);
          if (!more) return;
          pack = newPack();
        } else if (!more) {
          idle.push(pack);
          return;
        }
      }
    },
    async flush() {
      for (let pack = idle.pop(); pack !== undefined; pack = idle.pop()) {
        if (pack.entries.some((entries) => entries.length > 0)) await makeDurable(pack);
      }
    },
  };
}

/**
 * Room for a pack that is all but full and what may still come into it: one chunk, or a stretch of frames that was fetched
 * together, either with its entries.
 */
function packCapacity({ packBytes, readBytes, cut }: TransferSettings): number {
  const last = Math.max(readBytes, maxFrameBytes(cut.maxChunk) + packEntryBytes);
  return packHeaderBytes + packBytes + last + packFooterBytes;
}
