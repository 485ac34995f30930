/** The one row that says which installation this database belongs to, and what holds its keys. */
import type { Db } from './database.ts';

/** The database belongs to an installation with another master key: chunk ids made here would match nothing there. */
export class OtherInstallationError extends Error {
  constructor() {
    super(
      'the database was set up with another master key; use the data directory it was set up with, or copy its master.key, ' +
        'or give masterKey or masterKeyCommand as it was given then',
    );
    this.name = 'OtherInstallationError';
  }
}

/** Another key provider holds the keys in the database: none of them would open here, and there none that is made here. */
export class OtherKeyProviderError extends Error {
  constructor(holder: string) {
    super(`the keys in the database are held by the key provider ${holder}; start with keyProvider ${holder}`);
    this.name = 'OtherKeyProviderError';
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

/** Registers what holds the keys; refuses another while there is any key. The installation has to be registered. */
export async function claimKeyProvider(db: Db, name: string): Promise<void> {
  await db
    .updateTable('installation')
    .set({ key_provider: name })
    .where(({ or, eb, not, exists, selectFrom }) =>
      or([
        eb('key_provider', 'is', null),
        not(exists(selectFrom('keys').select('keys.id').where('destroyed', '=', false))),
      ]),
    )
    .execute();
  const row = await db.selectFrom('installation').select('key_provider').executeTakeFirstOrThrow();
  if (row.key_provider !== name) throw new OtherKeyProviderError(String(row.key_provider));
}
