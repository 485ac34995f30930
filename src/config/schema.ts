/**
 * Every setting: its type, its default, what it is, and where else than in `mimeo.yaml` it can be set. The loader, the
 * flags, `mimeo config` and docs/configuration.md are made from it. Only main reads it.
 */
import { z } from 'zod';
import { details } from './details.ts';
import { keySettings, regionName } from './key-settings.ts';
import { hideAll, hidePassword } from './redact.ts';
import { together } from './together.ts';
import {
  addresses,
  bytes,
  httpUrl,
  multipleOf,
  names,
  oneOf,
  powerOfTwo,
  ratio,
  text,
  truth,
  whole,
} from './values.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const TiB = 1024 * 1024 * MiB;
const hour = 3600;
const day = 24 * hour;

const shape = {
  dataDirectory: text('a path').default('./mimeo-data').register(details, {
    description:
      'Where everything is kept that is not in another database: identity, keys, token, stores, embedded database.',
    environment: 'MIMEO_DATA_DIR',
    flag: '--data-dir <dir>',
  }),
  regions: names(regionName, 'names of lower-case letters, digits and hyphens')
    .default(['cn-hangzhou', 'cn-shanghai', 'cn-north-1', 'cn-east-2', 'region-1'])
    .register(details, {
      description: 'Names of the regions. One that is left out keeps what it has, but cannot be reached.',
      flag: '--regions <list>',
    }),
  logLevel: oneOf(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .register(details, { description: 'How much is logged.', flag: '--log-level <level>' }),

  host: text('an address')
    .default('127.0.0.1')
    .register(details, { description: 'The address to listen on.', flag: '--host <address>' }),
  port: whole(0, 65535)
    .default(7420)
    .register(details, { description: 'The port to listen on; 0 takes any free one.', flag: '--port <number>' }),
  tlsCertificate: text('a path').optional().register(details, {
    description:
      'A PEM file, certificate first, then what it was signed with. With it and `tlsKey` the server speaks TLS.',
  }),
  tlsKey: text('a path')
    .optional()
    .register(details, { description: 'The PEM file of the private key that belongs to `tlsCertificate`.' }),
  trustedProxies: addresses().optional().register(details, {
    description:
      'Proxies before the server: what they say in `X-Forwarded-For` and `X-Forwarded-Proto` is believed, what others say is not. Name all that a request passes, and let the first replace these headers.',
  }),
  requestsPerMinute: whole(0).default(6000).register(details, {
    description:
      'Requests of one user; an account has four times as many, an address that does not prove who it is a tenth. 0 is no limit.',
  }),
  transfersAtOnce: whole(1, 10_000).default(32).register(details, {
    description:
      'Uploads and downloads of content that the server has at once, at most half of them (rounded up) of one account; more are refused, to be tried again. Each holds at most (`threads` + 1) × (`segmentBytes` + `packBytes` + `readBytes`) + `segmentBytes` of memory: 86 MiB with two threads, 26 MiB while it comes slowly.',
  }),
  bodyBytes: bytes(KiB, 64 * MiB)
    .default(MiB)
    .register(details, { description: 'The largest JSON body of a request.' }),
  requestSeconds: whole(1, hour).default(30).register(details, {
    description:
      "How long a request's headers and JSON body may take to arrive. A disk's content is bound by `idleSeconds` alone.",
  }),
  idleSeconds: whole(1, hour).default(60).register(details, {
    description: 'An upload or download of content that moves no byte for so long is cut off.',
  }),
  uploadKeepSeconds: whole(0, 30 * day)
    .default(hour)
    .register(details, {
      description: 'How long an upload that was cut off can be resumed.',
    }),
  clockSeconds: whole(1, day).default(300).register(details, {
    description: 'How far the clock of a signed request may be off.',
  }),
  aliyunClockSeconds: whole(1, 31 * 60)
    .default(15 * 60)
    .register(details, {
      description:
        "The same of a request in Alibaba Cloud's dialect. Its pages say 900; of RPC signatures one says 1860, which is the most that can be set.",
    }),
  aliyunPage: oneOf(['newer', 'older']).default('newer').register(details, {
    description: "Whose messages Alibaba Cloud's dialect answers with where the cloud's newer and older pages differ.",
  }),
  huaweiHost: text(
    '{service}.{region}. and a domain, or {domain}',
    /^\{service\}\.\{region\}\.(\{domain\}|[a-z0-9.-]+)$/,
  )
    .default('{service}.{region}.{domain}')
    .register(details, {
      description:
        "How Huawei Cloud's dialect reads service and region out of a host name: `ims.eu-de.example.org`. With a domain instead of `{domain}` in no other one.",
    }),
  huaweiSite: oneOf(['huawei', 'otc']).default('huawei').register(details, {
    description: "Whose habits Huawei Cloud's dialect keeps to where those of Open Telekom Cloud differ.",
  }),
  huaweiClockSeconds: whole(1, hour)
    .default(15 * 60)
    .register(details, { description: "As `clockSeconds`, of a signature in Huawei Cloud's dialect." }),
  huaweiKeyTokens: truth().default(false).register(details, {
    description:
      "Whether tokens of Huawei Cloud's dialect can be had for an access key and its secret in the body (`hw_ak_sk`), which tells the secret to whatever sees the request.",
  }),
  jdcloudPage: oneOf(['newer', 'older']).default('newer').register(details, {
    description:
      "What JD Cloud's dialect keeps to: `newer`, its API 1.6.1 of 2024, or `older`, its pages of 2021 and 2022, by which copies go to another region, have no name of their own, and are of one's own images alone.",
  }),
  jdcloudClockSeconds: whole(1, hour)
    .default(15 * 60)
    .register(details, { description: "As `clockSeconds`, in JD Cloud's dialect." }),
  jdcloudHosts: names(/^[a-z0-9-]+(\.[a-z0-9-]+)*(:[1-9]\d{0,4})?$/, 'host names in lower case, a port behind a colon')
    .default(['vm.jdcloud-api.com', 'disk.jdcloud-api.com'])
    .register(details, {
      description:
        "Names that clients of JD Cloud's dialect may have signed instead of the one that they sent their request to, as those do that are told another address to connect to.",
    }),
  tokenHours: whole(1, 24 * 365)
    .default(12)
    .register(details, {
      description: 'The longest life of a bearer token; less can be asked for.',
    }),
  idempotencySeconds: whole(1, 30 * day)
    .default(day)
    .register(details, {
      description: 'How long an `Idempotency-Key` is remembered.',
    }),

  databaseUrl: text('a URL, postgres://user@host/database', /^postgres(ql)?:\/\//)
    .optional()
    .register(details, {
      description: 'A PostgreSQL to use, 15 or newer; without it Mimeo runs one in the data directory.',
      environment: 'DATABASE_URL',
      secret: hidePassword,
    }),
  databaseConnections: whole(2, 1000)
    .default(20)
    .register(details, { description: 'Connections of the pool; the queue takes a few more.' }),
  databasePrepare: truth().default(true).register(details, {
    description: 'Whether statements are prepared; not behind a pooler that does not know prepared statements.',
  }),

  ...keySettings,

  quotaImages: whole(0).default(1000).register(details, {
    description: 'Images of one account in one region, until an administrator sets another limit.',
  }),
  quotaSnapshots: whole(0).default(5000).register(details, { description: 'Its snapshots: one for each disk.' }),
  quotaBytes: bytes(0)
    .default(100 * TiB)
    .register(details, { description: 'The sizes of its disks together.' }),

  threads: whole(0, 64).default(0).register(details, {
    description: 'Worker threads for cutting, hashing and compressing; 0 means one for each processor, at most 8.',
  }),
  chunkMin: bytes(KiB, 16 * MiB)
    .default(16 * KiB)
    .register(details, {
      description:
        'Least bytes of a chunk. These three shape what is written from now on; what is there stays readable.',
    }),
  chunkMean: bytes(4 * KiB, 16 * MiB, powerOfTwo)
    .default(64 * KiB)
    .register(details, { description: 'The mean that cutting aims at.' }),
  chunkMax: bytes(4 * KiB, 16 * MiB)
    .default(256 * KiB)
    .register(details, { description: 'Most bytes of a chunk.' }),
  segmentBytes: bytes(MiB, 256 * MiB, multipleOf(MiB))
    .default(8 * MiB)
    .register(details, { description: 'Bytes that are cut independently.' }),
  packBytes: bytes(MiB, 256 * MiB)
    .default(16 * MiB)
    .register(details, { description: 'A pack is closed at this size.' }),
  readBytes: bytes(MiB, 62 * MiB)
    .default(2 * MiB)
    .register(details, { description: 'The most that is read from a pack at once.' }),
  reserveBytes: bytes(0)
    .default(64 * MiB)
    .register(details, {
      description:
        'Free bytes that the stores leave on their file system: an embedded database that cannot write falls.',
    }),
  chunkScope: oneOf(['account', 'installation']).default('account').register(details, {
    description: 'Whose chunks are known by the same ids: `account` keeps tenants from telling what others have.',
  }),
  graceSeconds: whole(0).default(day).register(details, {
    description: 'How long bytes that nothing needs are kept before `store collect` removes them.',
  }),

  copiesPerGroup: whole(1, 1000).default(5).register(details, {
    description: 'Copies of one account to one region that run at once; the others wait in order.',
  }),
  copyWorkers: whole(0, 1000).default(4).register(details, { description: 'Copies that this server runs at once.' }),
  heartbeatSeconds: whole(10, hour)
    .default(30)
    .register(details, { description: 'A worker that was silent for so long is taken for dead.' }),
  copyAttempts: whole(1, 1000).default(30).register(details, {
    description: 'Attempts of one copy, import or export before a failure that might have gone away is final.',
  }),

  objectStoreUrl: httpUrl().optional().register(details, {
    description:
      'An S3-compatible object store to import images from and export them to. Every account may use every bucket that the key below may: give it no other rights. Without it imports and exports are refused.',
  }),
  objectStoreRegion: text('a name', /^[\w-]+$/)
    .default('us-east-1')
    .register(details, { description: 'The region that requests to the object store are signed for.' }),
  objectStoreAccessKey: text()
    .optional()
    .register(details, { description: 'Id of the access key to the object store.' }),
  objectStoreSecretKey: text().optional().register(details, { description: 'Its secret.', secret: hideAll }),
  objectStorePathStyle: truth().default(true).register(details, {
    description: "Whether buckets stand in the path of its URLs. Alibaba Cloud's OSS wants them in the host's name.",
  }),
  taskWorkers: whole(0, 100)
    .default(2)
    .register(details, { description: 'Imports and exports that this server runs at once; others wait in order.' }),

  eventDays: whole(1, 3650).default(90).register(details, { description: 'How long events are kept.' }),
  webhookAttempts: whole(1, 100)
    .default(12)
    .register(details, { description: 'Attempts to deliver one event to a webhook.' }),
  webhookPrivateAddresses: truth().default(false).register(details, {
    description: 'Whether webhooks may go to loopback and private addresses, where other services of yours listen.',
  }),

  metricsAccess: oneOf(['signed', 'open']).default('signed').register(details, {
    description: 'Who may read `/metrics`: `signed` asks for credentials as elsewhere, `open` for none.',
  }),
  otlpEndpoint: httpUrl().optional().register(details, {
    description: 'OpenTelemetry traces go there, as OTLP over HTTP; without it there are none.',
  }),
  otlpHeaders: text('headers, key=value,key=value', /^[\w-]+=([^,%]|%[\da-f]{2})*(,[\w-]+=([^,%]|%[\da-f]{2})*)*$/i)
    .optional()
    .register(details, {
      description: 'Headers to send with the traces; values are percent-encoded.',
      secret: hideAll,
    }),
  traceRatio: ratio().default(1).register(details, { description: 'The share of requests that are traced.' }),
};

type Values = z.output<z.ZodObject<typeof shape>>;

export const configSchema = z.object(shape).check(
  together<Values>(
    ['chunkMin', 'chunkMean', 'chunkMax'],
    ({ chunkMin, chunkMean, chunkMax }) => chunkMin < chunkMean && chunkMean < chunkMax,
    'chunkMin < chunkMean < chunkMax must hold',
  ),
  together<Values>(
    ['tlsCertificate', 'tlsKey'],
    ({ tlsCertificate, tlsKey }) => (tlsCertificate === undefined) === (tlsKey === undefined),
    'tlsCertificate and tlsKey belong together: give both or neither',
  ),
  together<Values>(
    ['masterKey', 'masterKeyCommand'],
    ({ masterKey, masterKeyCommand }) => masterKey === undefined || masterKeyCommand === undefined,
    'masterKey and masterKeyCommand say the same thing: give one or neither',
  ),
  together<Values>(
    ['keyProvider', 'vaultAddress', 'vaultToken'],
    ({ keyProvider, vaultAddress, vaultToken }) =>
      keyProvider === 'local' || (vaultAddress !== undefined && vaultToken !== undefined),
    'the key provider vault needs vaultAddress and vaultToken',
  ),
  together<Values>(
    ['regions', 'keylessRegions', 'defaultKeyRegions'],
    ({ regions, keylessRegions = [], defaultKeyRegions = [] }) =>
      [...keylessRegions, ...defaultKeyRegions].every((region) => regions.includes(region)),
    'keylessRegions and defaultKeyRegions name regions, and one of them is not among regions',
  ),
  together<Values>(
    ['objectStoreUrl', 'objectStoreAccessKey', 'objectStoreSecretKey'],
    ({ objectStoreUrl: url, objectStoreAccessKey: id, objectStoreSecretKey: secret }) =>
      (url === undefined) === (id === undefined) && (url === undefined) === (secret === undefined),
    'objectStoreUrl, objectStoreAccessKey and objectStoreSecretKey belong together: give all or none',
  ),
);

export type Config = z.infer<typeof configSchema>;
export type SettingName = keyof Config;
