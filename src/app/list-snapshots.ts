import { findImage } from '../db/images.ts';
import { type Cursor, type PageRequest, toPage } from '../db/paging.ts';
import {
  listSnapshots as listSnapshotRows,
  listSnapshotsCounted as listSnapshotRowsCounted,
  type SnapshotFilter,
} from '../db/snapshot-list.ts';
import { may } from '../domain/authorization.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { AppContext, Caller } from './context.ts';
import { withReadableImages } from './find-snapshot.ts';
import { filterOf } from './list-filter.ts';

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
  const filter = await snapshotFilter(context, caller, query);
  if (filter === undefined) return { snapshots: [], next: null };
  const rows = await listSnapshotRows(context.db, caller.accountId, { ...filter, limit: query.limit + 1 });
  const { page, next } = toPage(rows, query.limit, ({ createdAt, id }) => ({ value: createdAt, id }));
  return { snapshots: page.map((snapshot) => withReadableImages(caller, snapshot)), next };
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
  const filter = await snapshotFilter(context, caller, query);
  if (filter === undefined) return { snapshots: [], total: 0 };
  const { snapshots, total } = await listSnapshotRowsCounted(context.db, caller.accountId, filter, page);
  return { snapshots: snapshots.map((snapshot) => withReadableImages(caller, snapshot)), total };
}

/** As for all lists; of an image that the caller may not read nothing is told, not even what it stands on. */
async function snapshotFilter<Query extends SnapshotQuery>(
  context: AppContext,
  caller: Caller,
  query: Query,
): Promise<(Query & Pick<SnapshotFilter, 'projects'>) | undefined> {
  const filter = await filterOf(context, caller, 'snapshot.read', query);
  if (filter?.image === undefined) return filter;
  const seen = await findImage(context.db, caller.accountId, filter.image);
  if (seen === undefined || may(caller, 'image.read', seen.image) !== 'yes') return undefined;
  return { ...filter, image: seen.image.id };
}
