/** Composition: builds every part from the configuration, in the order in which they need each other. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { AppContext } from '../app/context.ts';
import { createCopyKeys } from '../app/copy-keys.ts';
import type { KeyLimits } from '../app/keys/key-limits.ts';
import { createOpenedKeys } from '../app/keys/opened-keys.ts';
import { hashToken } from '../app/tenants/session-token.ts';
import type { Config } from '../config/schema.ts';
import { serverVersion } from '../db/database.ts';
import { claimKeyProvider } from '../db/installation.ts';
import { createSegmentLog } from '../db/segment-log.ts';
import { createCredentials } from '../db/tenants/credentials.ts';
import { createNonceMemory } from '../db/tenants/nonces.ts';
import { parkUploadsOf } from '../db/uploads.ts';
import { newUuid } from '../domain/ids.ts';
import { createEgress } from '../egress/egress.ts';
import { deliverWebhooks } from '../jobs/deliver-webhooks.ts';
import { openQueue } from '../jobs/queue.ts';
import { startWorker } from '../jobs/worker.ts';
import { systemClock } from '../lib/clock.ts';
import { writeFileDurably } from '../lib/durable-file.ts';
import { createPasswords } from '../lib/passwords.ts';
import { Secret } from '../lib/secret.ts';
import { createNativeApi } from '../protocols/native/app.ts';
import { createTransfers } from '../protocols/shared/transfers.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createComputePool } from '../transfer/compute/pool.ts';
import type { TransferSettings } from '../transfer/settings.ts';
import { copyPolicies } from './copy-policies.ts';
import { openDataDirectory } from './data-directory.ts';
import { createDataPlane } from './data-plane.ts';
import { openDatabaseServer } from './database-server.ts';
import { openDoors } from './doors.ts';
import { ensureTenants, firstKeyNotice } from './first-start.ts';
import { startHousekeeping } from './housekeeping.ts';
import { openKeyProvider } from './key-provider.ts';
import { deriveKeys } from './keys.ts';
import { configuredMasterKey } from './master-key.ts';
import { openRegionStores } from './region-stores.ts';
import { openObjectStore, startTasks } from './tasks.ts';
import { createTeardown, type Teardown } from './teardown.ts';
import { startTracing } from './tracing.ts';
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

/**
 * Starts a server. Whatever was started is stopped again if a later part does not start. `tell` is told what the person at the
 * terminal has to know now, since it is kept nowhere.
 */
export async function startServer(
  config: Config,
  logger: Logger,
  tell: (text: string) => void,
): Promise<RunningServer> {
  const teardown = createTeardown(logger);
  try {
    return await start(config, logger, tell, teardown);
  } catch (error) {
    await teardown.run();
    throw error;
  }
}

async function start(
  config: Config,
  logger: Logger,
  tell: (text: string) => void,
  teardown: Teardown,
): Promise<RunningServer> {
  const readMasterKey = configuredMasterKey(config);
  const directory = await openDataDirectory(config.dataDirectory, { softwareVersion: version, readMasterKey });
  teardown.add('data directory', () => directory.close());
  await traceIfWanted(config, directory.instanceId, logger, teardown);
  const metrics = createMetrics(version);
  const { check, secrets, chunkKey } = deriveKeys(directory.masterKey, config.chunkScope);
  const database = await openDatabaseServer(config, directory, check, logger, teardown);
  const { db } = database;
  const { regionNumbers, stores, ledgers } = await openRegionStores(config, directory.regions, database);

  const clock = systemClock;
  const firstKey = await ensureTenants({ db, clock, random: randomBytes, secrets });
  if (firstKey !== undefined) tell(firstKeyNotice(firstKey, join(directory.path, 'token')));

  const compute = createComputePool(config.threads || Math.min(8, availableParallelism()));
  teardown.add('worker threads', () => compute.close());
  const transfer = transferSettings(config, compute.threads);
  const queue = await openQueue(
    database.address,
    { groupCap: config.copiesPerGroup, concurrency: config.copyWorkers, heartbeatSeconds: config.heartbeatSeconds },
    logger,
  );
  teardown.add('queue', () => queue.stop(5000), 7000);

  const keyProvider = openKeyProvider(config, directory.masterKey, logger, teardown);
  await claimKeyProvider(db, keyProvider.name);
  const egress = createEgress({ allowPrivate: config.webhookPrivateAddresses });
  const segmentLog = (manifest: string, attempt: number) => createSegmentLog(db, manifest, attempt);
  const server = directory.instanceId;
  const shared = { db, queue, policies: copyPolicies, regionNumbers, clock, logger, server };
  const context: AppContext = {
    ...shared,
    ...limitsOf(config),
    credentials: createCredentials(db),
    nonces: createNonceMemory(db),
    dataPlane: createDataPlane({ stores, ledgers, segmentLog, chunkKey, compute, settings: transfer }),
    random: randomBytes,
    installationToken: hashToken(directory.token),
    secrets,
    keyProvider,
    openedKeys: createOpenedKeys(),
    keyLimits: keyLimitsOf(config),
    passwords: createPasswords({ random: randomBytes }),
    objects: openObjectStore(config, teardown),
    egress,
  };
  await parkUploadsOf(db, server, clock.now());
  const housekeeping = startHousekeeping(context, { keepEventsMs: config.eventDays * 24 * 3600 * 1000 });
  teardown.add('housekeeping', () => housekeeping.stop());

  if (config.copyWorkers > 0) {
    const newId = () => newUuid(randomBytes);
    const maxAttempts = config.copyAttempts;
    const worker = await startWorker(
      {
        ...shared,
        stores,
        chunkKey,
        keys: createCopyKeys(context),
        segmentLog,
        compute,
        transfer,
        newId,
        metrics: metrics.copies,
        maxAttempts,
      },
      database.address,
    );
    teardown.add('copies', () => worker.stop());
  }

  await startTasks(context, config, teardown);

  const stopping = new AbortController();
  const webhooks = deliverWebhooks(
    { ...context, maxAttempts: config.webhookAttempts, timeoutMs: 10_000, pollMs: 1000, egress },
    stopping.signal,
  );
  teardown.add('webhooks', () => {
    stopping.abort();
    return webhooks;
  });

  const startedAt = clock.now();
  const transfers = createTransfers(config.transfersAtOnce, config.idleSeconds * 1000);
  const api = createNativeApi({
    context,
    transfers,
    metrics: metrics.requests,
    trustedProxies: config.trustedProxies,
    limits: {
      requestsPerMinute: config.requestsPerMinute,
      bodyBytes: config.bodyBytes,
      requestSeconds: config.requestSeconds,
      // Below the half minute after which proxies and firewalls take a connection for dead.
      heartbeatMs: 15_000,
      clockMs: config.clockSeconds * 1000,
    },
    status: async () => ({
      version,
      dataDirectory: directory.path,
      database: { version: await serverVersion(db), embedded: config.databaseUrl === undefined },
      regions: config.regions,
      uptimeSeconds: Math.round((clock.now() - startedAt) / 1000),
    }),
  });
  const door = await openDoors({
    config,
    context,
    dataDirectory: directory.path,
    stores,
    compute,
    metrics,
    nativeApi: api,
    transfers,
  });
  teardown.add('requests', () => door.close());
  const { url } = door;
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

/** What the use cases are told of the configuration. */
function limitsOf(
  config: Config,
): Pick<
  AppContext,
  'graceMs' | 'uploadKeepMs' | 'defaultQuotas' | 'idempotencyMs' | 'sessionMs' | 'leastDeletionDays'
> {
  return {
    graceMs: config.graceSeconds * 1000,
    uploadKeepMs: config.uploadKeepSeconds * 1000,
    defaultQuotas: {
      images: config.quotaImages,
      snapshots: config.quotaSnapshots,
      bytes: config.quotaBytes,
      copies: config.copiesPerGroup,
    },
    idempotencyMs: config.idempotencySeconds * 1000,
    sessionMs: config.tokenHours * 3600 * 1000,
    leastDeletionDays: config.keyDeletionDays,
  };
}

function keyLimitsOf({ keylessRegions, defaultKeyRegions, keyAccounts }: Config): KeyLimits {
  return {
    keylessRegions: new Set(keylessRegions),
    defaultKeyRegions: new Set(defaultKeyRegions),
    keyAccounts: keyAccounts && new Set(keyAccounts),
  };
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

async function traceIfWanted(config: Config, server: string, logger: Logger, teardown: Teardown): Promise<void> {
  const { otlpEndpoint: endpoint, otlpHeaders, traceRatio: ratio } = config;
  if (endpoint === undefined) return;
  const headers = otlpHeaders === undefined ? undefined : new Secret(otlpHeaders);
  const tracing = await startTracing({ endpoint, headers, ratio, version, server, logger });
  teardown.add('traces', () => tracing.stop(), 7000);
}
