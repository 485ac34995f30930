/**
 * What an upload has stored so far, segment by segment: enough to write the disk's manifest, however often the upload was cut
 * off and resumed. The contract is here, beside the manifest that is made of it; PostgreSQL implements it in
 * `src/db/segment-log.ts`.
 */

/** A segment as it was cut, or a hole of one or more whole segments, which has no chunk and no digest. */
export interface LoggedSegment {
  /** Where it lies on the disk. */
  readonly position: number;
  readonly length: number;
  /** Start and end of each chunk in the segment, in order; what lies between chunks is zeros. */
  readonly bounds: Int32Array;
  /** The chunks' ids, one after the other. */
  readonly ids: Uint8Array;
  /** The digests of the segment's blocks, one after the other; sealed where the disk is encrypted. */
  readonly digests: Uint8Array;
}

export interface SegmentLog {
  /**
   * Adds the disk's next segments. Only those whose chunks are durable and tied to the manifest (W1, W2): whoever resumes
   * the upload relies on every chunk in the log. Throws `ManifestGoneError` when the upload has ended or is another's now.
   */
  append(segments: readonly LoggedSegment[]): Promise<void>;
  /** All of them, in order. */
  segments(): AsyncIterable<LoggedSegment>;
}
