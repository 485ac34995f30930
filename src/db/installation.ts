/** The one row that says which installation this database belongs to, and the account that every installation has. */
import type { Db } from './database.ts';

/** The database belongs to an installation with another master key: chunk ids made here would match nothing there. */
export class OtherInstallationError extends Error {
  constructor() {
    super(
      'the database was set up with another master key; use the data directory it was set up with, or copy its master.key',
    );
    this.name = 'OtherInstallationError';
  }
}

/**
 * Registers the installation on first use, with `id`; afterwards refuses any other master key. `check` is a hash of the key.
 * Returns the id that the installation has, which is as old as the database.
 */
export async function claimInstallation(db: Db, id: string, check: Uint8Array): Promise<string> {
  await db
    .insertInto('installation')
    .values({ id, master_key_check: Buffer.from(check) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await db.selectFrom('installation').select(['id', 'master_key_check']).executeTakeFirstOrThrow();
  if (Buffer.compare(row.master_key_check, check) !== 0) throw new OtherInstallationError();
  return row.id;
}

/** The account of this name; made with `id` when there is none. */
export async function ensureAccount(db: Db, account: { id: string; name: string; createdAt: number }): Promise<string> {
  await db
    .insertInto('accounts')
    .values({ id: account.id, name: account.name, created_at: account.createdAt })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await db.selectFrom('accounts').select('id').where('name', '=', account.name).executeTakeFirstOrThrow();
  return row.id;
}
