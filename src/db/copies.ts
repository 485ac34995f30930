/** The rows of copies: the queue itself (design §5), and what callers read of it. */
import { type SelectQueryBuilder, sql } from 'kysely';
import type { Copy, CopyWishes } from '../domain/copy.ts';
import type { CopyEncryption, PolicyName } from '../domain/copy-policy.ts';
import type { NewEvent } from '../domain/event.ts';
import type { FailureCode } from '../domain/failure.ts';
import type { Principal } from '../domain/principal.ts';
import { type CopyEvent, type CopyState, copyStatesBefore, isFinalCopyState, nextCopyState } from '../domain/states.ts';
import type { Db, Trx } from './database.ts';
import { recordState, stateEvent } from './events.ts';

export interface NewCopy {
  readonly id: string;
  readonly accountId: string;
  readonly request: string;
  readonly retryOf: string | null;
  readonly policy: PolicyName;
  readonly requestedBy: string | null;
  readonly agency: string | null;
  readonly wishes: CopyWishes;
  readonly encryption: CopyEncryption;
  /** W3C trace context of the request, for the spans of the job. */
  readonly traceParent: string | null;
  readonly sourceImageId: string;
  readonly sourceRegion: string;
  readonly destinationImageId: string;
  readonly destinationRegion: string;
  /** Where the new image lies. */
  readonly projectId: string;
  readonly bytesTotal: number;
  readonly createdAt: number;
}

/** Appends the copies to the queues of their groups; returns what the transaction has still to record (`recordEvents`). */
export async function insertCopies(trx: Trx, copies: readonly NewCopy[]): Promise<NewEvent[]> {
  // One statement, and the same one for any number: copies are accepted one after the other under the lock of their destination.
  await sql`
    INSERT INTO copies (id, account, source_image, source_region, destination_image, destination_region, project, state,
                        bytes_total, created_at, request, retry_of, policy, requested_by, agency, wanted, encryption, trace_parent)
    SELECT c.id, c."accountId", c."sourceImageId", (SELECT number FROM regions WHERE id = c."sourceRegion"),
           c."destinationImageId", (SELECT number FROM regions WHERE id = c."destinationRegion"), c."projectId", 'queued',
           c."bytesTotal", c."createdAt", c.request, c."retryOf", c.policy, c."requestedBy", c.agency, c.wishes, c.encryption,
           c."traceParent"
    FROM jsonb_to_recordset(${JSON.stringify(copies)}::jsonb) AS c (
      id uuid, "accountId" uuid, "sourceImageId" uuid, "sourceRegion" text, "destinationImageId" uuid,
      "destinationRegion" text, "projectId" uuid, "bytesTotal" bigint, "createdAt" bigint, request uuid, "retryOf" uuid,
      policy text, "requestedBy" uuid, agency text, wishes jsonb, encryption text, "traceParent" text)`.execute(trx);
  return copies.map((copy) => stateEvent({ ...stateOf(copy, 'queued'), region: copy.destinationRegion }));
}

/** A copy as it is when it has just been accepted. */
export function asQueued({ traceParent: _trace, projectId: _project, bytesTotal, ...copy }: NewCopy): Copy {
  return {
    ...copy,
    state: 'queued',
    progress: { bytesTotal, bytesDone: 0, bytesMoved: 0, bytesPerSecond: 0 },
    queuePosition: null,
    attempts: 0,
    failure: null,
    startedAt: null,
    finishedAt: null,
  };
}

/** The event of a copy that entered `state`. */
function stateOf(
  copy: { id: string; accountId: string; sourceImageId: string; destinationImageId: string },
  state: CopyState,
) {
  const { id, accountId, sourceImageId, destinationImageId } = copy;
  const details = { sourceImageId, destinationImageId };
  return { accountId, type: `copy.${state}`, resource: { type: 'copy', id }, details };
}

/** Every copy, its place in the queue aside. */
export function selectCopies(db: Db | Trx) {
  return db
    .selectFrom('copies')
    .innerJoin('regions as source', 'source.number', 'copies.source_region')
    .innerJoin('regions as destination', 'destination.number', 'copies.destination_region')
    .select([
      'copies.id',
      'copies.account as accountId',
      'copies.request',
      'copies.retry_of as retryOf',
      'copies.policy',
      'copies.requested_by as requestedBy',
      'copies.agency',
      'copies.wanted as wishes',
      'copies.encryption',
      'copies.source_image as sourceImageId',
      'source.id as sourceRegion',
      'copies.destination_image as destinationImageId',
      'destination.id as destinationRegion',
      'copies.state',
      'copies.bytes_total as bytesTotal',
      'copies.bytes_done as bytesDone',
      'copies.bytes_moved as bytesMoved',
      'copies.bytes_per_second as bytesPerSecond',
      'copies.attempts',
      'copies.failure_code as failureCode',
      'copies.failure_message as failureMessage',
      'copies.created_at as createdAt',
      'copies.started_at as startedAt',
      'copies.finished_at as finishedAt',
    ]);
}

/** Of few copies; a list counts all places at once (copy-list.ts). An index knows those that have not finished. */
export const queuePosition = sql<number | null>`CASE WHEN copies.state = 'queued' THEN (
  SELECT count(*) FROM copies AS ahead
  WHERE ahead.account = copies.account AND ahead.destination_region = copies.destination_region
    AND ahead.finished_at IS NULL AND ahead.state = 'queued' AND ahead.sequence <= copies.sequence) END`.as(
  'queuePosition',
);

type CopyRow = (ReturnType<typeof selectCopies> extends SelectQueryBuilder<infer _D, infer _T, infer Row>
  ? Row
  : never) & { readonly queuePosition: number | null };

export function toCopy(row: CopyRow): Copy {
  const { bytesTotal, bytesDone, bytesMoved, bytesPerSecond, failureCode, failureMessage, ...copy } = row;
  return {
    ...copy,
    progress: { bytesTotal, bytesDone, bytesMoved, bytesPerSecond },
    failure: failureCode === null ? null : { code: failureCode, message: failureMessage ?? '' },
  };
}

/** The copy of this id, if it is the account's and goes into one of the projects; null: into any. */
export async function findCopy(
  db: Db | Trx,
  { accountId, projects }: Pick<Principal, 'accountId' | 'projects'>,
  id: string,
): Promise<Copy | undefined> {
  let query = selectCopies(db)
    .select(queuePosition)
    .where('copies.account', '=', accountId)
    .where('copies.id', '=', id);
  if (projects !== null) query = query.where('copies.project', '=', sql<string>`any(${projects}::uuid[])`);
  const row = await query.executeTakeFirst();
  return row && toCopy(row);
}

/** Whoever's it is: for the worker, which acts for the one who asked. */
export async function findCopyById(db: Db | Trx, id: string): Promise<Copy | undefined> {
  const row = await selectCopies(db).select(queuePosition).where('copies.id', '=', id).executeTakeFirst();
  return row && toCopy(row);
}

/** The copies that are marked as running on this server. */
export async function listCopiesHeldBy(db: Db, server: string): Promise<Copy[]> {
  const rows = await selectCopies(db)
    .select(queuePosition)
    .where('copies.server', '=', server)
    .where('copies.state', '=', 'running')
    .execute();
  return rows.map(toCopy);
}

/** An unfinished copy that reads this image, or the one of a given account, if there is one. */
export async function findCopyOfSource(
  trx: Trx,
  image: string,
  accountId?: string,
): Promise<{ id: string; accountId: string } | undefined> {
  let query = trx
    .selectFrom('copies')
    .select(['id', 'account as accountId'])
    .where('source_image', '=', image)
    .where('finished_at', 'is', null);
  if (accountId !== undefined) query = query.where('account', '=', accountId);
  return await query.executeTakeFirst();
}

/** An unfinished copy of the image to the region that the account has asked for. */
export async function findCopyTo(
  trx: Trx,
  { image, region, accountId }: { readonly image: string; readonly region: string; readonly accountId: string },
): Promise<string | undefined> {
  const row = await trx
    .selectFrom('copies')
    .select('copies.id')
    .where('source_image', '=', image)
    .where('account', '=', accountId)
    .where('destination_region', '=', ({ selectFrom }) =>
      selectFrom('regions').select('number').where('id', '=', region),
    )
    .where('finished_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}

/** What a worker must be for its word about a copy to count: the server that has it, in the attempt that it began. */
export interface CopyHolder {
  readonly id: string;
  readonly server: string;
  readonly attempt: number;
}

export interface StartedCopy extends CopyHolder {
  /** The trace of the request that asked for the copy. */
  readonly traceParent: string | null;
}

/** What the event of a copy that has moved tells. */
const movedColumns = [
  'copies.id',
  'copies.account as accountId',
  'copies.source_image as sourceImageId',
  'copies.destination_image as destinationImageId',
] as const;

const movedRegion = sql<string>`(SELECT id FROM regions WHERE number = copies.destination_region)`.as('region');

/** A worker takes the copy up; undefined when the copy has ended, or another job was sent for it. */
export async function startCopy(
  trx: Trx,
  id: string,
  job: string,
  server: string,
  now: number,
): Promise<StartedCopy | undefined> {
  const row = await trx
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
    .returning(movedColumns)
    .returning(['attempts', 'trace_parent'])
    .returning(movedRegion)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  await recordState(trx, { ...stateOf(row, 'running'), region: row.region }, now);
  return { id, server, attempt: row.attempts, traceParent: row.trace_parent };
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
  const row = await query.returning(movedColumns).returning(movedRegion).executeTakeFirst();
  if (row === undefined) return false;
  const outcome = move.failure?.code ?? 'succeeded';
  await recordState(trx, { ...stateOf(row, state), region: row.region, outcome }, now);
  return true;
}
