/** `npm run fuzz -- --requests 20000 --seed 7`: native-api.test.ts with as many requests as one likes. */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '20000' }, seed: { type: 'string', default: '1' } },
});
for (const [name, value] of Object.entries(values)) {
  if (!/^[1-9]\d{0,8}$/.test(value))
    throw new Error(`--${name} must be a whole number of at least 1, and ${value} is not`);
}
const env = { ...process.env, FUZZ_REQUESTS: values.requests, FUZZ_SEED: values.seed };
const { status } = spawnSync('vitest', ['run', 'test/fuzz/native-api.test.ts'], { stdio: 'inherit', env });
process.exitCode = status ?? 1;
