/** Lists of copies. */
import { sql } from 'kysely';
import type { Copy } from '../domain/copy.ts';
import type { Principal } from '../domain/principal.ts';
import type { CopyState } from '../domain/states.ts';
import { queuePosition, selectCopies, toCopy } from './copies.ts';
import type { Db, Trx } from './database.ts';
import type { Cursor } from './paging.ts';

export interface CopyFilter {
  readonly states?: readonly CopyState[] | undefined;
  /** Copies from or to this image. */
  readonly image?: string | undefined;
  /** Where they go to. */
  readonly region?: string | undefined;
  readonly request?: string | undefined;
  /** Only into these projects; null: into all. */
  readonly projects: readonly string[] | null;
  readonly descending: boolean;
  readonly after?: Cursor | undefined;
  readonly limit: number;
}

/** A page of the account's copies, by the time they were asked for. */
export async function listCopies(db: Db, accountId: string, filter: CopyFilter): Promise<Copy[]> {
  let query = selectPlaced(db, accountId);
  const { states, image, region, request, projects, after } = filter;
  if (states !== undefined) query = query.where('copies.state', '=', sql<CopyState>`any(${states}::text[])`);
  if (image !== undefined) {
    query = query.where(({ or, eb }) => or([eb('source_image', '=', image), eb('destination_image', '=', image)]));
  }
  if (region !== undefined) query = query.where('destination.id', '=', region);
  if (request !== undefined) query = query.where('copies.request', '=', request);
  if (projects !== null) query = query.where('copies.project', '=', anyOf(projects));
  if (after !== undefined) {
    const beyond = filter.descending ? sql`<` : sql`>`;
    query = query.where(sql<boolean>`(copies.created_at, copies.id) ${beyond} (${after.value}, ${after.id}::uuid)`);
  }
  const direction = filter.descending ? 'desc' : 'asc';
  const rows = await query
    .orderBy('copies.created_at', direction)
    .orderBy('copies.id', direction)
    .limit(filter.limit)
    .execute();
  return rows.map(toCopy);
}

/** The account's copies of these ids, in their order: those that go into one of the projects; null: into any. */
export async function findCopies(
  db: Db | Trx,
  { accountId, projects }: Pick<Principal, 'accountId' | 'projects'>,
  ids: readonly string[],
): Promise<Copy[]> {
  let query = selectCopies(db)
    .select(queuePosition)
    .where('copies.account', '=', accountId)
    .where('copies.id', '=', anyOf(ids));
  if (projects !== null) query = query.where('copies.project', '=', anyOf(projects));
  const rows = await query.orderBy(sql`array_position(${ids}::uuid[], copies.id)`).execute();
  return rows.map(toCopy);
}

/** The account's copies that make these images, as {@link findCopies} has them; of other images there are none. */
export async function findCopiesInto(
  db: Db | Trx,
  { accountId, projects }: Pick<Principal, 'accountId' | 'projects'>,
  images: readonly string[],
): Promise<Copy[]> {
  let query = selectCopies(db)
    .select(queuePosition)
    .where('copies.account', '=', accountId)
    .where('copies.destination_image', '=', anyOf(images));
  if (projects !== null) query = query.where('copies.project', '=', anyOf(projects));
  return (await query.execute()).map(toCopy);
}

/** The places in their queues of those of these copies that wait, by id. */
export async function readPlaces(db: Db, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('copies')
    .select(['copies.id', queuePosition])
    .where('copies.id', '=', anyOf(ids))
    .where('copies.state', '=', 'queued')
    .execute();
  return new Map(rows.flatMap(({ id, queuePosition: place }) => (place === null ? [] : [[id, place]])));
}

/** The account's copies with their places in the queues, which are counted once for all of them. */
function selectPlaced(db: Db, accountId: string) {
  return selectCopies(db)
    .leftJoin(
      (from) =>
        from
          .selectFrom('copies as queued')
          .select('queued.id')
          .select(
            sql<number>`row_number() OVER (PARTITION BY queued.destination_region ORDER BY queued.sequence)`.as(
              'place',
            ),
          )
          .where('queued.account', '=', accountId)
          .where('queued.state', '=', 'queued')
          .where('queued.finished_at', 'is', null)
          .as('waiting'),
      (join) => join.onRef('waiting.id', '=', 'copies.id'),
    )
    .select('waiting.place as queuePosition')
    .where('copies.account', '=', accountId);
}

function anyOf(ids: readonly string[]) {
  return sql<string>`any(${ids}::uuid[])`;
}
