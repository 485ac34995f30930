/**
 * The embedded PostgreSQL: a real one, from npm, on a Unix socket that only its own user and root can open. It keeps
 * everything in the data directory, whose lock the caller holds, outlives no orderly stop, and whatever an unorderly
 * one leaves (a running server, stale files, half a cluster) does not keep it from starting again.
 */
import { realpath, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Logger } from '../../telemetry/logger.ts';
import { prepareBinaries } from './binaries.ts';
import { ensureCluster, user } from './cluster.ts';
import { takeOver } from './orphans.ts';
import { port, preparePlaces, prepareSystemFolder } from './places.ts';
import { type Connection, waitUntilReady } from './ready.ts';
import { chooseUser } from './run-as.ts';
import { type Server, type ServerExit, startServer } from './server.ts';

export interface EmbeddedPostgresOptions {
  /** The data directory; the caller has locked it. */
  readonly directory: string;
  readonly logger: Logger;
  readonly signal?: AbortSignal | undefined;
  /** Where root puts what PostgreSQL's user could not get at elsewhere. */
  readonly systemFolder?: string;
}

export interface EmbeddedPostgres {
  readonly connection: Connection;
  /** PostgreSQL's, such as 18.4. */
  readonly version: string;
  /** Whether it was stopped or fell. */
  readonly exited: Promise<ServerExit>;
  /** Resolves when it is gone; may be called again. */
  stop(): Promise<void>;
}

export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { logger, signal, systemFolder = '/var/lib/mimeo' } = options;
  const directory = await realpath(options.directory);
  const runAs = await chooseUser(join(directory, 'postgres', 'data'));
  const places = await preparePlaces(directory, runAs, systemFolder);
  const binaries = await prepareBinaries({
    runAs,
    copies: async () => (runAs ? prepareSystemFolder(systemFolder, runAs) : directory),
  });

  let server: Server;
  let connection: Connection;
  const lock = await takeOver(places, { logger, signal });
  try {
    signal?.throwIfAborted();
    const password = await ensureCluster({ places, binaries, runAs, lockFd: lock.fd });
    signal?.throwIfAborted();
    connection = { host: places.sockets, port, user, password, database: 'mimeo', ssl: false };
    server = startServer({ places, binaries, runAs, lockFd: lock.fd, logger });
  } finally {
    // From here on PostgreSQL's processes alone hold it.
    lock.release();
  }

  async function stop(): Promise<void> {
    await server.stop();
    if (dirname(places.sockets) !== places.home) await rm(places.sockets, { recursive: true, force: true });
  }

  try {
    const version = await waitUntilReady(server, connection, signal);
    return { connection, version, exited: server.exited, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
