import { randomUUID } from 'node:crypto';
import { toHex } from '../lib/hex.ts';
import { type ChunkIndex, type ChunkLocation, ManifestGoneError, type PackEntry } from './chunk-index.ts';

/** A chunk index for tests, which shows what it holds. */
export interface MemoryIndex extends ChunkIndex {
  /** Makes a pending manifest and returns its id. */
  newManifest(): string;
  /** Drops a manifest, and condemns the packs that nothing is tied to any more (D1). */
  dropManifest(id: string): void;
  /** Names of the packs a manifest is tied to. */
  tiesOf(manifestId: string): readonly string[];
  /** Committed packs, by name. */
  packs(): ReadonlyMap<string, readonly PackEntry[]>;
  /** How many chunks have a place. */
  chunkCount(): number;
}

interface Pack {
  /** The manifest whose writer reserved it; null once it is committed. */
  reservedFor: string | null;
  entries: readonly PackEntry[];
}

export function createMemoryIndex(): MemoryIndex {
  const ties = new Map<string, Set<string>>();
  const packs = new Map<string, Pack>();
  const chunks = new Map<string, ChunkLocation>();

  function tiesOf(manifestId: string): Set<string> {
    const tied = ties.get(manifestId);
    if (tied === undefined) throw new ManifestGoneError(manifestId);
    return tied;
  }

  function condemn(name: string): void {
    packs.delete(name);
    for (const [id, { pack }] of chunks) if (pack === name) chunks.delete(id);
  }

  return {
    async pin(manifestId, ids) {
      const tied = tiesOf(manifestId);
      const found = new Set<string>();
      for (const id of ids.map(toHex)) {
        const location = chunks.get(id);
        if (location === undefined) continue;
        tied.add(location.pack);
        found.add(id);
      }
      return found;
    },

    async reservePack(manifestId, pack) {
      tiesOf(manifestId);
      if (packs.has(pack)) throw new Error(`there is a pack ${pack} already`);
      packs.set(pack, { reservedFor: manifestId, entries: [] });
    },

    async commitPack(manifestId, name, entries) {
      const tied = tiesOf(manifestId);
      const pack = packs.get(name);
      if (pack?.reservedFor !== manifestId) throw new ManifestGoneError(manifestId);
      // The ids may be views of memory that is used again.
      Object.assign(pack, { reservedFor: null, entries: entries.map((entry) => ({ ...entry, id: entry.id.slice() })) });
      tied.add(name);
      for (const { id, offset, length } of entries) {
        const holder = chunks.get(toHex(id));
        if (holder === undefined) chunks.set(toHex(id), { pack: name, offset, length });
        else tied.add(holder.pack);
      }
    },

    async locate(ids) {
      const located = new Map<string, ChunkLocation>();
      for (const id of ids.map(toHex)) {
        const location = chunks.get(id);
        if (location !== undefined) located.set(id, location);
      }
      return located;
    },

    newManifest() {
      const id = randomUUID();
      ties.set(id, new Set());
      return id;
    },

    dropManifest(manifestId) {
      const candidates = new Set(ties.get(manifestId));
      for (const [name, { reservedFor }] of packs) if (reservedFor === manifestId) candidates.add(name);
      ties.delete(manifestId);
      for (const name of candidates) {
        if (![...ties.values()].some((tied) => tied.has(name))) condemn(name);
      }
    },

    tiesOf: (manifestId) => [...tiesOf(manifestId)].sort(),
    packs: () =>
      new Map([...packs].filter(([, pack]) => pack.reservedFor === null).map(([name, { entries }]) => [name, entries])),
    chunkCount: () => chunks.size,
  };
}
