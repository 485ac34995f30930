/** Composition: builds every part from the configuration, in the order in which they need each other. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { AppContext } from '../app/context.ts';
import { abandonDeadUploads } from '../app/upload-disk.ts';
import type { Config } from '../config/schema.ts';
import { createChunkIndex } from '../db/chunk-index.ts';
import { type DatabaseAddress, openDatabase, serverVersion } from '../db/database.ts';
import { startEmbeddedPostgres } from '../db/embedded/start.ts';
import { claimInstallation, ensureAccount } from '../db/installation.ts';
import { migrate } from '../db/migrate.ts';
import { ensureRegions } from '../db/regions.ts';
import { createStoreLedger } from '../db/store-ledger.ts';
import { newUuid } from '../domain/ids.ts';
import { openQueue } from '../jobs/queue.ts';
import { startWorker } from '../jobs/worker.ts';
import { systemClock } from '../lib/clock.ts';
import { writeFileDurably } from '../lib/durable-file.ts';
import { createNativeApi } from '../protocols/native/app.ts';
import { openFilesystemStore } from '../store/drivers/filesystem/filesystem-store.ts';
import { deriveKey, hash } from '../store/hash.ts';
import type { RegionStore } from '../store/region-store.ts';
import type { StoreLedger } from '../store/store-ledger.ts';
import { claimStore } from '../store/store-owner.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createComputePool } from '../transfer/compute/pool.ts';
import type { TransferSettings } from '../transfer/settings.ts';
import { type DataDirectory, openDataDirectory } from './data-directory.ts';
import { createDataPlane } from './data-plane.ts';
import { startHousekeeping } from './housekeeping.ts';
import { createTeardown, type Teardown } from './teardown.ts';
import { version } from './version.ts';

export interface RunningServer {
  readonly url: string;
  readonly dataDirectory: string;
  /** What the native API takes as a bearer token. */
  readonly token: string;
  /** True when this start made the installation. */
  readonly isNew: boolean;
  /** Resolves, with what happened, if a part without which nothing works has fallen. */
  readonly fallen: Promise<string>;
  /** Stops everything: requests first, then copies, which are handed back to the queue, the database last. */
  stop(): Promise<void>;
}

/** Starts a server. Whatever was started is stopped again if a later part does not start. */
export async function startServer(config: Config, logger: Logger): Promise<RunningServer> {
  const teardown = createTeardown(logger);
  try {
    return await start(config, logger, teardown);
  } catch (error) {
    await teardown.run();
    throw error;
  }
}

async function start(config: Config, logger: Logger, teardown: Teardown): Promise<RunningServer> {
  const directory = await openDataDirectory(config.dataDirectory, { softwareVersion: version });
  teardown.add('data directory', () => directory.close());

  const database = await openDatabaseServer(config, directory, logger, teardown);
  const db = openDatabase(database.address, config.databaseConnections, (error) => {
    logger.warn({ error }, 'a database connection was lost');
  });
  teardown.add('database connections', () => db.destroy());
  await migrate(db);
  const keyCheck = hash(deriveKey('mimeo master key check 1', directory.masterKey));
  const installation = await claimInstallation(db, newUuid(randomBytes), keyCheck);
  const accountId = await ensureAccount(db, {
    id: newUuid(randomBytes),
    name: 'default',
    createdAt: systemClock.now(),
  });
  const regionNumbers = await ensureRegions(db, config.regions);

  const stores = new Map<string, RegionStore>();
  const ledgers = new Map<string, StoreLedger>();
  for (const [region, number] of regionNumbers) {
    const blobs = await openFilesystemStore({
      directory: join(directory.regions, region),
      reserveBytes: config.reserveBytes,
    });
    await claimStore(region, blobs, installation);
    stores.set(region, { region, blobs, index: createChunkIndex(db, number) });
    ledgers.set(region, createStoreLedger(db, number));
  }
  const compute = createComputePool(config.threads || Math.min(8, availableParallelism()));
  teardown.add('worker threads', () => compute.close());
  const transfer = transferSettings(config, compute.threads);
  const chunkKey = chunkKeys(directory.masterKey, config.chunkScope);

  const queue = await openQueue(
    database.address,
    { groupCap: config.copiesPerGroup, concurrency: config.copyWorkers, heartbeatSeconds: config.heartbeatSeconds },
    logger,
  );
  teardown.add('queue', () => queue.stop(5000), 7000);

  const server = directory.instanceId;
  const clock = systemClock;
  const context: AppContext = {
    db,
    queue,
    dataPlane: createDataPlane({ stores, ledgers, chunkKey, compute, settings: transfer }),
    regionNumbers,
    clock,
    random: randomBytes,
    logger,
    server,
    graceMs: config.graceSeconds * 1000,
  };
  await abandonDeadUploads(context, true);
  const housekeeping = startHousekeeping(context);
  teardown.add('housekeeping', () => housekeeping.stop());

  if (config.copyWorkers > 0) {
    const newId = () => newUuid(randomBytes);
    const maxAttempts = config.copyAttempts;
    const worker = await startWorker(
      { db, queue, stores, regionNumbers, chunkKey, compute, transfer, clock, newId, logger, server, maxAttempts },
      database.address,
    );
    teardown.add('copies', () => worker.stop());
  }

  const startedAt = clock.now();
  const api = createNativeApi({
    context,
    caller: { accountId },
    token: directory.token,
    status: async () => ({
      version,
      dataDirectory: directory.path,
      database: { version: await serverVersion(db), embedded: config.databaseUrl === undefined },
      regions: config.regions,
      uptimeSeconds: Math.round((clock.now() - startedAt) / 1000),
    }),
  });
  await listen(api, config);
  // Requests in progress are cut off: a copy or an upload is told by its own state, not by the request's end.
  teardown.add('requests', async () => {
    api.server.closeAllConnections();
    await api.close();
  });
  const url = urlOf(api.server.address() as AddressInfo);
  const serverFile = join(directory.path, 'server.json');
  await writeFileDurably(serverFile, `${JSON.stringify({ url, pid: process.pid })}\n`);
  teardown.add('server file', () => rm(serverFile, { force: true }));
  logger.info({ url, dataDirectory: directory.path, version }, 'server started');
  return {
    url,
    dataDirectory: directory.path,
    token: directory.token,
    isNew: directory.isNew,
    fallen: database.fallen,
    stop: () => teardown.run(),
  };
}

async function openDatabaseServer(
  config: Config,
  directory: DataDirectory,
  logger: Logger,
  teardown: Teardown,
): Promise<{ address: DatabaseAddress; fallen: Promise<string> }> {
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

function transferSettings(config: Config, threads: number): TransferSettings {
  const { chunkMin, chunkMean, chunkMax, segmentBytes, packBytes, readBytes } = config;
  return {
    cut: { minChunk: chunkMin, meanChunk: chunkMean, maxChunk: chunkMax, segment: segmentBytes },
    packBytes,
    readBytes,
    // One more than threads: while each computes, another lane reads or writes.
    lanes: threads + 1,
  };
}

/** Chunk ids are keyed with a key of the account, or of the whole installation (design §4). */
function chunkKeys(masterKey: Uint8Array, scope: Config['chunkScope']): (accountId: string) => Uint8Array {
  const installation = deriveKey('mimeo chunk ids of an installation 1', masterKey);
  if (scope === 'installation') return () => installation;
  const base = deriveKey('mimeo chunk ids of an account 1', masterKey);
  return (accountId) => deriveKey(`mimeo chunk ids of account ${accountId} 1`, base);
}

async function listen(api: FastifyInstance, { host, port }: Config): Promise<void> {
  try {
    await api.listen({ host, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const message = `something else listens on ${host} port ${port}; choose another with --port or MIMEO_PORT (0 takes any)`;
    throw new Error(message, { cause: error });
  }
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
