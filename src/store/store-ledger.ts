/**
 * What a region's database knows of blobs that nothing relies on any more (D1). PostgreSQL implements it in
 * `src/db/store-ledger.ts`. Condemned is for good: the constraints let no manifest be tied to a condemned pack.
 */

export interface CondemnedBlob {
  /** The blob's key. */
  readonly key: string;
  /** Bytes, as far as they are known. */
  readonly size: number;
  /** Epoch milliseconds. */
  readonly condemnedAt: number;
  /** Whether it belonged to an image that could be read, so that somebody may be half-way through it. */
  readonly published: boolean;
}

export interface StoreLedger {
  /** Condemned packs and manifests, oldest first. */
  condemned(): Promise<CondemnedBlob[]>;
  /** Deletes the row of a condemned blob whose bytes are gone. */
  forget(key: string): Promise<void>;
  /** Those of `keys` that some row names, in whatever state. */
  known(keys: readonly string[]): Promise<Set<string>>;
}
