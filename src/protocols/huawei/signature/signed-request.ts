/** A request as its signature is made of it: nothing in it has been decoded, so that nothing is lost. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, exactly as sent. */
  readonly url: string;
  /** By names in lower case, as `readHeaders` has them: each byte a character (Latin-1). */
  readonly headers: ReadonlyMap<string, string>;
  /** The bytes that came; null: they are streamed, and whoever reads them has to hash them. */
  readonly body: Uint8Array | null;
}
