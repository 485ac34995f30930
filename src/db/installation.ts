/** The one row that says which installation this database belongs to. */
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
