/**
 * Receipts: some clients are told of a job and ask for its outcome afterwards, where Mimeo does at once what they ask for. The
 * outcome is kept for them, in the words of their dialect.
 */
import type { Db, Trx } from '../db/database.ts';
import { findReceipt as findReceiptRow, insertReceipt, type Receipt } from '../db/receipts.ts';
import { newUuid } from '../domain/ids.ts';
import { demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';

/** Seven days: longer than any client polls. */
const keptMs = 7 * 24 * 3600 * 1000;

/** Keeps what was done for the caller; `db` may be the transaction that did it. */
export async function keepReceipt(
  { db, clock, random }: Pick<AppContext, 'clock' | 'random'> & { readonly db: Db | Trx },
  { accountId }: Pick<Caller, 'accountId'>,
  { kind, result }: Pick<Receipt, 'kind' | 'result'>,
): Promise<Receipt> {
  const createdAt = clock.now();
  const receipt = { id: newUuid(random), accountId, kind, result, createdAt, expiresAt: createdAt + keptMs };
  await insertReceipt(db, receipt);
  return receipt;
}

/**
 * The account's receipt; undefined when there is none, or none any more. It lies in no project: whoever is kept to some is told
 * of it, too, as its id is known only to whom it was given.
 */
export async function findReceipt(context: AppContext, caller: Caller, id: string): Promise<Receipt | undefined> {
  demand(caller, 'image.read');
  return await findReceiptRow(context.db, caller.accountId, id, context.clock.now());
}
