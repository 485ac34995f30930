/** The tags of an account's images or snapshots, a row each. */
import { sql } from 'kysely';
import type { TaggedType } from '../domain/image-rules.ts';
import type { Db } from './database.ts';
import type { Cursor } from './paging.ts';

export interface ResourceTag {
  readonly resourceId: string;
  readonly resourceAliyunId: string;
  readonly type: TaggedType;
  readonly key: string;
  readonly value: string;
}

export interface ResourceTagFilter {
  readonly type: TaggedType;
  readonly region?: string | undefined;
  /** Only of things in these projects; null: in all. */
  readonly projects: readonly string[] | null;
  /** UUIDs of the things, or Alibaba Cloud's ids. */
  readonly ids?: readonly string[] | undefined;
  /** Only of things that have all of these; a null value stands for any. */
  readonly tags?: readonly { readonly key: string; readonly value: string | null }[] | undefined;
  /** The last row's thing, and its key. */
  readonly after?: Cursor | undefined;
  readonly limit: number;
}

/** By thing and key. */
export async function listResourceTags(db: Db, accountId: string, filter: ResourceTagFilter): Promise<ResourceTag[]> {
  const { type, region, projects, ids, tags = [], after, limit } = filter;
  const things = sql.table(`${type}s`);
  const thing = sql.ref(type);
  const rows = sql.table(`${type}_tags`);
  const conditions = [sql`t.account = ${accountId}`];
  if (region !== undefined) conditions.push(sql`t.region = (SELECT number FROM regions WHERE id = ${region})`);
  if (projects !== null) conditions.push(sql`t.project = any(${projects}::uuid[])`);
  if (ids !== undefined) conditions.push(sql`(t.id::text = any(${ids}::text[]) OR t.aliyun_id = any(${ids}::text[]))`);
  if (after !== undefined) conditions.push(sql`(t.id, g.key) > (${after.id}::uuid, ${after.value})`);
  for (const { key, value } of tags) {
    conditions.push(sql`EXISTS (
      SELECT FROM ${rows} wanted WHERE wanted.${thing} = t.id AND wanted.key = ${key}
        AND (${value}::text IS NULL OR wanted.value = ${value}))`);
  }
  const found = await sql<Omit<ResourceTag, 'type'>>`
    SELECT t.id AS "resourceId", t.aliyun_id AS "resourceAliyunId", g.key, g.value
    FROM ${rows} g JOIN ${things} t ON t.id = g.${thing}
    WHERE ${sql.join(conditions, sql` AND `)}
    ORDER BY t.id, g.key LIMIT ${limit}`.execute(db);
  return found.rows.map((row) => ({ ...row, type }));
}
