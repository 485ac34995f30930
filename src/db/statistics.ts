/** What `/metrics` asks the database. How often is for the caller to bound: two of these read whole tables. */
import { sql } from 'kysely';
import type { CopyStatistics, StoreStatistics, WorkStatistics } from '../telemetry/statistics.ts';
import type { Db } from './database.ts';

/** Reads every copy that there ever was: 0.2 s for half a million. */
export async function readCopyStatistics(db: Db, namedAccounts: number): Promise<CopyStatistics> {
  const { rows } = await sql<{ account: string; state: string; count: number; moved: number; saved: number }>`
    WITH counts AS (
      SELECT account, state, count(*) AS count, sum(bytes_moved) AS moved,
             -- One that has not succeeded says nothing yet; one that was tried again may have moved more than there is.
             sum(CASE state WHEN 'succeeded' THEN greatest(0, bytes_total - bytes_moved) ELSE 0 END) AS saved
      FROM copies GROUP BY account, state
    ), places AS (
      SELECT account, row_number() OVER (
        ORDER BY coalesce(sum(count) FILTER (WHERE state IN ('queued', 'running')), 0) DESC, sum(count) DESC, account
      ) AS place
      FROM counts GROUP BY account
    )
    SELECT CASE WHEN p.place <= ${namedAccounts} THEN a.name ELSE 'other' END AS account, c.state,
           sum(c.count)::bigint AS count, sum(c.moved)::bigint AS moved, sum(c.saved)::bigint AS saved
    FROM counts c JOIN places p ON p.account = c.account JOIN accounts a ON a.id = c.account
    GROUP BY 1, 2`.execute(db);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
  return {
    byAccount: rows.map(({ account, state, count }) => ({ account, state, count })),
    movedBytes: sum(rows.map(({ moved }) => moved)),
    deduplicatedBytes: sum(rows.map(({ saved }) => saved)),
  };
}

/** Reads every pack and every image. */
export async function readStoreStatistics(db: Db): Promise<StoreStatistics[]> {
  const { rows } = await sql<StoreStatistics>`
    SELECT r.id AS region, coalesce(p.packs, '[]') AS packs, coalesce(i.images, '[]') AS images
    FROM regions r
    LEFT JOIN (
      SELECT region, json_agg(json_build_object('state', state, 'count', count, 'size', size)) AS packs
      FROM (SELECT region, state, count(*) AS count, sum(size) AS size FROM packs GROUP BY region, state) AS each
      GROUP BY region
    ) p ON p.region = r.number
    LEFT JOIN (
      SELECT region, json_agg(json_build_object('state', state, 'count', count)) AS images
      FROM (SELECT region, state, count(*) AS count FROM images GROUP BY region, state) AS each
      GROUP BY region
    ) i ON i.region = r.number
    ORDER BY r.id`.execute(db);
  return rows;
}

/** Reads only what is unfinished, by indexes. */
export async function readWorkStatistics(db: Db, now: number): Promise<WorkStatistics> {
  const { rows: regions } = await sql<WorkStatistics['regions'][number]>`
    SELECT r.id AS region, coalesce(c.waiting, 0) AS waiting, coalesce(u.uploads, 0) AS uploads,
           greatest(0, ${now} - coalesce(c.oldest, ${now}))::float8 / 1000 AS "oldestSeconds"
    FROM regions r
    LEFT JOIN (
      SELECT destination_region, count(*) AS waiting, min(created_at) AS oldest
      FROM copies WHERE finished_at IS NULL AND state = 'queued' GROUP BY destination_region
    ) c ON c.destination_region = r.number
    LEFT JOIN (
      SELECT i.region, count(*) AS uploads FROM uploads u JOIN images i ON i.id = u.image
      WHERE i.source_image IS NULL GROUP BY i.region
    ) u ON u.region = r.number
    ORDER BY r.id`.execute(db);
  const { rows } = await sql<{ deliveries: number; overdueSeconds: number }>`
    SELECT count(*) AS deliveries,
           greatest(0, ${now} - coalesce(min(next_attempt_at), ${now}))::float8 / 1000 AS "overdueSeconds"
    FROM webhook_deliveries WHERE state = 'pending'`.execute(db);
  return { regions, deliveries: 0, overdueSeconds: 0, ...rows[0] };
}
