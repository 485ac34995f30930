/** The rows of copies: the queue itself (design §5), and what callers read of it. */
import { type SelectQueryBuilder, sql } from 'kysely';
import type { Copy } from '../domain/copy.ts';
import type { FailureCode } from '../domain/failure.ts';
import { type CopyEvent, type CopyState, copyStatesBefore, isFinalCopyState, nextCopyState } from '../domain/states.ts';
import type { Db, Trx } from './database.ts';

export interface NewCopy {
  readonly id: string;
  readonly accountId: string;
  readonly sourceImageId: string;
  readonly sourceRegion: string;
  readonly destinationImageId: string;
  readonly destinationRegion: string;
  readonly bytesTotal: number;
  readonly createdAt: number;
}

/** Appends a copy to the queue of its group. */
export async function insertCopy(trx: Trx, copy: NewCopy): Promise<void> {
  await trx
    .insertInto('copies')
    .values(({ selectFrom }) => ({
      id: copy.id,
      account: copy.accountId,
      source_image: copy.sourceImageId,
      source_region: selectFrom('regions').select('number').where('id', '=', copy.sourceRegion),
      destination_image: copy.destinationImageId,
      destination_region: selectFrom('regions').select('number').where('id', '=', copy.destinationRegion),
      state: 'queued',
      bytes_total: copy.bytesTotal,
      created_at: copy.createdAt,
      failure_code: null,
      failure_message: null,
    }))
    .execute();
}

function selectCopies(db: Db | Trx) {
  return db
    .selectFrom('copies')
    .innerJoin('regions as source', 'source.number', 'copies.source_region')
    .innerJoin('regions as destination', 'destination.number', 'copies.destination_region')
    .selectAll('copies')
    .select(['source.id as sourceRegion', 'destination.id as destinationRegion'])
    .select(
      sql<number | null>`CASE WHEN copies.state = 'queued' THEN (
        SELECT count(*) FROM copies AS ahead
        WHERE ahead.account = copies.account AND ahead.destination_region = copies.destination_region
          AND ahead.state = 'queued' AND ahead.sequence <= copies.sequence) END`.as('queuePosition'),
    );
}

type CopyRow = ReturnType<typeof selectCopies> extends SelectQueryBuilder<infer _D, infer _T, infer Row> ? Row : never;

function toCopy(row: CopyRow): Copy {
  return {
    id: row.id,
    accountId: row.account,
    sourceImageId: row.source_image,
    sourceRegion: row.sourceRegion,
    destinationImageId: row.destination_image,
    destinationRegion: row.destinationRegion,
    state: row.state,
    progress: {
      bytesTotal: row.bytes_total,
      bytesDone: row.bytes_done,
      bytesMoved: row.bytes_moved,
      bytesPerSecond: row.bytes_per_second,
    },
    queuePosition: row.queuePosition,
    attempts: row.attempts,
    failure: row.failure_code === null ? null : { code: row.failure_code, message: row.failure_message ?? '' },
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}

export async function findCopy(db: Db | Trx, accountId: string, id: string): Promise<Copy | undefined> {
  const row = await selectCopies(db)
    .where('copies.account', '=', accountId)
    .where('copies.id', '=', id)
    .executeTakeFirst();
  return row && toCopy(row);
}

/** Whoever's it is: for the worker, which acts for the one who asked. */
export async function findCopyById(db: Db | Trx, id: string): Promise<Copy | undefined> {
  const row = await selectCopies(db).where('copies.id', '=', id).executeTakeFirst();
  return row && toCopy(row);
}

/** The copies that are marked as running on this server. */
export async function listCopiesHeldBy(db: Db, server: string): Promise<Copy[]> {
  const rows = await selectCopies(db)
    .where('copies.server', '=', server)
    .where('copies.state', '=', 'running')
    .execute();
  return rows.map(toCopy);
}

export interface CopyFilter {
  readonly state?: CopyState | undefined;
  /** Copies from or to this image. */
  readonly image?: string | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function listCopies(db: Db, accountId: string, filter: CopyFilter): Promise<Copy[]> {
  let query = selectCopies(db).where('copies.account', '=', accountId);
  const { state, image } = filter;
  if (state !== undefined) query = query.where('copies.state', '=', state);
  if (image !== undefined) {
    query = query.where(({ or, eb }) => or([eb('source_image', '=', image), eb('destination_image', '=', image)]));
  }
  const rows = await query.orderBy('copies.created_at', 'desc').orderBy('copies.id').limit(filter.limit).execute();
  return rows.map(toCopy);
}

/** The unfinished copy that reads this image, if there is one. */
export async function findCopyOfSource(trx: Trx, image: string): Promise<string | undefined> {
  const row = await trx
    .selectFrom('copies')
    .select('id')
    .where('source_image', '=', image)
    .where('finished_at', 'is', null)
    .executeTakeFirst();
  return row?.id;
}

/** What a worker must be for its word about a copy to count: the server that has it, in the attempt that it began. */
export interface CopyHolder {
  readonly id: string;
  readonly server: string;
  readonly attempt: number;
}

/**
 * A worker takes the copy up. Undefined when there is nothing to do: the copy has ended, or another job was sent for it.
 */
export async function startCopy(
  db: Db,
  id: string,
  job: string,
  server: string,
  now: number,
): Promise<CopyHolder | undefined> {
  const row = await db
    .updateTable('copies')
    .set(({ eb, fn }) => ({
      state: 'running',
      server,
      attempts: eb('attempts', '+', 1),
      started_at: fn.coalesce('started_at', sql<number>`${now}`),
      bytes_done: 0,
      bytes_per_second: 0,
    }))
    .where('id', '=', id)
    .where('job', '=', job)
    .where('state', 'in', copyStatesBefore('started'))
    .returning('attempts')
    .executeTakeFirst();
  return row && { id, server, attempt: row.attempts };
}

/** Whether the holder still has the copy, which then stays so until the transaction ends. */
export async function isHeld(trx: Trx, { id, server, attempt }: CopyHolder): Promise<boolean> {
  const row = await trx
    .selectFrom('copies')
    .select('id')
    .where('id', '=', id)
    .where('server', '=', server)
    .where('attempts', '=', attempt)
    .where('state', '=', 'running')
    .forShare()
    .executeTakeFirst();
  return row !== undefined;
}

/** False when the holder is not the holder any more, so that it stops: the copy was cancelled or taken over. */
export async function saveProgress(
  db: Db,
  holder: CopyHolder,
  progress: { bytesDone: number; bytesMoved: number; bytesPerSecond: number },
): Promise<boolean> {
  const saved = await db
    .updateTable('copies')
    .set(({ eb }) => ({
      bytes_done: progress.bytesDone,
      bytes_moved: eb('bytes_moved', '+', progress.bytesMoved),
      bytes_per_second: Math.round(progress.bytesPerSecond),
    }))
    .where('id', '=', holder.id)
    .where('server', '=', holder.server)
    .where('attempts', '=', holder.attempt)
    .where('state', '=', 'running')
    .executeTakeFirst();
  return saved.numUpdatedRows === 1n;
}

/** How a copy moves to another state. */
export interface CopyMove {
  readonly event: Exclude<CopyEvent, 'started'>;
  /** When given, only if this is still the holder. */
  readonly holder?: CopyHolder;
  readonly failure?: { code: FailureCode; message: string };
}

/** Moves the copy to the state that the event leads to, if it can; tells whether it did. */
export async function moveCopy(trx: Trx, id: string, move: CopyMove, now: number): Promise<boolean> {
  const from = copyStatesBefore(move.event);
  const state = nextCopyState(from[0] as CopyState, move.event) as CopyState;
  const final = isFinalCopyState(state);
  let query = trx
    .updateTable('copies')
    .set({
      state,
      job: null,
      finished_at: final ? now : null,
      bytes_per_second: 0,
      failure_code: move.failure?.code ?? null,
      failure_message: move.failure?.message ?? null,
      ...(move.event === 'succeeded' ? { bytes_done: sql<number>`bytes_total` } : {}),
    })
    .where('id', '=', id)
    .where('state', 'in', from);
  const { holder } = move;
  if (holder !== undefined) query = query.where('server', '=', holder.server).where('attempts', '=', holder.attempt);
  return (await query.executeTakeFirst()).numUpdatedRows === 1n;
}
