/**
 * Runs once around all tests. It gives them a temporary folder of their own (`os.tmpdir()` answers with it) and fails
 * the run when one of them leaves something behind in it; and a PostgreSQL, with a migrated database to clone
 * (`test/support/database.ts`).
 */
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { openDatabase } from '../src/db/database.ts';
import { startEmbeddedPostgres } from '../src/db/embedded/start.ts';
import { migrate } from '../src/db/migrate.ts';
import { openQueue } from '../src/jobs/queue.ts';
import { silentLogger } from '../src/telemetry/logger.ts';

/** How a test reaches the PostgreSQL of the run. */
export interface TestServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Made by nobody but the cluster; for statements about other databases. */
  readonly database: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: TestServer;
    /** A database as a started server leaves it: migrated, and with the queue's tables. */
    template: string;
  }
}

const template = 'template_mimeo';

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  // A short name: the path of a Unix socket in it must stay under 108 bytes.
  const folder = await mkdtemp(join(tmpdir(), 'mimeo-'));
  // Started as root, PostgreSQL runs as another user, who has to pass through.
  await chmod(folder, 0o711);
  process.env['TMPDIR'] = folder;

  const directory = join(folder, 'postgres-of-the-run');
  await mkdir(directory, { mode: 0o711 });
  const postgres = await startEmbeddedPostgres({ directory, logger: silentLogger });
  const { host, port, user, password } = postgres.connection;
  const server: TestServer = { host, port, user, password, database: 'postgres' };
  await makeTemplate(server);
  project.provide('postgres', server);
  project.provide('template', template);

  return async function tearDown() {
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
    const left = await readdir(folder);
    await rm(folder, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`Tests left these behind in the temporary folder: ${left.join(', ')}`);
  };
}

async function makeTemplate(server: TestServer): Promise<void> {
  const client = new pg.Client(server);
  await client.connect();
  try {
    // Nothing of a test run has to survive a power cut; the commits of thousands of transactions need not wait for it.
    await client.query(`ALTER ROLE ${client.escapeIdentifier(server.user)} SET synchronous_commit = off`);
    await client.query(`CREATE DATABASE ${template}`);
  } finally {
    await client.end();
  }
  const address = { ...server, database: template };
  const db = openDatabase(address, 1, rethrow);
  await migrate(db);
  await db.destroy();
  const queue = await openQueue(address, { groupCap: 1, concurrency: 1, heartbeatSeconds: 10 }, silentLogger);
  await queue.stop(5000);
}

function rethrow(error: Error): never {
  throw error;
}
