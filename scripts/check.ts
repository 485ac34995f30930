/**
 * `npm run check`: everything that must hold before a commit and needs no test, cheapest first; one line a step, the
 * tool's own output only when it fails. `node scripts/check.ts lint typecheck` runs those steps alone.
 */
import { spawnSync } from 'node:child_process';

const biomeOptions = ['--colors=off', '--max-diagnostics=none', '--error-on-warnings', '--diagnostic-level=warn'];

const steps: Record<string, string[]> = {
  // Formatting and the order of imports.
  format: ['biome', 'check', '--linter-enabled=false', ...biomeOptions],
  lint: ['biome', 'lint', ...biomeOptions],
  typecheck: ['tsc', '--noEmit'],
  layers: ['node', 'scripts/layers/check.ts'],
  knip: ['knip', '--no-progress', '--treat-config-hints-as-errors'],
  diagram: ['node', 'scripts/layers/diagram.ts', '--check'],
  settings: ['node', 'scripts/configuration.ts', '--check'],
  openapi: ['node', 'scripts/openapi.ts', '--check'],
  errors: ['node', 'scripts/errors-page.ts', '--check'],
  commands: ['node', 'scripts/cli-page.ts', '--check'],
  aliyun: ['node', 'scripts/aliyun-page.ts', '--check'],
  huawei: ['node', 'scripts/huawei-page.ts', '--check'],
  jdcloud: ['node', 'scripts/jdcloud-page.ts', '--check'],
  metrics: ['node', 'scripts/metrics-page.ts', '--check'],
};

/** Runs one step and prints its line; true when it passed. */
function run(name: string, [command = '', ...args]: string[]): boolean {
  const started = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const passed = status === 0;
  const output = `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trim();
  const remark = passed ? (output.split('\n').at(-1) ?? '') : '';
  console.log(`check ${name.padEnd(9)} ${passed ? 'ok    ' : 'FAILED'} ${seconds.padStart(5)} s  ${remark}`.trimEnd());
  if (!passed) console.error(output);
  return passed;
}

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !(name in steps));
if (unknown !== undefined) {
  throw new Error(`There is no step "${unknown}"; the steps are ${Object.keys(steps).join(', ')}`);
}
const results = Object.entries(steps)
  .filter(([name]) => asked.length === 0 || asked.includes(name))
  .map(([name, command]) => run(name, command));
if (results.includes(false)) process.exitCode = 1;
