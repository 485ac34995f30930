/** The places in buckets that exports write their objects to: whose an object there is, no account's alone. */
import { sql } from 'kysely';
import type { Task } from '../domain/task.ts';
import { type Db, lockName, type Trx } from './database.ts';

interface Place {
  readonly bucket: string;
  readonly object: string;
}

/**
 * Whether an export, of any account, may still write the object, or has yet to be tidied of it. Whoever asks waits for the
 * others that do, until their transactions end, so that no two begin one. After images (docs/invariants.md).
 */
export async function lockExportPlace(trx: Trx, place: Place): Promise<boolean> {
  await lockName(trx, `export to ${place.bucket}/${place.object}`);
  // A statement of its own: one sees what was committed before it began, so that it must begin with the lock.
  const other = await selectExportsTo(trx, place)
    .where(({ or, eb }) => or([eb('finished_at', 'is', null), eb('untidy', '=', true)]))
    .executeTakeFirst();
  return other !== undefined;
}

/**
 * Whether another export, of any image and account, has made or will make the object. Where there was none of its name when
 * the task was accepted, one that had succeeded before made another, which was removed since.
 */
export async function isObjectOfOther(
  db: Db,
  { id, objects, createdAt }: Pick<Task, 'id' | 'objects' | 'createdAt'>,
  place: Place,
): Promise<boolean> {
  const since = objects.some(({ isNew }) => isNew) ? createdAt : 0;
  const other = await selectExportsTo(db, place)
    .where('id', '<>', id)
    .where('state', 'in', ['queued', 'running', 'succeeded'])
    .where(({ or, eb }) => or([eb('finished_at', 'is', null), eb('finished_at', '>=', since)]))
    .executeTakeFirst();
  return other !== undefined;
}

function selectExportsTo(db: Db | Trx, { bucket, object }: Place) {
  return db
    .selectFrom('tasks')
    .select('id')
    .where('kind', '=', 'export')
    .where(sql<boolean>`objects @> ${JSON.stringify([{ bucket, object }])}::jsonb`);
}
