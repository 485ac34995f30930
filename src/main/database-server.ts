/** The database: one's own by its URL, or the embedded one in the data directory; migrated, and claimed for this installation. */
import { randomBytes } from 'node:crypto';
import type { Config } from '../config/schema.ts';
import { type DatabaseAddress, type Db, openDatabase } from '../db/database.ts';
import { startEmbeddedPostgres } from '../db/embedded/start.ts';
import { claimInstallation } from '../db/installation.ts';
import { migrate } from '../db/migrate.ts';
import { newUuid } from '../domain/ids.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { DataDirectory } from './data-directory.ts';
import type { Teardown } from './teardown.ts';

export interface DatabaseServer {
  readonly db: Db;
  readonly address: DatabaseAddress;
  /** The installation's id, which is as old as the database. */
  readonly installation: string;
  /** Resolves, with what happened, if the embedded server has fallen. */
  readonly fallen: Promise<string>;
}

/** `keyCheck`: a hash of the master key; a database that was set up with another one is refused. */
export async function openDatabaseServer(
  config: Config,
  directory: DataDirectory,
  keyCheck: Uint8Array,
  logger: Logger,
  teardown: Teardown,
): Promise<DatabaseServer> {
  const { address, fallen } = await findServer(config, directory, logger, teardown);
  let closing = false;
  const onError = (error: Error) => {
    // The embedded server may be gone before it has read that a connection is closed.
    if (!closing) logger.warn({ error }, 'a database connection was lost');
  };
  const db = openDatabase(address, config.databaseConnections, onError, { prepare: config.databasePrepare });
  teardown.add('database connections', () => {
    closing = true;
    return db.destroy();
  });
  await migrate(db);
  const installation = await claimInstallation(db, newUuid(randomBytes), keyCheck);
  return { db, address, installation, fallen };
}

async function findServer(
  config: Config,
  directory: DataDirectory,
  logger: Logger,
  teardown: Teardown,
): Promise<Pick<DatabaseServer, 'address' | 'fallen'>> {
  if (config.databaseUrl !== undefined) {
    // Losing it is no reason to end: it comes back, and every job goes on from what is durable.
    return { address: { connectionString: config.databaseUrl }, fallen: new Promise(() => {}) };
  }
  const postgres = await startEmbeddedPostgres({ directory: directory.path, logger });
  teardown.add('embedded database', () => postgres.stop(), 15_000);
  const fallen = postgres.exited.then(
    ({ code, signal }) => `the embedded database ended (${signal ?? `exit code ${code}`})`,
  );
  return { address: postgres.connection, fallen };
}
