/** Brings the schema to this version's state. Migrations are the numbered files in `migrations/`; none is ever edited. */
import { readdir, readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import type { Db } from './database.ts';

const directory = new URL('./migrations/', import.meta.url);

async function readMigrations(): Promise<Record<string, Migration>> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql'));
  const migrations: Record<string, Migration> = {};
  for (const name of names) {
    const text = await readFile(new URL(name, directory), 'utf8');
    migrations[name.replace(/\.sql$/, '')] = { up: async (db) => void (await sql.raw(text).execute(db)) };
  }
  return migrations;
}

/** Whether the database has exactly the migrations that this version knows; fails when it does not answer. */
export async function isSchemaCurrent(db: Db): Promise<boolean> {
  const { rows } = await sql<{ name: string }>`SELECT name FROM kysely_migration ORDER BY name`.execute(db);
  const known = Object.keys(await readMigrations()).sort();
  return rows.map(({ name }) => name).join() === known.join();
}

/** The database was migrated by a newer Mimeo than this one. */
export class NewerSchemaError extends Error {
  constructor(options?: ErrorOptions) {
    super('the database was made by a newer version of Mimeo; start that version, or restore an older backup', options);
    this.name = 'NewerSchemaError';
  }
}

/** Applies what is missing, all in one transaction and one server at a time. Returns the names of the migrations applied. */
export async function migrate(db: Db): Promise<string[]> {
  const migrations = await readMigrations();
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) return (results ?? []).map(({ migrationName }) => migrationName);
  if (error instanceof Error && error.message.includes('previously executed migration')) {
    throw new NewerSchemaError({ cause: error });
  }
  throw error;
}
