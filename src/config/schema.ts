/** Every setting: its type, its default, and the environment variable it comes from. Only main reads it. */
import { z } from 'zod';

const MiB = 1024 * 1024;
const regionId = z.string().regex(/^[a-z][a-z0-9-]{1,62}$/, 'must be lower-case letters, digits and hyphens');
const whole = (least: number, most = Number.MAX_SAFE_INTEGER) => z.coerce.number().int().min(least).max(most);
const powerOfTwo = (value: number) => Math.log2(value) % 1 === 0;

export const configSchema = z
  .object({
    dataDirectory: z
      .string()
      .min(1)
      .default('./mimeo-data')
      .describe(
        'Where everything is kept that is not in another database: identity, keys, token, stores, embedded database.',
      ),
    host: z.string().default('127.0.0.1').describe('The address to listen on.'),
    port: whole(0, 65535).default(7420).describe('The port to listen on; 0 takes any free one.'),
    databaseUrl: z
      .string()
      .startsWith('postgres')
      .optional()
      .describe('A PostgreSQL to use, 15 or newer; without it Mimeo runs one in the data directory.'),
    databaseConnections: whole(2, 1000).default(20).describe('Connections of the pool; the queue takes a few more.'),
    regions: z
      .string()
      .default('cn-hangzhou,cn-shanghai,cn-north-1,cn-east-2,region-1')
      .transform((text) => text.split(',').map((part) => part.trim()))
      .pipe(z.array(regionId).min(1))
      .describe(
        'Names of the regions, separated by commas. One that is left out keeps what it has, but cannot be reached.',
      ),
    logLevel: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .describe('debug, info, warn, error or silent.'),
    threads: whole(0, 64)
      .default(0)
      .describe('Worker threads for cutting, hashing and compressing; 0 means one for each processor, at most 8.'),
    chunkMin: whole(1024, 16 * MiB)
      .default(16 * 1024)
      .describe('Least bytes of a chunk. These three shape what is written from now on; what is there stays readable.'),
    chunkMean: whole(4096, 16 * MiB)
      .refine(powerOfTwo, 'must be a power of two')
      .default(64 * 1024)
      .describe('The mean that cutting aims at; a power of two.'),
    chunkMax: whole(4096, 16 * MiB)
      .default(256 * 1024)
      .describe('Most bytes of a chunk.'),
    segmentBytes: whole(MiB, 256 * MiB)
      .refine((value) => value % MiB === 0, 'must be a multiple of 1 MiB')
      .default(8 * MiB)
      .describe('Bytes that are cut independently; a multiple of 1 MiB.'),
    packBytes: whole(MiB, 256 * MiB)
      .default(16 * MiB)
      .describe('A pack is closed at this size.'),
    readBytes: whole(MiB, 62 * MiB)
      .default(2 * MiB)
      .describe('The most that is read from a pack at once.'),
    reserveBytes: whole(0)
      .default(64 * MiB)
      .describe('Free bytes that the stores leave on their file system: an embedded database that cannot write falls.'),
    chunkScope: z
      .enum(['account', 'installation'])
      .default('account')
      .describe('Whose chunks are known by the same ids: `account` keeps tenants from telling what others have.'),
    copiesPerGroup: whole(1, 1000)
      .default(5)
      .describe('Copies of one account to one region that run at once; the others wait in order.'),
    copyWorkers: whole(0, 1000).default(4).describe('Copies that this server runs at once.'),
    heartbeatSeconds: whole(10, 3600).default(30).describe('A worker that was silent for so long is taken for dead.'),
    copyAttempts: whole(1, 1000)
      .default(30)
      .describe('Attempts of one copy before a failure that might have gone away is final.'),
    graceSeconds: whole(0)
      .default(24 * 3600)
      .describe('How long bytes that nothing needs are kept before `store collect` removes them.'),
  })
  .refine((config) => config.chunkMin < config.chunkMean && config.chunkMean < config.chunkMax, {
    message: 'chunkMin < chunkMean < chunkMax must hold',
  });

export type Config = z.infer<typeof configSchema>;

/** The environment variable of each setting. */
export const environmentNames: { readonly [Setting in keyof Config]-?: string } = {
  dataDirectory: 'MIMEO_DATA_DIR',
  host: 'MIMEO_HOST',
  port: 'MIMEO_PORT',
  databaseUrl: 'DATABASE_URL',
  databaseConnections: 'MIMEO_DATABASE_CONNECTIONS',
  regions: 'MIMEO_REGIONS',
  logLevel: 'MIMEO_LOG_LEVEL',
  threads: 'MIMEO_THREADS',
  chunkMin: 'MIMEO_CHUNK_MIN',
  chunkMean: 'MIMEO_CHUNK_MEAN',
  chunkMax: 'MIMEO_CHUNK_MAX',
  segmentBytes: 'MIMEO_SEGMENT_BYTES',
  packBytes: 'MIMEO_PACK_BYTES',
  readBytes: 'MIMEO_READ_BYTES',
  reserveBytes: 'MIMEO_RESERVE_BYTES',
  chunkScope: 'MIMEO_CHUNK_SCOPE',
  copiesPerGroup: 'MIMEO_COPIES_PER_GROUP',
  copyWorkers: 'MIMEO_COPY_WORKERS',
  heartbeatSeconds: 'MIMEO_HEARTBEAT_SECONDS',
  copyAttempts: 'MIMEO_COPY_ATTEMPTS',
  graceSeconds: 'MIMEO_GRACE_SECONDS',
};
