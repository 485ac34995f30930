/** An account's part of a region: the lock under which its copies are admitted, and what it uses of its quotas. */
import { type RawBuilder, sql } from 'kysely';
import type { Charge, ChargedKind, QuotaKind, Quotas } from '../domain/quota.ts';
import type { Db, Trx } from './database.ts';

export interface AccountRegion {
  readonly accountId: string;
  readonly region: string;
}

export type DefaultQuotas = Readonly<Record<QuotaKind, number>>;

const usageColumns = sql`
  coalesce(q.images_used, 0) AS "imagesUsed", coalesce(q.snapshots_used, 0) AS "snapshotsUsed",
  coalesce(q.bytes_used, 0) AS "bytesUsed", q.images_limit AS "imagesLimit", q.snapshots_limit AS "snapshotsLimit",
  q.bytes_limit AS "bytesLimit", q.copies_limit AS "copiesLimit"`;

/**
 * Locks the account's part of the region until the transaction ends, making its row if there is none. After images and before
 * snapshots, copies and uploads (docs/invariants.md).
 */
export async function lockAccountRegion(trx: Trx, place: AccountRegion): Promise<void> {
  await lockUsage(trx, place);
}

/** As {@link lockAccountRegion}; what the account uses there stays so until then. Its copies, which may be many, are not counted. */
export async function lockQuotas(trx: Trx, place: AccountRegion, defaults: DefaultQuotas): Promise<Quotas> {
  return toQuotas({ ...(await lockUsage(trx, place)), copiesUsed: 0 }, defaults);
}

async function lockUsage(trx: Trx, place: AccountRegion): Promise<UsageRow> {
  const locked = await lockRow(trx, place);
  if (locked !== undefined) return locked;
  await sql`
    INSERT INTO account_regions (account, region) SELECT ${place.accountId}, number FROM regions WHERE id = ${place.region}
    ON CONFLICT DO NOTHING`.execute(trx);
  return (await lockRow(trx, place)) as UsageRow;
}

/**
 * The advisory lock is there for fairness: those who wait for a row that is updated all the time are overtaken again and
 * again (16 clients: p99 1.0 s, in turn 0.2 s). What is promised rests on the row's lock alone.
 */
async function lockRow(trx: Trx, { accountId, region }: AccountRegion): Promise<UsageRow | undefined> {
  const { rows } = await sql<UsageRow>`
    SELECT ${usageColumns} FROM account_regions q
    WHERE q.account = ${accountId} AND q.region = (SELECT number FROM regions WHERE id = ${region})
      AND (SELECT pg_advisory_xact_lock(hashtextextended(${`${accountId} ${region}`}, 0))) IS NOT NULL
    FOR UPDATE`.execute(trx);
  return rows[0];
}

interface UsageRow {
  readonly imagesUsed: number;
  readonly snapshotsUsed: number;
  readonly bytesUsed: number;
  readonly imagesLimit: number | null;
  readonly snapshotsLimit: number | null;
  readonly bytesLimit: number | null;
  readonly copiesLimit: number | null;
}

interface QuotasRow extends UsageRow {
  readonly copiesUsed: number;
}

/** What the account uses of each of `regions`, by region; limits that no administrator has set are `defaults`. */
export async function readQuotas(
  db: Db | Trx,
  accountId: string,
  regions: readonly string[],
  defaults: DefaultQuotas,
): Promise<Map<string, Quotas>> {
  const { rows } = await sql<QuotasRow & { readonly region: string }>`
    SELECT r.id AS region, ${usageColumns},
           (SELECT count(*) FROM copies c WHERE c.account = ${accountId} AND c.destination_region = r.number
              AND c.finished_at IS NULL) AS "copiesUsed"
    FROM regions r LEFT JOIN account_regions q ON q.region = r.number AND q.account = ${accountId}
    WHERE r.id = any(${regions})`.execute(db);
  return new Map(rows.map((row) => [row.region, toQuotas(row, defaults)]));
}

function toQuotas(row: QuotasRow, defaults: DefaultQuotas): Quotas {
  return {
    images: { used: row.imagesUsed, limit: row.imagesLimit ?? defaults.images },
    snapshots: { used: row.snapshotsUsed, limit: row.snapshotsLimit ?? defaults.snapshots },
    bytes: { used: row.bytesUsed, limit: row.bytesLimit ?? defaults.bytes },
    copies: { used: row.copiesUsed, limit: row.copiesLimit ?? defaults.copies },
  };
}

/** Sets the limits that are given; null goes back to the configured one. */
export async function setLimits(
  trx: Trx,
  { accountId, region }: AccountRegion,
  limits: Readonly<Partial<Record<QuotaKind, number | null>>>,
): Promise<void> {
  await lockAccountRegion(trx, { accountId, region });
  const columns = Object.entries(limits).map(([kind, limit]) => [`${kind}_limit`, limit]);
  if (columns.length === 0) return;
  await trx
    .updateTable('account_regions')
    .set(Object.fromEntries(columns))
    .where('account', '=', accountId)
    .where('region', '=', ({ selectFrom }) => selectFrom('regions').select('number').where('id', '=', region))
    .execute();
}

/** The statement that adds to what is used; whether it fits is asked before, under the lock (`quotaRefusal`). */
export function charge({ accountId, region }: AccountRegion, amount: Charge): RawBuilder<unknown> {
  return sql`
    INSERT INTO account_regions (account, region, images_used, snapshots_used, bytes_used)
    SELECT ${accountId}, number, ${amount.images}, ${amount.snapshots}, ${amount.bytes} FROM regions WHERE id = ${region}
    ON CONFLICT (account, region) DO UPDATE SET
      images_used = account_regions.images_used + excluded.images_used,
      snapshots_used = account_regions.snapshots_used + excluded.snapshots_used,
      bytes_used = account_regions.bytes_used + excluded.bytes_used`;
}

/** Takes away from what is used, by the region's number. */
export async function giveBack(
  trx: Trx,
  place: { readonly account: string; readonly region: number },
  amount: Partial<Record<ChargedKind, number>>,
): Promise<void> {
  await trx
    .updateTable('account_regions')
    .set(({ eb }) => ({
      images_used: eb('images_used', '-', amount.images ?? 0),
      snapshots_used: eb('snapshots_used', '-', amount.snapshots ?? 0),
      bytes_used: eb('bytes_used', '-', amount.bytes ?? 0),
    }))
    .where('account', '=', place.account)
    .where('region', '=', place.region)
    .execute();
}
