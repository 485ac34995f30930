/**
 * `mimeo quickstart`: all of Mimeo once through, on an image of one's own or on one made here. It asks the server as the
 * command line does, over the native API.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { basename, extname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { ApiImage } from '../cli/api.ts';
import { CliError, interruption } from '../cli/cli-error.ts';
import { type Client, createClient } from '../cli/client.ts';
import { addExamples } from '../cli/commands/help.ts';
import { exportDisk } from '../cli/export-disk.ts';
import { importImage } from '../cli/import-image.ts';
import type { CliIo } from '../cli/io.ts';
import { createTransferProgress } from '../cli/render/transfer-progress.ts';
import { formatBytes } from '../cli/render/units.ts';
import { openSourceFile } from '../cli/source-file.ts';
import { unsuccessful, watchCopies } from '../cli/watch-copies.ts';
import type { Config } from '../config/schema.ts';
import { createLogger } from '../telemetry/logger.ts';
import { makeDemoImage } from './demo-image.ts';
import type { RunningServer } from './server.ts';
import { addSettingOptions, loadCommandConfig } from './setting-options.ts';

interface QuickstartOptions {
  readonly image?: string;
  readonly once?: boolean;
}

export function addQuickstartCommand(program: Command, io: CliIo): void {
  const command = program
    .command('quickstart')
    .description('start a server and take an image through it: import, copy, copy to another region, export, compare')
    .option('--image <file>', 'disk image to take (default: one is made)')
    .option('--once', 'stop the server at the end instead of leaving it running')
    .action(async (_options: object, self: Command) => {
      const { config } = await loadCommandConfig(self, io.env, { logLevel: 'warn' });
      await quickstart(self.optsWithGlobals<QuickstartOptions>(), config, io);
    });
  addExamples(addSettingOptions(command, program), [
    'mimeo quickstart',
    'mimeo quickstart --image debian.qcow2 --once',
  ]);
}

async function quickstart({ image, once = false }: QuickstartOptions, config: Config, io: CliIo): Promise<void> {
  const interrupted = new AbortController();
  const stopListening = io.onInterrupt(() => interrupted.abort(interruption()));
  // The server's composition is loaded only by the commands that are one.
  const { startServer } = await import('./server.ts');
  const server = await startServer(config, createLogger(config.logLevel), (text) => void io.stderr.write(text));
  try {
    const say = (text: string) => void io.stdout.write(`${text}\n`);
    say(`Mimeo runs at ${server.url}, with its data in ${relative('.', server.dataDirectory) || '.'}.\n`);
    await tour(server, config.regions, image, { io, say, signal: interrupted.signal });
    if (once) return;
    say('\nThe server stays up until Ctrl-C. In another terminal:');
    say('  bin/mimeo image list\n  bin/mimeo region list\n  bin/mimeo --help');
    const fallen = await Promise.race([server.fallen, aborted(interrupted.signal)]);
    if (fallen !== undefined) throw new CliError(fallen);
  } finally {
    stopListening();
    await server.stop();
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

interface TourOptions {
  readonly io: CliIo;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

async function tour(
  server: RunningServer,
  regions: readonly string[],
  given: string | undefined,
  { io, say, signal }: TourOptions,
): Promise<void> {
  const client = createClient({ url: new URL(server.url), token: server.token }, signal);
  const folder = join(server.dataDirectory, 'quickstart');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [region, other = region] = regions as [string, ...string[]];

  const path = given ?? join(folder, 'demo.raw');
  if (given === undefined) {
    const seconds = await timed(() => makeDemoImage(path));
    say(line('made a disk image', seconds, relative('.', path)));
  }

  let image: ApiImage | undefined;
  const importing = await timed(async () => {
    image = await importFile(client, path, region, io, signal);
  });
  const original = image as unknown as ApiImage;
  const [disk] = original.disks as [ApiImage['disks'][number]];
  const { storedBytes } = await usageOf(client, region);
  say(
    line(
      `imported it into ${region}`,
      importing,
      `${formatBytes(disk.size)}, ${formatBytes(disk.dataBytes ?? 0)} of it data; the region stores ${formatBytes(storedBytes)}`,
    ),
  );

  const copies: ApiImage[] = [];
  for (const destination of [region, other]) {
    const started = await client.createCopies({ images: [original.id], regions: [destination] });
    const ids = started.copies.map(({ id }) => id);
    const ended = await watchCopies(client, ids, io.stderr, signal);
    const failed = unsuccessful(ended);
    if (failed !== undefined) throw failed;
    const [copy] = ended as [(typeof ended)[number]];
    copies.push(await client.getImage(copy.destinationImageId));
    const seconds = (Date.parse(copy.finishedAt ?? '') - Date.parse(copy.createdAt)) / 1000;
    const where = destination === region ? `within ${region}` : `to ${destination}`;
    say(line(`copied it ${where}`, seconds, `${formatBytes(copy.bytesMoved)} moved`));
  }

  const exported = join(folder, `export${extname(path)}`);
  const copy = copies.at(-1) as ApiImage;
  const exporting = await timed(async () => {
    const progress = createTransferProgress(io.stderr, 'export', disk.size);
    const options = { replace: true, signal, onProgress: progress.reach };
    await exportDisk(client, copy, copy.disks[0] as typeof disk, exported, options).finally(progress.stop);
  });
  say(line(`exported the copy in ${copy.region}`, exporting, relative('.', exported)));

  let digests: string[] = [];
  const comparing = await timed(async () => {
    digests = await Promise.all([sha256(path), sha256(exported)]);
  });
  if (digests[0] !== digests[1]) throw new CliError(`the exported bytes differ: SHA-256 ${digests.join(' and ')}`);
  say(line('compared the bytes', comparing, `equal, SHA-256 ${digests[0]}`));
  await rm(exported);
  if (given === undefined) await rm(path);
}

async function importFile(
  client: Client,
  path: string,
  region: string,
  io: CliIo,
  signal: AbortSignal,
): Promise<ApiImage> {
  const source = await openSourceFile(path);
  const name = basename(path, extname(path));
  const progress = createTransferProgress(io.stderr, 'import', source.size);
  try {
    const image = { region, name, disks: [{ role: 'system' as const, size: source.size }] };
    return await importImage(client, image, [source], { signal, onProgress: progress.reach });
  } finally {
    progress.stop();
    await source.close();
  }
}

async function usageOf(client: Client, region: string): Promise<{ storedBytes: number }> {
  const { regions } = await client.listRegions();
  return { storedBytes: regions.find(({ id }) => id === region)?.storedBytes ?? 0 };
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest('hex');
}

/** Seconds that `work` took. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

function line(what: string, seconds: number, detail: string): string {
  return `${what.padEnd(38)} ${seconds.toFixed(2).padStart(7)} s  ${detail}`;
}
