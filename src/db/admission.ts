/** Admission (design §5): which waiting copies may start, decided under a lock for their group. */
import { sql } from 'kysely';
import type { CopyState } from '../domain/states.ts';
import type { Db, Trx } from './database.ts';

/** The copies that a cap counts together. */
export interface CopyGroup {
  readonly accountId: string;
  /** Where the copies go to. */
  readonly region: string;
}

/** Locks the group until the transaction ends, making its row if there is none. */
export async function lockGroup(trx: Trx, { accountId, region }: CopyGroup): Promise<void> {
  await sql`
    INSERT INTO copy_groups (account, region) SELECT ${accountId}, number FROM regions WHERE id = ${region}
    ON CONFLICT DO NOTHING`.execute(trx);
  await sql`
    SELECT FROM copy_groups
    WHERE account = ${accountId} AND region = (SELECT number FROM regions WHERE id = ${region})
    FOR UPDATE`.execute(trx);
}

/** Ids of the copies that there is room for now, first come first; the caller sends a job for each before it commits. */
export async function takeAdmissible(trx: Trx, group: CopyGroup, cap: number): Promise<string[]> {
  await lockGroup(trx, group);
  const { rows } = await sql<{ id: string }>`
    WITH members AS (
      SELECT c.id, c.job, c.sequence FROM copies c JOIN regions r ON r.number = c.destination_region
      WHERE c.account = ${group.accountId} AND r.id = ${group.region} AND c.finished_at IS NULL
    )
    SELECT id FROM members WHERE job IS NULL ORDER BY sequence
    LIMIT greatest(0, ${cap} - (SELECT count(*) FROM members WHERE job IS NOT NULL))`.execute(trx);
  return rows.map(({ id }) => id);
}

/** Notes the job that was sent for the copy: from now on it counts as admitted. */
export async function noteJob(trx: Trx, copy: string, job: string): Promise<void> {
  await trx.updateTable('copies').set({ job }).where('id', '=', copy).execute();
}

/** Groups in which a copy waits without a job. */
export async function listWaitingGroups(db: Db): Promise<CopyGroup[]> {
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
