/** Copies of the incompressible image to four other regions: as it is, encrypted, and from there under another key and decrypted. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.ts';
import { makeImage } from './images.ts';
import { nativeApi } from './native-api.ts';
import { median, mib, seconds, table } from './report.ts';
import { type CopyCost, startServer } from './server.ts';

const runs = 3;

const steps = {
  plain: 'plain',
  encrypted: 'plain to encrypted',
  rekeyed: 'encrypted to another key',
  decrypted: 'encrypted to plain',
} as const;
type Step = keyof typeof steps;
const stepNames = Object.keys(steps) as Step[];

type Costs = Readonly<Record<Step, CopyCost>>;

export async function measureEncryptedCopies(folder: string): Promise<string> {
  const file = await makeImage(folder, 'incompressible');
  const costs: Costs[] = [];
  for (let number = 1; number <= runs; number++) {
    console.error(`encrypted copies: run ${number} of ${runs}`);
    costs.push(await measure(folder, file));
  }
  const rows = stepNames.map((step) => [
    steps[step],
    seconds(median(costs.map((cost) => cost[step].seconds))),
    median(costs.map((cost) => cost.plain.seconds / cost[step].seconds)).toFixed(2),
    seconds(median(costs.map(({ [step]: cost }) => cost.serverCpuSeconds + cost.databaseCpuSeconds))),
    mib(Math.max(...costs.map((cost) => cost[step].peakMemory))),
  ]);
  const head = ['copy', 'seconds', "of the plain one's speed", 'CPU seconds (server, database)', 'peak memory'];
  return `## Copies of ${mib(median(costs.map((cost) => cost.plain.bytesMoved)))} of random bytes to another region

The four take turns in each of ${runs} runs; the speed is compared within a run.

${table(head, rows)}`;
}

/** One run, in a data directory of its own, so that no region has anything yet. */
async function measure(folder: string, file: string): Promise<Costs> {
  const data = join(folder, `keys-${process.pid}`);
  await rm(data, { recursive: true, force: true });
  await mkdir(data, { recursive: true });
  const server = await startServer(data, { MIMEO_REGIONS: ['source', ...stepNames].join(',') });
  try {
    const { post } = await nativeApi(server);
    const newKey = async (region: Step) => (await post<{ id: string }>('/keys', { region, grants: ['images'] })).id;
    await run('dd', `if=${file}`, 'of=/dev/null', 'bs=1M');
    await server.importImage(file, 'source', 'image');
    const copy = (image: string, step: Step, encryption?: string) => server.copyImage(image, step, step, encryption);
    return {
      plain: await copy('image', 'plain'),
      encrypted: await copy('image', 'encrypted', await newKey('encrypted')),
      rekeyed: await copy('encrypted', 'rekeyed', await newKey('rekeyed')),
      decrypted: await copy('encrypted', 'decrypted', 'none'),
    };
  } finally {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  }
}
