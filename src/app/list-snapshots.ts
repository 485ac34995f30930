import { findImage } from '../db/images.ts';
import { type Cursor, type PageRequest, toPage } from '../db/paging.ts';
import {
  listSnapshots as listSnapshotRows,
  listSnapshotsCounted as listSnapshotRowsCounted,
  type SnapshotFilter,
} from '../db/snapshot-list.ts';
import { findProject } from '../db/tenants/projects.ts';
import { findResourceGroup } from '../db/tenants/resource-groups.ts';
import { isUuid } from '../domain/ids.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';

/** `project` and `resourceGroup` by id or name, `image` by any of its three ids. */
export type SnapshotQuery = Omit<SnapshotFilter, 'projects'>;

export interface SnapshotPage {
  readonly snapshots: readonly Snapshot[];
  /** Where the next page begins, null at the end. */
  readonly next: Cursor | null;
}

/** A page of the account's snapshots, newest first. A region that is not configured simply has none. */
export async function listSnapshots(
  context: AppContext,
  caller: Caller,
  query: SnapshotQuery & PageRequest,
): Promise<SnapshotPage> {
  const filter = await filterOf(context, caller, query);
  if (filter === undefined) return { snapshots: [], next: null };
  const rows = await listSnapshotRows(context.db, caller.accountId, { ...filter, limit: query.limit + 1 });
  const { page, next } = toPage(rows, query.limit, ({ createdAt, id }) => ({ value: createdAt, id }));
  return { snapshots: page, next };
}

/**
 * As {@link listSnapshots}, for front doors that number their pages: the page that begins after `offset` snapshots, and how
 * many there are in all.
 */
export async function listSnapshotsCounted(
  context: AppContext,
  caller: Caller,
  query: SnapshotQuery,
  page: { readonly offset: number; readonly limit: number },
): Promise<{ readonly snapshots: readonly Snapshot[]; readonly total: number }> {
  const filter = await filterOf(context, caller, query);
  if (filter === undefined) return { snapshots: [], total: 0 };
  return await listSnapshotRowsCounted(context.db, caller.accountId, filter, page);
}

/** As for images: UUIDs for what the query names, and the caller's own limits; undefined when there is no such thing. */
async function filterOf<Query extends SnapshotQuery>(
  { db }: AppContext,
  caller: Caller,
  query: Query,
): Promise<(Query & Pick<SnapshotFilter, 'projects'>) | undefined> {
  demand(caller, 'snapshot.read');
  const { accountId, projects } = caller;
  const uuidOf = async (id: string | undefined, find: (id: string) => Promise<string | undefined>) =>
    id === undefined || isUuid(id) ? id : ((await find(id)) ?? null);
  const project = await uuidOf(query.project, async (id) => (await findProject(db, accountId, id, query.region))?.id);
  const group = await uuidOf(query.resourceGroup, async (id) => (await findResourceGroup(db, accountId, id))?.id);
  const image = await uuidOf(query.image, async (id) => (await findImage(db, accountId, id))?.image.id);
  if (project === null || group === null || image === null) return undefined;
  return { ...query, projects, project, resourceGroup: group, image };
}
