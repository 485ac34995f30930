/** Admission (design §5): which waiting copies may start, decided under the lock of their account's part of the region. */
import { sql } from 'kysely';
import type { CopyState } from '../domain/states.ts';
import type { AccountRegion } from './account-regions.ts';
import type { Db, Trx } from './database.ts';

/**
 * Gives a job's id to each copy that there is room for now, first come first: from then on it counts as admitted. The caller, who
 * holds the lock of their group, sends the jobs before it commits. `cap` is how many of the account's copies to the region
 * run at once where no administrator has set another limit.
 */
export async function admitCopies(trx: Trx, group: AccountRegion, cap: number): Promise<AdmittedCopy[]> {
  const { rows } = await sql<AdmittedCopy>`
    WITH part AS (
      SELECT q.account, q.region, coalesce(q.copies_limit, ${cap}) AS cap FROM account_regions q
      JOIN regions r ON r.number = q.region WHERE q.account = ${group.accountId} AND r.id = ${group.region}
    )
    UPDATE copies SET job = gen_random_uuid() WHERE id IN (
      SELECT c.id FROM copies c JOIN part ON part.account = c.account AND part.region = c.destination_region
      WHERE c.finished_at IS NULL AND c.job IS NULL
      ORDER BY c.sequence
      LIMIT (
        SELECT greatest(0, part.cap - count(admitted.id)) FROM part LEFT JOIN copies admitted
          ON admitted.account = part.account AND admitted.destination_region = part.region
          AND admitted.finished_at IS NULL AND admitted.job IS NOT NULL
        GROUP BY part.cap))
    RETURNING id, job`.execute(trx);
  return rows;
}

/** Notes another job that was sent for the copy. */
export async function noteJob(trx: Trx, copy: string, job: string): Promise<void> {
  await trx.updateTable('copies').set({ job }).where('id', '=', copy).execute();
}

/** Groups in which a copy waits without a job. */
export async function listWaitingGroups(db: Db): Promise<AccountRegion[]> {
  return await db
    .selectFrom('copies')
    .innerJoin('regions', 'regions.number', 'copies.destination_region')
    .select(['copies.account as accountId', 'regions.id as region'])
    .distinct()
    .where('copies.finished_at', 'is', null)
    .where('copies.job', 'is', null)
    .execute();
}

export interface AdmittedCopy {
  readonly id: string;
  readonly job: string;
}

/** Every copy that a job was sent for and that has not ended; see {@link lockAdmitted}. */
export async function listAdmitted(db: Db): Promise<AdmittedCopy[]> {
  return await db
    .selectFrom('copies')
    .select(['id', sql<string>`job`.as('job')])
    .where('finished_at', 'is', null)
    .where('job', 'is not', null)
    .execute();
}

/** Locks a copy that is still as it was listed and returns its state; undefined when it has ended or has another job. */
export async function lockAdmitted(trx: Trx, { id, job }: AdmittedCopy): Promise<CopyState | undefined> {
  const row = await trx
    .selectFrom('copies')
    .select('state')
    .where('id', '=', id)
    .where('job', '=', job)
    .where('finished_at', 'is', null)
    .forUpdate()
    .executeTakeFirst();
  return row?.state;
}
