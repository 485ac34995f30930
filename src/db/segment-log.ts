/** The segment log of one attempt of an upload in PostgreSQL. */
import { sql } from 'kysely';
import { ManifestGoneError } from '../store/chunk-index.ts';
import type { LoggedSegment, SegmentLog } from '../store/segment-log.ts';
import type { Db } from './database.ts';

/** Some hundred KiB with the usual segments. */
const segmentsAtOnce = 64;

export function createSegmentLog(db: Db, manifest: string, attempt: number): SegmentLog {
  return {
    async append(segments) {
      const column = (bytesOf: (segment: LoggedSegment) => ArrayBufferView) =>
        segments.map((segment) => {
          const { buffer, byteOffset, byteLength } = bytesOf(segment);
          return Buffer.from(buffer, byteOffset, byteLength);
        });
      // The lock makes whoever ends the upload, or begins a further attempt, wait; afterwards this one finds no row.
      const inserted = await sql`
        INSERT INTO upload_segments (manifest, position, length, bounds, ids, digests)
        SELECT upload.manifest, segment.*
        FROM (
          SELECT manifest FROM uploads WHERE manifest = ${manifest} AND attempt = ${attempt} FOR SHARE
        ) AS upload, unnest(
          ${segments.map(({ position }) => position)}::bigint[],
          ${segments.map(({ length }) => length)}::bigint[],
          ${column(({ bounds }) => bounds)}::bytea[],
          ${column(({ ids }) => ids)}::bytea[],
          ${column(({ digests }) => digests)}::bytea[]
        ) AS segment`.execute(db);
      if (inserted.numAffectedRows !== BigInt(segments.length)) throw new ManifestGoneError(manifest);
    },

    async *segments() {
      for (let from = 0; ; ) {
        const rows = await db
          .selectFrom('upload_segments')
          .select(['position', 'length', 'bounds', 'ids', 'digests'])
          .where('manifest', '=', manifest)
          .where('position', '>=', from)
          .orderBy('position')
          .limit(segmentsAtOnce)
          .execute();
        for (const row of rows) {
          // A copy, because the driver's buffers do not begin where integers may.
          yield { ...row, bounds: new Int32Array(Uint8Array.from(row.bounds).buffer) };
          from = row.position + row.length;
        }
        if (rows.length < segmentsAtOnce) return;
      }
    },
  };
}
