/** Breaks every rule once, in a package of its own, so that no rule can go blind unnoticed. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { IViolation } from 'dependency-cruiser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cruiseSource } from './cruise.ts';
import { forbidden, vendorHomes } from './rules.ts';

/** Rule to importing file and what it imports, for an import that the rule alone is there to refuse. */
const planted: Record<string, [from: string, to: string]> = {
  'lib-imports': ['src/lib/clock.ts', 'src/domain/image.ts'],
  'domain-imports': ['src/domain/image.ts', 'src/app/delete-image.ts'],
  'telemetry-imports': ['src/telemetry/logger.ts', 'src/domain/image.ts'],
  'store-imports': ['src/store/region-store.ts', 'src/transfer/copy-disk.ts'],
  'kms-imports': ['src/kms/envelope.ts', 'src/db/images.ts'],
  'transfer-imports': ['src/transfer/copy-disk.ts', 'src/db/images.ts'],
  'objects-imports': ['src/objects/object-store.ts', 'src/db/images.ts'],
  'egress-imports': ['src/egress/egress.ts', 'src/domain/image.ts'],
  'db-imports': ['src/db/images.ts', 'src/store/region-store.ts'],
  'jobs-imports': ['src/jobs/copy-image.ts', 'src/app/delete-image.ts'],
  'app-imports': ['src/app/delete-image.ts', 'src/jobs/copy-image.ts'],
  'protocols-imports': ['src/protocols/native/routes.ts', 'src/db/images.ts'],
  'config-imports': ['src/config/load.ts', 'src/main/server.ts'],
  'cli-imports': ['src/cli/copy.ts', 'src/config/load.ts'],
  'folder-without-a-row': ['src/helpers/all.ts', 'src/lib/clock.ts'],
  'domain-is-pure': ['src/domain/states.ts', 'fs'],
  'drivers-are-wired-in-main': ['src/transfer/verify.ts', 'src/store/drivers/memory/store.ts'],
  'no-driver-imports-a-sibling': ['src/store/drivers/filesystem/store.ts', 'src/store/drivers/memory/store.ts'],
  'no-protocol-imports-another': ['src/protocols/native/routes.ts', 'src/protocols/huawei/routes.ts'],
  'package-without-a-home': ['src/lib/retry.ts', 'node_modules/left-pad/index.js'],
  'no-development-package-in-production': ['src/lib/retry.ts', 'node_modules/vitest/index.js'],
  'no-test-code-in-production': ['src/store/manifest.ts', 'src/store/manifest.test-support.ts'],
  'no-cycles': ['src/app/first.ts', 'src/app/second.ts'],
  'no-orphans': ['src/lib/lonely.ts', 'src/lib/lonely.ts'],
  'no-unresolved-imports': ['src/lib/retry.ts', './nowhere.ts'],
  ...Object.fromEntries(
    Object.keys(vendorHomes).map((name) => [
      `${name.replace(/^@.*\//, '')}-home`,
      ['src/kms/vendors.ts', `node_modules/${name}/index.js`],
    ]),
  ),
  // kms is a home of this one.
  'blake-hash-home': ['src/db/vendors.ts', 'node_modules/@napi-rs/blake-hash/index.js'],
};

/** Imports that the rules must let pass. */
const allowed: [from: string, to: string][] = [
  ['src/main/server.ts', 'src/store/drivers/memory/store.ts'],
  ['src/main/server.ts', 'src/config/load.ts'],
  ['src/main/server.ts', 'src/protocols/native/routes.ts'],
  ['src/app/delete-image.ts', 'src/jobs/queue.ts'],
  ['src/db/chunk-index.ts', 'src/store/chunk-index.ts'],
  ['src/jobs/queue.ts', 'node_modules/pg-boss/index.js'],
  ['src/lib/libc.ts', 'node_modules/koffi/index.js'],
  ['src/protocols/native/routes.ts', 'src/protocols/shared/problem.ts'],
  ['src/store/drivers/memory/store.ts', 'src/store/region-store.ts'],
  ['src/transfer/copy-disk.test.ts', 'src/store/drivers/memory/store.ts'],
  ['src/transfer/copy-disk.test.ts', 'node_modules/vitest/index.js'],
];

/** The cycle needs its way back; the rest stands alone. */
const wayBack: [from: string, to: string] = ['src/app/second.ts', 'src/app/first.ts'];

let folder: string;
let violations: IViolation[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mimeo-layers-'));
  await writePackage(folder, [...Object.values(planted), ...allowed, wayBack]);
  violations = (await cruiseSource(folder)).summary.violations;
});

afterAll(() => rm(folder, { recursive: true }));

describe('import rules', () => {
  it('have a planted violation each', () => {
    expect(Object.keys(planted).sort()).toEqual(forbidden.map((rule) => rule.name ?? '').sort());
  });

  it.each(Object.entries(planted))('%s', (name, [from, to]) => {
    expect(violations).toContainEqual(expect.objectContaining({ from, to, rule: { name, severity: 'error' } }));
  });

  it.each(allowed)('let %s import %s', (from, to) => {
    expect(violations.filter((violation) => violation.from === from && violation.to === to)).toEqual([]);
  });
});

/** Writes a package whose files hold the imports given and nothing else. */
async function writePackage(root: string, imports: [from: string, to: string][]): Promise<void> {
  const files = new Map<string, string[]>();
  const dependencies: Record<string, string> = {};
  for (const [from, to] of imports) {
    const lines = files.get(from) ?? [];
    files.set(from, lines);
    const packageName = /^node_modules\/(.*)\/index\.js$/.exec(to)?.[1];
    if (packageName !== undefined) {
      lines.push(`import '${packageName}';`);
      files.set(to, []);
      files.set(`node_modules/${packageName}/package.json`, [`{ "name": "${packageName}", "main": "index.js" }`]);
      if (packageName !== 'vitest') dependencies[packageName] = '1.0.0';
    } else if (to.startsWith('src/')) {
      if (from !== to) lines.push(`import '${'../'.repeat(dirname(from).split('/').length)}${to}';`);
      if (!files.has(to)) files.set(to, []);
    } else {
      lines.push(`import '${to === 'fs' ? 'node:fs' : to}';`);
    }
  }
  files.set('package.json', [
    JSON.stringify({ type: 'module', dependencies, devDependencies: { vitest: '1.0.0' } }, undefined, 2),
  ]);
  for (const [file, lines] of files) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), `${lines.join('\n')}\n`);
  }
}
