/**
 * `npm run bench`: images into Mimeo, to another region and out again, beside what else can copy a file on this machine. In
 * each run Mimeo and its peers take turns; files are read once before, so all find them in the page cache; all end with
 * the bytes on the disk. Options: `--only NAME`, `--runs N` (3), `--write` (into docs/benchmarks). `npm run bench requests`
 * and `npm run bench aliyun` measure requests instead, `npm run bench keys` what encryption costs.
 */
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureAliyun } from './aliyun.ts';
import { isInstalled, run, timed } from './command.ts';
import { type BenchImage, findImage, imageFile, images, makeImage, tools } from './images.ts';
import { measureKeys } from './keys.ts';
import { cpPacksPeer, cpPeer, findPeers, type Peer } from './peers.ts';
import { type ImageRun, report, type StepName } from './report.ts';
import { measureRequests } from './requests.ts';
import { type StepCost, startServer } from './server.ts';

const folder = join(import.meta.dirname, '../bench-data');
const [here, there] = ['cn-hangzhou', 'cn-shanghai'];

const { values: options, positionals } = parseArgs({
  options: {
    only: { type: 'string' },
    runs: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const pages: Readonly<Record<string, (folder: string) => Promise<string>>> = {
  requests: measureRequests,
  aliyun: measureAliyun,
  keys: measureKeys,
};
const [name = ''] = positionals;
const measurePage = pages[name];
if (measurePage !== undefined) {
  const page = await measurePage(folder);
  console.log(page);
  if (options.write) await write(`${name}.md`, page, 1);
  process.exit();
}
const chosen = options.only === undefined ? images : [findImage(options.only)];

for (const [tool, name] of Object.entries(tools)) {
  if (!(await isInstalled(tool))) throw new Error(`the images need ${tool}: apt-get install ${name}`);
}
const { peers, missing } = await findPeers();
for (const peer of missing)
  console.error(`skipped, because it is not installed: ${peer.name} (apt-get install ${peer.package})`);

const results: ImageRun[][] = [];
for (const image of chosen) {
  await makeImage(folder, image.name);
  const runs: ImageRun[] = [];
  for (let number = 1; number <= Number(options.runs); number++) {
    console.error(`${image.name}: run ${number} of ${options.runs}`);
    runs.push(await measure(image, peers));
  }
  results.push(runs);
}
const page = report(results);
console.log(page);
if (options.write) await write('first-copies.md', page, Number(options.runs));

async function measure(image: BenchImage, others: readonly Peer[]): Promise<ImageRun> {
  const file = imageFile(folder, image);
  const scratch = join(folder, `run-${process.pid}`);
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  const data = join(scratch, 'data');
  const server = await startServer(data);
  try {
    if (image.base !== undefined) {
      await server.importImage(imageFile(folder, findImage(image.base)), here, 'base');
      await server.copyImage('base', there, 'base-there');
    }
    await run('dd', `if=${file}`, 'of=/dev/null', 'bs=1M');
    const storedBefore = await server.storedBytes(here);
    const steps: Partial<Record<StepName, StepCost>> = {};
    const taken: Record<string, number> = {};
    steps.import = await server.importImage(file, here, 'image');
    await runPeer(cpPeer, file, image, scratch, taken);
    const storedBytes = (await server.storedBytes(here)) - storedBefore;
    const across = await server.copyImage('image', there, 'image-there');
    steps['first copy across'] = across;
    if (image.base === undefined)
      await runPeer(cpPacksPeer, join(data, 'regions', here, 'packs'), image, scratch, taken);
    for (const peer of others) await runPeer(peer, file, image, scratch, taken);
    steps['second copy across'] = await server.copyImage('image', there, 'image-there-again');
    steps['copy in region'] = await server.copyImage('image', here, 'image-again');
    const exported = join(scratch, 'exported');
    steps.export = await server.exportImage('image-there', exported);
    await run('cmp', file, exported);
    const { size, blocks } = await stat(file);
    return {
      image,
      size,
      allocated: blocks * 512,
      storedBytes,
      movedBytes: across.bytesMoved,
      steps: Object.fromEntries(
        Object.entries(steps).map(([name, cost]) => [name, withAllCpu(cost)]),
      ) as ImageRun['steps'],
      peers: taken,
    };
  } finally {
    await server.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

async function runPeer(
  peer: Peer,
  source: string,
  image: BenchImage,
  scratch: string,
  taken: Record<string, number>,
): Promise<void> {
  const target = join(scratch, 'peer');
  taken[peer.name] = (await timed(peer.script, source, target, image.format)).seconds;
  await rm(target, { recursive: true, force: true });
}

function withAllCpu(cost: StepCost) {
  const cpuSeconds = cost.serverCpuSeconds + cost.databaseCpuSeconds + cost.clientCpuSeconds;
  return { seconds: cost.seconds, cpuSeconds, peakMemory: cost.peakMemory };
}

/** Figures change with each run, what limits them does not: the text before the first section is kept. */
async function write(page: string, figures: string, runs: number): Promise<void> {
  const path = join(import.meta.dirname, '../docs/benchmarks', page);
  const text = await readFile(path, 'utf8');
  const begin = '<!-- figures: made by `npm run bench -- --write` -->';
  const end = '<!-- /figures -->';
  const date = new Date().toISOString().slice(0, 10);
  const kept = [text.slice(0, text.indexOf(begin) + begin.length), text.slice(text.indexOf(end))];
  await writeFile(
    path,
    `${kept[0]}\n\nMeasured on ${date}, ${runs} ${runs === 1 ? 'run' : 'runs'}.\n\n${figures}\n\n${kept[1]}`,
  );
}
