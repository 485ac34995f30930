/** The rows of receipts: jobs that were done when they were asked for, for clients that ask afterwards how they went. */
import { isUuid } from '../domain/ids.ts';
import type { Db, Trx } from './database.ts';

export interface Receipt {
  readonly id: string;
  readonly accountId: string;
  /** In the dialect's words. */
  readonly kind: string;
  /** As JSON keeps it; never a secret. */
  readonly result: unknown;
  /** Epoch milliseconds, as below. */
  readonly createdAt: number;
  readonly expiresAt: number;
}

export async function insertReceipt(db: Db | Trx, receipt: Receipt): Promise<void> {
  await db
    .insertInto('receipts')
    .values({
      id: receipt.id,
      account: receipt.accountId,
      kind: receipt.kind,
      result: JSON.stringify(receipt.result),
      created_at: receipt.createdAt,
      expires_at: receipt.expiresAt,
    })
    .execute();
}

/** The account's receipt of this id that has not expired by `now`. */
export async function findReceipt(
  db: Db | Trx,
  accountId: string,
  id: string,
  now: number,
): Promise<Receipt | undefined> {
  if (!isUuid(id)) return undefined;
  return await db
    .selectFrom('receipts')
    .select(['id', 'account as accountId', 'kind', 'result', 'created_at as createdAt', 'expires_at as expiresAt'])
    .where('id', '=', id)
    .where('account', '=', accountId)
    .where('expires_at', '>', now)
    .executeTakeFirst();
}
