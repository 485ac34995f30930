/** Everything of a server but its process: a database, stores in memory, the queue, the use cases' and the worker's context. */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AppContext, Caller } from '../../src/app/context.ts';
import { copyImages } from '../../src/app/copy-images.ts';
import { createCopyKeys } from '../../src/app/copy-keys.ts';
import { createImage } from '../../src/app/create-image.ts';
import { findCopy } from '../../src/app/find-copy.ts';
import { createOpenedKeys } from '../../src/app/keys/opened-keys.ts';
import { readDisk } from '../../src/app/read-disk.ts';
import { hashToken } from '../../src/app/tenants/session-token.ts';
import { uploadDisk } from '../../src/app/upload-disk.ts';
import { createChunkIndex } from '../../src/db/chunk-index.ts';
import { findDataKey, type WrappedDataKey } from '../../src/db/keys/data-keys.ts';
import { readVersion } from '../../src/db/keys/versions.ts';
import { ensureRegions } from '../../src/db/regions.ts';
import { createSegmentLog } from '../../src/db/segment-log.ts';
import { createStoreLedger } from '../../src/db/store-ledger.ts';
import { createCredentials } from '../../src/db/tenants/credentials.ts';
import { createNonceMemory } from '../../src/db/tenants/nonces.ts';
import type { Copy, CopyWishes } from '../../src/domain/copy.ts';
import { newUuid } from '../../src/domain/ids.ts';
import type { Image } from '../../src/domain/image.ts';
import type { QuotaKind } from '../../src/domain/quota.ts';
import { createEgress } from '../../src/egress/egress.ts';
import type { CopyContext } from '../../src/jobs/copy-context.ts';
import { runCopy } from '../../src/jobs/copy-image.ts';
import { openQueue, type Queue } from '../../src/jobs/queue.ts';
import { deriveDataKeys } from '../../src/kms/data-key.ts';
import type { Run } from '../../src/lib/extent-stream.ts';
import { createPasswords } from '../../src/lib/passwords.ts';
import { bytesOf } from '../../src/lib/raw-stream.ts';
import { createSecretBox } from '../../src/lib/secret-box.ts';
import { copyPolicies } from '../../src/main/copy-policies.ts';
import { createDataPlane } from '../../src/main/data-plane.ts';
import type { ObjectStore } from '../../src/objects/object-store.ts';
import { nativeCopyPolicy } from '../../src/protocols/native/copy-policy.ts';
import type { BlobStore } from '../../src/store/blob-store.ts';
import type { DiskSealing } from '../../src/store/disk-keys.ts';
import { createMemoryStore } from '../../src/store/drivers/memory/memory-store.ts';
import { type FaultScripts, faultyStore } from '../../src/store/faulty-blob-store.test-support.ts';
import { hash } from '../../src/store/hash.ts';
import type { RegionStore } from '../../src/store/region-store.ts';
import type { StoreLedger } from '../../src/store/store-ledger.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';
import { type ComputePool, createComputePool } from '../../src/transfer/compute/pool.ts';
import type { TransferSettings } from '../../src/transfer/settings.ts';
import { expectSound } from './check-invariants.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { createMemoryKeyProvider, type MemoryKeyProvider } from './memory-key-provider.ts';
import { createTenant } from './tenants.ts';

const KiB = 1024;

/** Small, so that a disk of a few megabytes has many segments, packs and chunks. */
export const smallSettings: TransferSettings = {
  cut: { minChunk: 4 * KiB, meanChunk: 16 * KiB, maxChunk: 64 * KiB, segment: 1024 * KiB },
  packBytes: 256 * KiB,
  lanes: 2,
  readBytes: 256 * KiB,
};

export const regions = ['north', 'south'] as const;
export type TestRegion = (typeof regions)[number];

export interface Installation {
  readonly database: TestDatabase;
  readonly context: AppContext;
  /** What a worker on this server is given. */
  readonly copying: CopyContext;
  readonly metrics: Metrics;
  readonly queue: Queue;
  readonly compute: ComputePool;
  readonly keyProvider: MemoryKeyProvider;
  /** What the settings say of keys; nothing until a test does. */
  readonly keyLimits: TestKeyLimits;
  /** An owner of the account that runs the installation. */
  readonly operator: Caller;
  /** An account of its own for each test: another group, other images. */
  newCaller(): Promise<Caller>;
  /** What is in a region's medium, past all faults. */
  readonly blobs: Readonly<Record<TestRegion, BlobStore>>;
  /** From now on the region's medium fails as the scripts say; none of them: it is sound. */
  fail(region: TestRegion, scripts?: FaultScripts): void;
  /** Lets the clock go on. */
  advance(ms: number): void;
  /** Fails the test when an invariant does not hold. */
  expectSound(): Promise<void>;
  close(): Promise<void>;
}

export interface TestKeyLimits {
  readonly keylessRegions: Set<string>;
  readonly defaultKeyRegions: Set<string>;
  keyAccounts: Set<string> | undefined;
}

export interface InstallationOptions {
  readonly groupCap?: number;
  readonly concurrency?: number;
  readonly quotas?: Partial<Record<QuotaKind, number>>;
  /** Without it the installation has none. */
  readonly objects?: ObjectStore;
}

/** Every line is made, and searched for secrets (`database.ts`), though nobody reads it. */
const logger = createLogger('debug', { write() {} });

/** The one in the data directory of a real one. */
export const installationToken = 'token-of-the-installation';

const unlimited = { images: 1e9, snapshots: 1e9, bytes: 1e15 };

export async function createInstallation({
  groupCap = 2,
  concurrency = 4,
  quotas = {},
  objects,
}: InstallationOptions = {}): Promise<Installation> {
  const database = await createTestDatabase({ connections: 8 });
  const { db, address } = database;
  const regionNumbers = await ensureRegions(db, regions);
  const blobs = { north: createMemoryStore(), south: createMemoryStore() };
  const media: Record<TestRegion, BlobStore> = { ...blobs };
  const stores = new Map<string, RegionStore>();
  const ledgers = new Map<string, StoreLedger>();
  for (const region of regions) {
    const number = regionNumbers.get(region) as number;
    const medium = switched(() => media[region]);
    stores.set(region, { region, blobs: medium, index: createChunkIndex(db, number) });
    ledgers.set(region, createStoreLedger(db, number));
  }
  const compute = createComputePool(1);
  const queue = await openQueue(address, { groupCap, concurrency, heartbeatSeconds: 10 }, logger);
  let skipped = 0;
  const clock = { now: () => Date.now() + skipped };
  const chunkKey = (accountId: string) => hash(Buffer.from(accountId));
  const shared = {
    db,
    queue,
    policies: copyPolicies,
    regionNumbers,
    clock,
    logger,
    server: randomUUID(),
  };

  const metrics = createMetrics('0.0.0');
  const keyProvider = createMemoryKeyProvider();
  const keyLimits: TestKeyLimits = {
    keylessRegions: new Set(),
    defaultKeyRegions: new Set(),
    keyAccounts: undefined,
  };

  const segmentLog = (manifest: string, attempt: number) => createSegmentLog(db, manifest, attempt);
  async function openSealing(id: string): Promise<DiskSealing> {
    const { key, version, wrapped, context } = (await findDataKey(db, id)) as WrappedDataKey;
    const bytes = await keyProvider.unwrap(await readVersion(db, key, version), wrapped, context, never);
    const { frames, manifest } = deriveDataKeys(bytes);
    return { id, frames, manifest };
  }

  const context: AppContext = {
    ...shared,
    credentials: createCredentials(db),
    nonces: createNonceMemory(db),
    dataPlane: createDataPlane({
      stores,
      ledgers,
      segmentLog,
      chunkKey,
      compute,
      settings: smallSettings,
    }),
    random: randomBytes,
    graceMs: 0,
    uploadKeepMs: 3_600_000,
    defaultQuotas: { ...unlimited, copies: groupCap, ...quotas },
    installationToken: hashToken(installationToken),
    secrets: createSecretBox(randomBytes(32)),
    keyProvider,
    openedKeys: createOpenedKeys(),
    keyLimits,
    leastDeletionDays: 7,
    passwords: createPasswords({ random: randomBytes }),
    objects,
    egress: createEgress({ allowPrivate: true }),
    idempotencyMs: 24 * 3600 * 1000,
    sessionMs: 12 * 3600 * 1000,
  };

  return {
    database,
    metrics,
    context,
    copying: {
      ...shared,
      metrics: metrics.copies,
      stores,
      chunkKey,
      keys: createCopyKeys(context),
      segmentLog,
      compute,
      transfer: smallSettings,
      newId: () => newUuid(randomBytes),
      maxAttempts: 3,
    },
    queue,
    compute,
    keyProvider,
    keyLimits,
    operator: await createTenant(db, 'operator', { administers: true }),
    newCaller: () => createTenant(db),
    blobs,
    fail(region, scripts = {}) {
      media[region] = faultyStore(blobs[region], scripts);
    },
    advance(ms) {
      skipped += ms;
    },
    expectSound: () => expectSound(db, { groupCap, stores, openSealing }),
    async close() {
      await queue.stop(5000);
      await compute.close();
      await database.close();
    },
  };
}

/** A store that is whatever `current` says at each call. */
function switched(current: () => BlobStore): BlobStore {
  return {
    put: (...args) => current().put(...args),
    get: (...args) => current().get(...args),
    stat: (...args) => current().stat(...args),
    list: (...args) => current().list(...args),
    remove: (...args) => current().remove(...args),
  };
}

/** The bytes as an upload brings them, in pieces. */
export async function* runsOf(bytes: Uint8Array): AsyncGenerator<Run> {
  const piece = 100_000;
  for (let offset = 0; offset < bytes.length; offset += piece) {
    yield { offset, bytes: bytes.subarray(offset, offset + piece) };
  }
}

export const never = new AbortController().signal;

/** Makes an image of these disks and uploads them. */
export async function makeImage(
  context: AppContext,
  caller: Caller,
  disks: readonly Uint8Array[],
  region: TestRegion = 'north',
): Promise<Image> {
  let { result: image } = await createImage(context, caller, {
    region,
    name: 'image',
    description: 'made by a test',
    kind: 'system-disk',
    rootDevice: 'cloud-disk',
    tags: { made: 'by a test' },
    disks: disks.map(({ length }, index) => ({ role: index === 0 ? 'system' : 'data', format: 'raw', size: length })),
  });
  for (const [disk, bytes] of disks.entries()) {
    const command = { image: image.id, disk, size: bytes.length, runs: runsOf(bytes), signal: never };
    image = await uploadDisk(context, caller, command);
  }
  return image;
}

/** Copies one image to one region under the native API's rules. */
export async function copyImage(
  context: AppContext,
  caller: Caller,
  { image, region, ...wishes }: { readonly image: string; readonly region: string } & CopyWishes,
): Promise<Copy> {
  const command = { policy: nativeCopyPolicy, images: [image], regions: [region], ...wishes };
  const { copies } = await copyImages(context, caller, command);
  return copies[0] as Copy;
}

/** Takes the copy up as a worker does that was given its job; returns how it stands afterwards. */
export async function finishCopy({ context, copying }: Installation, caller: Caller, id: string): Promise<Copy> {
  const { job } = await context.db.selectFrom('copies').select('job').where('id', '=', id).executeTakeFirstOrThrow();
  if (job === null) throw new Error(`copy ${id} has no job`);
  await runCopy(id, job, copying, new AbortController());
  return await findCopy(context, caller, id);
}

/** All bytes of a disk. */
export async function readBytes(context: AppContext, caller: Caller, image: string, disk = 0): Promise<Buffer> {
  const { size, runs } = await readDisk(context, caller, image, disk, never);
  return Buffer.concat(await Array.fromAsync(bytesOf(size, runs)));
}

/** Asks again until it is so; the test's own time limit ends it. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await sleep(5);
}
