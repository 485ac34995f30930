/**
 * The rows of tasks: a queue that servers take from, and what callers read of it. A due row is claimed by pushing `due_at`
 * beyond now, which is the lease; its worker goes on doing so. Whoever is killed leaves a row that is due again.
 */
import { type SelectQueryBuilder, sql } from 'kysely';
import type { FailureCode } from '../domain/failure.ts';
import { isUuid } from '../domain/ids.ts';
import type { Principal } from '../domain/principal.ts';
import { copyStatesBefore, isFinalCopyState, nextCopyState, type TaskEvent, type TaskState } from '../domain/states.ts';
import type { BegunObject, Task, TaskHolder, WorkingTask } from '../domain/task.ts';
import type { Db, Trx } from './database.ts';
import { recordState } from './events.ts';

export type NewTask = Omit<Task, 'state' | 'progress' | 'attempts' | 'failure' | 'startedAt' | 'finishedAt'>;

/** Appends a task to the queue; its account must have no unfinished one of the image. */
export async function insertTask(trx: Trx, task: NewTask): Promise<void> {
  await trx
    .insertInto('tasks')
    .values(({ selectFrom }) => ({
      id: task.id,
      aliyun_id: task.aliyunId,
      account: task.accountId,
      region: selectFrom('regions').select('number').where('id', '=', task.region),
      kind: task.kind,
      image: task.imageId,
      image_aliyun_id: task.imageAliyunId,
      image_jdcloud_id: task.imageJdcloudId,
      project: task.projectId,
      requested_by: task.requestedBy,
      objects: JSON.stringify(task.objects),
      state: 'queued',
      due_at: task.createdAt,
      bytes_total: task.objects.reduce((sum, { size }) => sum + size, 0),
      created_at: task.createdAt,
    }))
    .execute();
  await recordState(trx, stateOf(task, 'queued'), task.createdAt);
}

/** The event of a task that entered `state`. */
function stateOf(
  { id, accountId, kind, imageId, region }: Pick<Task, 'id' | 'accountId' | 'kind' | 'imageId' | 'region'>,
  state: TaskState,
) {
  return { accountId, type: `task.${state}`, resource: { type: 'task', id }, region, details: { kind, imageId } };
}

/** Every task. */
export function selectTasks(db: Db | Trx) {
  return db
    .selectFrom('tasks')
    .innerJoin('regions', 'regions.number', 'tasks.region')
    .select([
      'tasks.id',
      'tasks.aliyun_id as aliyunId',
      'tasks.kind',
      'tasks.account as accountId',
      'regions.id as region',
      'tasks.image as imageId',
      'tasks.image_aliyun_id as imageAliyunId',
      'tasks.image_jdcloud_id as imageJdcloudId',
      'tasks.project as projectId',
      'tasks.requested_by as requestedBy',
      'tasks.objects',
      'tasks.state',
      'tasks.bytes_total as bytesTotal',
      'tasks.bytes_done as bytesDone',
      'tasks.bytes_per_second as bytesPerSecond',
      'tasks.attempts',
      'tasks.failure_code as failureCode',
      'tasks.failure_message as failureMessage',
      'tasks.created_at as createdAt',
      'tasks.started_at as startedAt',
      'tasks.finished_at as finishedAt',
    ]);
}

type TaskRow = ReturnType<typeof selectTasks> extends SelectQueryBuilder<infer _D, infer _T, infer Row> ? Row : never;

export function toTask(row: TaskRow): Task {
  const { bytesTotal, bytesDone, bytesPerSecond, failureCode, failureMessage, ...task } = row;
  return {
    ...task,
    progress: { bytesTotal, bytesDone, bytesPerSecond },
    failure: failureCode === null ? null : { code: failureCode, message: failureMessage ?? '' },
  };
}

/** The column that an id of this shape is kept in; undefined for what no task is called. */
function taskIdColumn(id: string): 'tasks.id' | 'tasks.aliyun_id' | undefined {
  if (isUuid(id)) return 'tasks.id';
  return /^tsk-[a-z0-9]{20}$/.test(id) ? 'tasks.aliyun_id' : undefined;
}

/** The task of this id, either of its two, if it is the account's and its image lay in one of the projects; null: in any. */
export async function findTask(
  db: Db | Trx,
  { accountId, projects }: Pick<Principal, 'accountId' | 'projects'>,
  id: string,
): Promise<Task | undefined> {
  const column = taskIdColumn(id);
  if (column === undefined) return undefined;
  let query = selectTasks(db).where('tasks.account', '=', accountId).where(column, '=', id);
  if (projects !== null) query = query.where('tasks.project', '=', sql<string>`any(${projects}::uuid[])`);
  const row = await query.executeTakeFirst();
  return row && toTask(row);
}

/** The account's unfinished task of the image, if there is one. Whoever asks holds the image's lock, without which none begins. */
export async function findTaskOfImage(trx: Trx, image: string, account: string): Promise<WorkingTask | undefined> {
  return await trx
    .selectFrom('tasks')
    .select(['id', 'kind'])
    .where('image', '=', image)
    .where('account', '=', account)
    .where('finished_at', 'is', null)
    .executeTakeFirst();
}

/** Fails all exports of an image that is deleted. Their workers find them lost, and complete nothing. */
export async function failExportsOf(trx: Trx, image: string, now: number): Promise<void> {
  const exports = await trx
    .selectFrom('tasks')
    .select('id')
    .where('image', '=', image)
    .where('kind', '=', 'export')
    .where('finished_at', 'is', null)
    .orderBy('sequence')
    .execute();
  const failure = { code: 'source-gone', message: `image ${image} is no longer there` } as const;
  for (const { id } of exports) await moveTask(trx, id, { event: 'failed', failure }, now);
}

export interface TaskClaim {
  readonly task: Task;
  readonly holder: TaskHolder;
  /** Times that what it left was to be removed, this one included. */
  readonly tidies: number;
}

/** Takes up the first task that is due: one to run, or one that has ended and is untidy. */
export async function claimTask(
  trx: Trx,
  { server, now, leaseUntil }: { readonly server: string; readonly now: number; readonly leaseUntil: number },
): Promise<TaskClaim | undefined> {
  const due = await trx
    .selectFrom('tasks')
    .select('id')
    .where(({ or, eb }) => or([eb('finished_at', 'is', null), eb('untidy', '=', true)]))
    .where('due_at', '<=', now)
    .orderBy('sequence')
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  if (due === undefined) return undefined;
  const { claims, tidies } = await trx
    .updateTable('tasks')
    .set(({ eb }) => ({
      server,
      claims: eb('claims', '+', 1),
      attempts: sql<number>`attempts + (finished_at IS NULL)::integer`,
      tidies: sql<number>`tidies + (finished_at IS NOT NULL)::integer`,
      due_at: leaseUntil,
    }))
    .where('id', '=', due.id)
    .returning(['claims', 'tidies'])
    .executeTakeFirstOrThrow();
  const started = await trx
    .updateTable('tasks')
    .set(({ fn }) => ({
      state: 'running',
      started_at: fn.coalesce('started_at', sql<number>`${now}`),
      bytes_done: 0,
      untidy: sql<boolean>`kind = 'export'`,
    }))
    .where('id', '=', due.id)
    .where('state', 'in', copyStatesBefore('started'))
    .returning('id')
    .executeTakeFirst();
  const task = toTask(await selectTasks(trx).where('tasks.id', '=', due.id).executeTakeFirstOrThrow());
  if (started !== undefined) await recordState(trx, stateOf(task, 'running'), now);
  return { task, holder: { id: due.id, server, claim: claims }, tidies };
}

/** The row while the holder has it. */
function updateHeld(db: Db | Trx, { id, server, claim }: TaskHolder) {
  return db.updateTable('tasks').where('id', '=', id).where('server', '=', server).where('claims', '=', claim);
}

/** Renews the lease, too. False when the holder is not the holder any more: the task was cancelled or taken over. */
export async function saveTaskProgress(
  db: Db,
  holder: TaskHolder,
  progress: { readonly bytesDone: number; readonly bytesPerSecond: number; readonly leaseUntil: number },
): Promise<boolean> {
  const saved = await updateHeld(db, holder)
    .set({
      bytes_done: sql<number>`least(${progress.bytesDone}, bytes_total)`,
      bytes_per_second: Math.round(progress.bytesPerSecond),
      due_at: progress.leaseUntil,
    })
    .where('state', '=', 'running')
    .executeTakeFirst();
  return saved.numUpdatedRows === 1n;
}

/** Whether the holder still has the task, which then stays so until the transaction ends. */
export async function isTaskHeld(trx: Trx, { id, server, claim }: TaskHolder): Promise<boolean> {
  const row = await trx
    .selectFrom('tasks')
    .select('id')
    .where('id', '=', id)
    .where('server', '=', server)
    .where('claims', '=', claim)
    .where('state', '=', 'running')
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

/** The worker of a task that was ended by others has stopped: what it left in the bucket can be removed. */
export async function letGoOfTask(db: Db, holder: TaskHolder, now: number): Promise<void> {
  await updateHeld(db, holder).set({ due_at: now }).where('finished_at', 'is not', null).execute();
}

/** What an export may have in the bucket. */
export async function findBegunObjects(
  db: Db,
  id: string,
): Promise<{ readonly uploads: readonly BegunObject[]; readonly completing: boolean }> {
  return await db.selectFrom('tasks').select(['uploads', 'completing']).where('id', '=', id).executeTakeFirstOrThrow();
}

/**
 * Writes down what the export may have in the bucket; false when it was taken over. One that has ended meanwhile is written,
 * too, for whoever removes what it left.
 */
export async function saveBegunObjects(db: Db, holder: TaskHolder, uploads: readonly BegunObject[]): Promise<boolean> {
  const saved = await updateHeld(db, holder)
    .set({ uploads: JSON.stringify(uploads), ...(uploads.length === 0 ? { completing: false } : {}) })
    .executeTakeFirst();
  return saved.numUpdatedRows === 1n;
}

/** From here on there may be objects that can be read, and the task is not cancelled any more. */
export async function noteCompleting(trx: Trx, holder: TaskHolder): Promise<void> {
  await updateHeld(trx, holder).set({ completing: true }).execute();
}

/** The server stops: the removal is due again at once, and this one is not counted. */
export async function handBackTidy(db: Db, holder: TaskHolder, now: number): Promise<void> {
  await updateHeld(db, holder)
    .set(({ eb }) => ({ tidies: eb('tidies', '-', 1), due_at: now }))
    .execute();
}

/** Nothing of the task is left in the bucket that nobody will complete. */
export async function noteTidy(db: Db, holder: TaskHolder): Promise<void> {
  await updateHeld(db, holder).set({ untidy: false }).execute();
}

/** How a task moves to another state. */
export interface TaskMove {
  readonly event: Exclude<TaskEvent, 'started'>;
  /** When given, only if this is still the holder. */
  readonly holder?: TaskHolder;
  readonly failure?: { readonly code: FailureCode; readonly message: string };
  /** When it may be taken up again. */
  readonly dueAt?: number;
  /** The attempt that ends with it does not count. */
  readonly isFree?: boolean;
}

/** Moves the task to the state that the event leads to, if it can; tells whether it did. */
export async function moveTask(trx: Trx, id: string, move: TaskMove, now: number): Promise<boolean> {
  const { event, holder, failure, dueAt, isFree = false } = move;
  const from = copyStatesBefore(event);
  const state = nextCopyState(from[0] as TaskState, event) as TaskState;
  let query = trx
    .updateTable('tasks')
    .set(({ eb }) => ({
      state,
      finished_at: isFinalCopyState(state) ? now : null,
      bytes_per_second: 0,
      failure_code: failure?.code ?? null,
      failure_message: failure?.message ?? null,
      ...(dueAt === undefined ? {} : { due_at: dueAt }),
      ...(isFree ? { attempts: eb('attempts', '-', 1) } : {}),
      ...(event === 'succeeded' ? { bytes_done: sql<number>`bytes_total`, untidy: false } : {}),
    }))
    .where('id', '=', id)
    .where('state', 'in', from);
  if (holder !== undefined) query = query.where('server', '=', holder.server).where('claims', '=', holder.claim);
  // What waits for another attempt has its objects removed first.
  if (event === 'cancelled') query = query.where(sql<boolean>`NOT (completing AND state = 'running')`);
  const row = await query.returning('id').executeTakeFirst();
  if (row === undefined) return false;
  const task = toTask(await selectTasks(trx).where('tasks.id', '=', id).executeTakeFirstOrThrow());
  await recordState(trx, { ...stateOf(task, state), outcome: failure?.code ?? 'succeeded' }, now);
  return true;
}

/** Ends the leases that an earlier life of this server had. */
export async function releaseTasksOf(db: Db, server: string, now: number): Promise<void> {
  await db
    .updateTable('tasks')
    .set({ due_at: now })
    .where('server', '=', server)
    .where('due_at', '>', now)
    .where(({ or, eb }) => or([eb('state', '=', 'running'), eb('untidy', '=', true)]))
    .execute();
}
