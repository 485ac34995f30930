/** Lists of snapshots: an account's own, newest first, in pages that go on where the last one ended, or that are counted. */
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import type { DiskRole } from '../domain/image.ts';
import { imageStatesBehind, type Snapshot } from '../domain/snapshot.ts';
import type { SnapshotState } from '../domain/states.ts';
import type { Db } from './database.ts';
import { likePattern, type PageRequest } from './paging.ts';
import type { Database } from './schema.ts';
import { idColumn, imageStateBehind, keyBehind, selectSnapshots, toSnapshot } from './snapshots.ts';

export interface SnapshotFilter {
  readonly region?: string | undefined;
  readonly project?: string | undefined;
  /** Only those in these projects; null: all. */
  readonly projects: readonly string[] | null;
  /** Any of a snapshot's three ids. */
  readonly ids?: readonly string[] | undefined;
  /** Id of an image that stands on it. */
  readonly image?: string | undefined;
  readonly name?: string | undefined;
  /** A part of the name, in any case. */
  readonly namePart?: string | undefined;
  readonly role?: DiskRole | undefined;
  /** Whether it is encrypted. */
  readonly encrypted?: boolean | undefined;
  /** Id of the key that it is encrypted with. */
  readonly key?: string | undefined;
  readonly states?: readonly SnapshotState[] | undefined;
  /** Of those that are progressing only those that are copies of others, or that are not. */
  readonly progressing?: 'copied' | 'new' | undefined;
  /** Whether an image stands on it. */
  readonly inUse?: boolean | undefined;
  /** All of them; a null value stands for any. */
  readonly tags?: readonly { readonly key: string; readonly value: string | null }[] | undefined;
  readonly resourceGroup?: string | undefined;
  /** Epoch milliseconds, inclusive. */
  readonly createdAfter?: number | undefined;
  /** Epoch milliseconds, exclusive. */
  readonly createdBefore?: number | undefined;
}

type SnapshotExpression = ExpressionBuilder<Database, 'snapshots'>;

export async function listSnapshots(
  db: Db,
  accountId: string,
  { after, limit, ...filter }: SnapshotFilter & PageRequest,
): Promise<Snapshot[]> {
  let query = selectSnapshots(db).where((eb) => isListed(eb, accountId, filter));
  if (after !== undefined) {
    query = query.where(sql<boolean>`(snapshots.created_at, snapshots.id) < (${after.value}, ${after.id}::uuid)`);
  }
  const rows = await query
    .orderBy('snapshots.created_at', 'desc')
    .orderBy('snapshots.id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(toSnapshot);
}

/** A page by its place in the list, with the number of snapshots in all of it. */
export async function listSnapshotsCounted(
  db: Db,
  accountId: string,
  filter: SnapshotFilter,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<{ readonly snapshots: Snapshot[]; readonly total: number }> {
  const { total } = await db
    .selectFrom('snapshots')
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .where((eb) => isListed(eb, accountId, filter))
    // A list's (preparing-client.ts).
    .limit(1)
    .executeTakeFirstOrThrow();
  const rows = await selectSnapshots(db)
    .where((eb) => isListed(eb, accountId, filter))
    .orderBy('snapshots.created_at', 'desc')
    .orderBy('snapshots.id', 'desc')
    .offset(offset)
    .limit(limit)
    .execute();
  return { snapshots: rows.map(toSnapshot), total };
}

function isListed(eb: SnapshotExpression, accountId: string, filter: SnapshotFilter): Expression<SqlBool> {
  const { region, project, projects, ids, image, name, role, states, inUse, resourceGroup, tags = [] } = filter;
  const { createdAfter, createdBefore, encrypted, key } = filter;
  const conditions: Expression<SqlBool>[] = [eb('snapshots.account', '=', accountId)];
  if (projects !== null) conditions.push(sql<boolean>`snapshots.project = any(${projects}::uuid[])`);
  if (region !== undefined) {
    const number = eb.selectFrom('regions').select('number').where('regions.id', '=', region);
    conditions.push(eb('snapshots.region', '=', number));
  }
  if (project !== undefined) conditions.push(eb('snapshots.project', '=', project));
  if (ids !== undefined) conditions.push(named(eb, ids));
  if (image !== undefined) conditions.push(usedBy(eb, image));
  if (name !== undefined) conditions.push(eb('snapshots.name', '=', name));
  if (filter.namePart !== undefined) conditions.push(eb('snapshots.name', 'ilike', likePattern(filter.namePart)));
  if (filter.progressing !== undefined) {
    const origin = eb('snapshots.source', filter.progressing === 'copied' ? 'is not' : 'is', null);
    conditions.push(eb.or([eb.not(inStates(['progressing'])), origin]));
  }
  if (role !== undefined) conditions.push(eb('snapshots.role', '=', role));
  if (encrypted !== undefined) conditions.push(sql<boolean>`(${keyBehind} IS NOT NULL) = ${encrypted}`);
  if (key !== undefined) conditions.push(sql<boolean>`${keyBehind}::text = ${key}`);
  if (states !== undefined) conditions.push(inStates(states));
  if (inUse !== undefined) conditions.push(eb('snapshots.manifest', inUse ? 'is' : 'is not', null));
  if (resourceGroup !== undefined) conditions.push(eb('snapshots.resource_group', '=', resourceGroup));
  if (createdAfter !== undefined) conditions.push(eb('snapshots.created_at', '>=', createdAfter));
  if (createdBefore !== undefined) conditions.push(eb('snapshots.created_at', '<', createdBefore));
  return eb.and([...conditions, ...tags.map((tag) => tagged(eb, tag))]);
}

function named({ or }: SnapshotExpression, ids: readonly string[]) {
  const columns = Object.entries(Object.groupBy(ids, (id) => idColumn(id) ?? 'none'));
  const known = columns.filter(([column]) => column !== 'none');
  return or(known.map(([column, of]) => sql<boolean>`${sql.ref(column)}::text = any(${of}::text[])`));
}

function usedBy({ exists, selectFrom }: SnapshotExpression, image: string) {
  return exists(
    selectFrom('disks')
      .select('disks.image')
      .whereRef('disks.snapshot', '=', 'snapshots.id')
      .where('disks.image', '=', image),
  );
}

function inStates(states: readonly SnapshotState[]) {
  const behind = states.flatMap((state) => imageStatesBehind[state]);
  // Without an image there are only the bytes (`snapshotState`).
  return sql<boolean>`coalesce(${imageStateBehind}, 'available') = any(${behind}::text[])`;
}

function tagged({ exists, selectFrom }: SnapshotExpression, { key, value }: { key: string; value: string | null }) {
  const tags = selectFrom('snapshot_tags')
    .select('snapshot_tags.snapshot')
    .whereRef('snapshot_tags.snapshot', '=', 'snapshots.id')
    .where('snapshot_tags.key', '=', key);
  return exists(value === null ? tags : tags.where('snapshot_tags.value', '=', value));
}
