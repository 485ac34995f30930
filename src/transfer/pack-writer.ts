/**
 * Fills packs for one manifest and makes them durable. Several lanes write at once, each into a pack of its own. A pack's
 * life here is the order of W1: reserved, its bytes durable, then its chunks named, one transaction each.
 */
import { fromHex, toHex } from '../lib/hex.ts';
import { packKey } from '../store/blob-keys.ts';
import { BlobError } from '../store/blob-store.ts';
import { ManifestGoneError } from '../store/chunk-index.ts';
import { maxFrameBytes } from '../store/frame-format.ts';
import {
  packEntryBytes,
  packFooterBytes,
  packHeaderBytes,
  readPackEntries,
  writePackHeader,
} from '../store/pack-format.ts';
import type { RegionStore } from '../store/region-store.ts';
import { retryBlob } from '../store/retry-blob.ts';
import { type Appended, type OpenPack, packSize } from './compute/open-pack.ts';
import type { ComputePool } from './compute/pool.ts';
import type { TransferSettings } from './settings.ts';

export interface PackWriter {
  /**
   * Those of `ids` (hexadecimal, each once) that the caller has to store: the region lacks them, and no other lane has been
   * told so. W2: the manifest is tied to the packs of those that are there.
   */
  missing(ids: readonly string[]): Promise<string[]>;
  /**
   * Lends a pack to `fill`, again and again, until it says that it has no more; each pack that gets full in between
   * becomes durable before the next is lent. A lent pack has room for one more chunk, or for a stretch of frames that
   * measures `readBytes` with its entries.
   */
  write(fill: (pack: OpenPack) => Promise<{ appended: Appended; more: boolean }>): Promise<void>;
  /** True when no chunk of `ids` is on its way any more: each lies in a pack that is durable and tied to the manifest. */
  isDurable(ids: readonly string[]): boolean;
  /** Makes the packs durable that are not full yet; those that are lent follow when they come back. */
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
  /** How many flushes there had been when it was begun; one that has missed a flush is not filled further. */
  readonly flushes: number;
}

export function createPackWriter(options: PackWriterOptions): PackWriter {
  const { store, manifestId, compute, settings, signal } = options;
  const idle: FillingPack[] = [];
  /** Chunks that a lane looks up or stores, until they are committed. */
  const onTheirWay = new Set<string>();
  let flushes = 0;
  const capacity = packCapacity(settings);

  function newPack(): FillingPack {
    const bytes = compute.buffers.take(capacity);
    writePackHeader(bytes);
    return { open: { bytes, used: packHeaderBytes, frames: 0 }, entries: [], flushes };
  }

  async function makeDurable(pack: FillingPack): Promise<void> {
    const entries = new Uint8Array(Buffer.concat(pack.entries));
    const sealed = await compute.sealPack({ pack: pack.open, entries });
    await store.index.reservePack(manifestId, sealed.name, sealed.length);
    await putPack(packKey(sealed.name), sealed.bytes.subarray(0, sealed.length));
    const named = readPackEntries(entries);
    try {
      await store.index.commitPack(manifestId, sealed.name, named);
    } catch (error) {
      // The manifest went while the bytes were on their way: no row will ever name them.
      if (error instanceof ManifestGoneError) await store.blobs.remove(packKey(sealed.name));
      throw error;
    }
    for (const { id } of named) onTheirWay.delete(toHex(id));
    compute.buffers.give(sealed.bytes);
  }

  async function putPack(key: string, bytes: Uint8Array): Promise<void> {
    try {
      await retryBlob(() => store.blobs.put(key, bytes, { signal }), signal);
    } catch (error) {
      // The salt makes the name new, so only an earlier try, whose answer was lost, can have put it.
      if (!(error instanceof BlobError && error.kind === 'exists')) throw error;
    }
  }

  return {
    async missing(ids) {
      // Claimed first and looked up then: what another lane commits in between is found, and not stored twice.
      const claimed = ids.filter((id) => !onTheirWay.has(id));
      for (const id of claimed) onTheirWay.add(id);
      const present = await store.index.pin(manifestId, claimed.map(fromHex));
      for (const id of present) onTheirWay.delete(id);
      return claimed.filter((id) => !present.has(id));
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
          if (pack.flushes === flushes) idle.push(pack);
          else await makeDurable(pack);
          return;
        }
      }
    },
    isDurable: (ids) => !ids.some((id) => onTheirWay.has(id)),
    async flush() {
      flushes += 1;
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
