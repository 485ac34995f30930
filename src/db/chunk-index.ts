/** The chunk index of one region in PostgreSQL. The constraint it leans on is `manifest_packs_pack`. */
import { sql } from 'kysely';
import { fromHex, toHex } from '../lib/hex.ts';
import {
  type ChunkId,
  type ChunkIndex,
  type ChunkLocation,
  ManifestGoneError,
  type PackEntry,
} from '../store/chunk-index.ts';
import { breaksConstraint, type Db, inTransaction, type Trx } from './database.ts';

/** A chunk's row went away between two statements, because its pack was being condemned: the next try stores it anew. */
class ChunkVanishedError extends Error {}

const packCondemned = (error: unknown) =>
  breaksConstraint(error, 'manifest_packs_pack') || error instanceof ChunkVanishedError;

/** `region` is the region's number, see `regions.ts`. */
export function createChunkIndex(db: Db, region: number): ChunkIndex {
  /**
   * Runs `work` while the manifest is pending: the lock makes whoever ends that wait (`condemnUnused`, `makeManifestLive`).
   * It is taken before any pack's, as theirs is.
   */
  async function forManifest<Result>(manifestId: string, work: (trx: Trx) => Promise<Result>): Promise<Result> {
    const locked = async (trx: Trx) => {
      const manifest = trx
        .selectFrom('manifests')
        .select('id')
        .where('id', '=', manifestId)
        .where('state', '=', 'pending');
      if ((await manifest.forShare().executeTakeFirst()) === undefined) throw new ManifestGoneError(manifestId);
      return await work(trx);
    };
    return await inTransaction(db, locked, packCondemned);
  }

  return {
    async pin(manifestId, ids) {
      return await forManifest(manifestId, async (trx) => {
        const found = await trx
          .selectFrom('chunks')
          .select(['id', 'pack'])
          .where('region', '=', region)
          .where('id', '=', anyOf(ids))
          .execute();
        await tie(
          trx,
          manifestId,
          found.map(({ pack }) => pack),
        );
        return new Set(found.map(({ id }) => toHex(id)));
      });
    },

    async reservePack(manifestId, pack, size) {
      // The lock makes this wait for a transaction that ends the manifest's being pending, and then find that it is not.
      const reserved = await sql`
        INSERT INTO packs (region, name, size, state, reserved_for)
        SELECT ${region}, ${Buffer.from(pack, 'hex')}, ${size}, 'reserved', id
        FROM manifests WHERE id = ${manifestId} AND state = 'pending' FOR SHARE`.execute(db);
      if (reserved.numAffectedRows !== 1n) throw new ManifestGoneError(manifestId);
    },

    async commitPack(manifestId, pack, entries) {
      await forManifest(manifestId, async (trx) => {
        const live = await trx
          .updateTable('packs')
          .set({ state: 'live', reserved_for: null })
          .where('region', '=', region)
          .where('name', '=', Buffer.from(pack, 'hex'))
          .where('reserved_for', '=', manifestId)
          .returning('number')
          .executeTakeFirst();
        if (live === undefined) throw new ManifestGoneError(manifestId);
        await nameChunks(trx, region, live.number, entries);
        const ids = entries.map(({ id }) => id);
        const holders = await trx
          .selectFrom('chunks')
          .select('pack')
          .where('region', '=', region)
          .where('id', '=', anyOf(ids))
          .execute();
        if (holders.length !== new Set(ids.map(toHex)).size) throw new ChunkVanishedError();
        await tie(trx, manifestId, [live.number, ...holders.map((holder) => holder.pack)]);
      });
    },

    async locate(ids) {
      const rows = await db
        .selectFrom('chunks')
        .innerJoin('packs', 'packs.number', 'chunks.pack')
        .select(['chunks.id', 'packs.name', 'chunks.position', 'chunks.length'])
        .where('chunks.region', '=', region)
        .where('chunks.id', '=', anyOf(ids))
        .execute();
      return new Map(
        rows.map((row): [string, ChunkLocation] => [
          toHex(row.id),
          { pack: toHex(row.name), offset: row.position, length: row.length },
        ]),
      );
    },
  };
}

/** One array parameter however many ids there are: the statement stays the same, and so does its plan. */
function anyOf(ids: readonly ChunkId[]) {
  return sql<Buffer>`any(${ids.map((id) => Buffer.from(id))}::bytea[])`;
}

/** W2: from its commit on, the packs stay as long as the manifest does. Packs in ascending order, against deadlocks. */
async function tie(trx: Trx, manifest: string, packs: readonly number[]): Promise<void> {
  const ordered = [...new Set(packs)].sort((a, b) => a - b);
  if (ordered.length === 0) return;
  await trx
    .insertInto('manifest_packs')
    .values(ordered.map((pack) => ({ manifest, pack })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** W1: only called once the pack's bytes are durable. Ids in ascending order, against deadlocks of concurrent writers. */
async function nameChunks(trx: Trx, region: number, pack: number, entries: readonly PackEntry[]): Promise<void> {
  const rows = entries.map((entry) => ({ ...entry, hex: toHex(entry.id) })).sort((a, b) => (a.hex < b.hex ? -1 : 1));
  await sql`
    INSERT INTO chunks (region, id, pack, position, length)
    SELECT ${region}::smallint, id, ${pack}::bigint, position, length
    FROM unnest(
      ${rows.map(({ hex }) => Buffer.from(fromHex(hex)))}::bytea[],
      ${rows.map(({ offset }) => offset)}::bigint[],
      ${rows.map(({ length }) => length)}::integer[]
    ) AS new (id, position, length)
    ON CONFLICT DO NOTHING`.execute(trx);
}
