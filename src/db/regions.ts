/** Regions have a name in configuration and a small number in the rows that there are millions of. */
import { sql } from 'kysely';
import type { Db } from './database.ts';

/** Makes a row for each region that has none; returns the numbers by name. A region that is no longer named keeps its rows. */
export async function ensureRegions(db: Db, names: readonly string[]): Promise<Map<string, number>> {
  await db
    .insertInto('regions')
    .values(names.map((id) => ({ id })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const rows = await db.selectFrom('regions').select(['id', 'number']).where('id', 'in', names).execute();
  return new Map(rows.map(({ id, number }) => [id, number]));
}

export interface RegionUsage {
  readonly images: number;
  readonly packs: number;
  readonly storedBytes: number;
  readonly condemnedPacks: number;
  readonly condemnedBytes: number;
}

/** What lies in a region. */
export async function readRegionUsage(db: Db, name: string): Promise<RegionUsage> {
  const { rows } = await sql<RegionUsage>`
    SELECT (SELECT count(*) FROM images WHERE region = r.number) AS images,
           count(p.number) FILTER (WHERE p.state = 'live') AS packs,
           coalesce(sum(p.size) FILTER (WHERE p.state = 'live'), 0)::bigint AS "storedBytes",
           count(p.number) FILTER (WHERE p.state = 'condemned') AS "condemnedPacks",
           coalesce(sum(p.size) FILTER (WHERE p.state = 'condemned'), 0)::bigint AS "condemnedBytes"
    FROM regions r LEFT JOIN packs p ON p.region = r.number
    WHERE r.id = ${name}
    GROUP BY r.number`.execute(db);
  return rows[0] ?? { images: 0, packs: 0, storedBytes: 0, condemnedPacks: 0, condemnedBytes: 0 };
}
