import { type Spool, SpoolError, spool } from '../../lib/spool.ts';

export interface SpoolPlan {
  readonly image: string;
  /** Whose quota it is: an account's, in a region. */
  readonly holder: string;
  /** Bytes that the holder may have; all that its spools keep at once is no more. */
  readonly limit: number;
  /** What is left of them, read just now. */
  readonly free: number;
  /** Bytes that count as used for the image already. */
  readonly announced: number;
  /** Bytes; of more than these it is `too-large` in any case. */
  readonly most: number;
}

/** One that is going on. */
export interface Spooling {
  /** Takes all that the source brings; `too-large` once the holder's spools together are more than is free. */
  take(source: AsyncIterable<Uint8Array>): Promise<Spool>;
  /** Its bytes count as used from now on, and no more as spooled. */
  charge(): void;
  end(): void;
}

/** Counts what is spooled, which no quota knows of until it is announced. */
export interface Spools {
  /** Begins one, unless another of the image is going on. */
  begin(plan: SpoolPlan): Spooling | undefined;
}

/** Left free for the database, which may lie on the same file system. */
const reserve = 1024 ** 3;

interface Holder {
  limit: number;
  /** As it was last read, less what was charged since. */
  free: number;
  /** Bytes spooled beyond what was announced. */
  held: number;
  /** All bytes spooled: what was announced counts no more once its image is deleted, and is spooled still. */
  kept: number;
  spools: number;
}

/** Spools of this process, whose files lie in the folder. */
export function createSpools(folder: string): Spools {
  const images = new Set<string>();
  const holders = new Map<string, Holder>();
  return {
    begin({ image, holder: name, limit, free, announced, most }) {
      if (images.has(image)) return undefined;
      images.add(image);
      const holder = holders.get(name) ?? { limit, free, held: 0, kept: 0, spools: 0 };
      holders.set(name, holder);
      holder.limit = limit;
      holder.free = free;
      holder.spools += 1;
      let size = 0;
      let held = 0;
      async function* counted(source: AsyncIterable<Uint8Array>) {
        for await (const bytes of source) {
          const more = Math.max(0, size + bytes.length - announced) - held;
          const isFree = more === 0 || holder.held + more <= holder.free;
          if (!isFree || holder.kept + bytes.length > holder.limit) throw new SpoolError('too-large');
          size += bytes.length;
          holder.kept += bytes.length;
          held += more;
          holder.held += more;
          yield bytes;
        }
      }
      function release(): void {
        holder.held -= held;
        held = 0;
      }
      return {
        take: (source) => spool(counted(source), { folder, most, reserve }),
        charge() {
          release();
          holder.free -= size - announced;
        },
        end() {
          release();
          holder.kept -= size;
          images.delete(image);
          holder.spools -= 1;
          if (holder.spools === 0) holders.delete(name);
        },
      };
    },
  };
}
