/** Lists of tasks. */
import { type ExpressionBuilder, sql } from 'kysely';
import { isUuid } from '../domain/ids.ts';
import type { Principal } from '../domain/principal.ts';
import type { TaskState } from '../domain/states.ts';
import type { Task, TaskKind } from '../domain/task.ts';
import type { Db } from './database.ts';
import type { Cursor } from './paging.ts';
import type { Database } from './schema.ts';
import { selectTasks, toTask } from './tasks.ts';

export interface TaskFilter {
  /** Any of these, by either of their ids. */
  readonly ids?: readonly string[] | undefined;
  readonly states?: readonly TaskState[] | undefined;
  readonly kinds?: readonly TaskKind[] | undefined;
  /** Of any of these images, by their UUIDs or Alibaba's ids: a task outlives its image. */
  readonly images?: readonly string[] | undefined;
  readonly region?: string | undefined;
  /** Epoch milliseconds, inclusive. */
  readonly createdSince?: number | undefined;
  /** Epoch milliseconds, exclusive. */
  readonly createdUntil?: number | undefined;
  /** Only of images in these projects; null: in all. */
  readonly projects: readonly string[] | null;
  /** Only those after it in the list. */
  readonly after?: Cursor | undefined;
  readonly offset: number;
  readonly limit: number;
}

/** Those of the account's tasks that the filter lets through, newest first, and how many there are in all. */
export async function listTasks(
  db: Db,
  accountId: string,
  filter: TaskFilter,
): Promise<{ readonly tasks: readonly Task[]; readonly total: number }> {
  const matching = (task: TaskExpressions) => {
    const { ids, states, kinds, images, region, createdSince, createdUntil, projects } = filter;
    return task.and([
      task('tasks.account', '=', accountId),
      ...(ids === undefined ? [] : [named(task, ids, 'tasks.id', 'tasks.aliyun_id')]),
      ...(states === undefined ? [] : [task('tasks.state', '=', sql<TaskState>`any(${states}::text[])`)]),
      ...(kinds === undefined ? [] : [task('tasks.kind', '=', sql<TaskKind>`any(${kinds}::text[])`)]),
      ...(images === undefined ? [] : [named(task, images, 'tasks.image', 'tasks.image_aliyun_id')]),
      ...(region === undefined ? [] : [task('regions.id', '=', region)]),
      ...(createdSince === undefined ? [] : [task('tasks.created_at', '>=', createdSince)]),
      ...(createdUntil === undefined ? [] : [task('tasks.created_at', '<', createdUntil)]),
      ...(projects === null ? [] : [task('tasks.project', '=', sql<string>`any(${projects}::uuid[])`)]),
    ]);
  };
  const { after } = filter;
  const rows = await selectTasks(db)
    .where(matching)
    .$if(after !== undefined, (query) =>
      query.where(sql<boolean>`(tasks.created_at, tasks.id) < (${after?.value}, ${after?.id}::uuid)`),
    )
    .orderBy('tasks.created_at', 'desc')
    .orderBy('tasks.id', 'desc')
    .offset(filter.offset)
    .limit(filter.limit)
    .execute();
  const { total } = await db
    .selectFrom('tasks')
    .innerJoin('regions', 'regions.number', 'tasks.region')
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .where(matching)
    // A list's (preparing-client.ts).
    .limit(1)
    .executeTakeFirstOrThrow();
  return { tasks: rows.map(toTask), total };
}

/** The account's imports into these images, of those in the projects; null: in any. An image has one at most. */
export async function findImportsInto(
  db: Db,
  { accountId, projects }: Pick<Principal, 'accountId' | 'projects'>,
  images: readonly string[],
): Promise<Task[]> {
  let query = selectTasks(db)
    .where('tasks.account', '=', accountId)
    .where('tasks.kind', '=', 'import')
    .where('tasks.image', '=', sql<string>`any(${images}::uuid[])`);
  if (projects !== null) query = query.where('tasks.project', '=', sql<string>`any(${projects}::uuid[])`);
  return (await query.execute()).map(toTask);
}

type TaskExpressions = ExpressionBuilder<Database, 'tasks' | 'regions'>;

function named(
  task: TaskExpressions,
  ids: readonly string[],
  uuid: 'tasks.id' | 'tasks.image',
  aliyunId: 'tasks.aliyun_id' | 'tasks.image_aliyun_id',
) {
  return task.or([
    task(uuid, '=', sql<string>`any(${ids.filter(isUuid)}::uuid[])`),
    task(aliyunId, '=', sql<string>`any(${ids}::text[])`),
  ]);
}
