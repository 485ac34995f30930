/** A Mimeo server of the bench's own, and the command line to use it with: both as a person would start them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, timed } from './command.ts';
import { childrenCpuSeconds, cpuSeconds, peakMemory, resetPeakMemory } from './process-usage.ts';

/** What one step took, and who spent the processors' time. */
export interface StepCost {
  readonly seconds: number;
  readonly serverCpuSeconds: number;
  readonly databaseCpuSeconds: number;
  readonly clientCpuSeconds: number;
  /** Most memory of the server, the database aside, during the step. */
  readonly peakMemory: number;
}

export interface CopyCost extends StepCost {
  readonly bytesMoved: number;
}

export interface BenchServer {
  importImage(file: string, region: string, name: string): Promise<StepCost>;
  /** Its seconds are from the moment the server accepted the copy to its commit; the command line's own start aside. */
  copyImage(image: string, region: string, name: string, encryption?: string): Promise<CopyCost>;
  exportImage(image: string, file: string): Promise<StepCost>;
  storedBytes(region: string): Promise<number>;
  /** Where it listens, and its token. */
  address(): Promise<{ readonly url: string; readonly token: string }>;
  stop(): Promise<void>;
}

const mimeo = join(import.meta.dirname, '../bin/mimeo');

/** Starts a server on a data directory, with these settings. */
export async function startServer(
  dataDirectory: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<BenchServer> {
  const server = spawn(mimeo, ['serve', '--data-dir', dataDirectory, '--port', '0', '--log-level', 'warn'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...settings },
  });
  const pid = server.pid as number;
  const exited = once(server, 'exit');
  const client = ['--data-dir', dataDirectory, '--json'];

  async function stop(): Promise<void> {
    server.kill('SIGTERM');
    await exited;
  }

  async function answers(): Promise<boolean> {
    return await run(mimeo, ...client, 'region', 'list').then(
      () => true,
      () => false,
    );
  }

  async function measure(...args: string[]): Promise<StepCost & { readonly answer: unknown }> {
    await resetPeakMemory(pid);
    const [server0, database0] = [await cpuSeconds(pid), await childrenCpuSeconds(pid)];
    const { seconds, cpuSeconds: clientCpuSeconds, stdout } = await timed('"$@"', mimeo, ...client, ...args);
    return {
      seconds,
      serverCpuSeconds: (await cpuSeconds(pid)) - server0,
      databaseCpuSeconds: (await childrenCpuSeconds(pid)) - database0,
      clientCpuSeconds,
      peakMemory: await peakMemory(pid),
      answer: JSON.parse(stdout),
    };
  }

  const deadline = Date.now() + 60_000;
  while (!(await answers())) {
    if (server.exitCode !== null) throw new Error(`mimeo serve ended with ${server.exitCode}`);
    if (Date.now() > deadline) {
      await stop();
      throw new Error('mimeo serve does not answer');
    }
    await sleep(200);
  }

  return {
    stop,
    async address() {
      const { url } = JSON.parse(await readFile(join(dataDirectory, 'server.json'), 'utf8')) as { url: string };
      return { url, token: (await readFile(join(dataDirectory, 'token'), 'utf8')).trim() };
    },
    importImage: (file, region, name) => measure('image', 'import', file, '--region', region, '--name', name),
    exportImage: (image, file) => measure('image', 'export', image, file),
    async copyImage(image, region, name, encryption) {
      const encrypting = encryption === undefined ? [] : ['--encrypt', encryption];
      const args = ['copy', image, '--to', region, '--name', name, ...encrypting, '--wait'];
      const { answer, ...cost } = await measure(...args);
      const [copy] = (answer as { copies: [{ createdAt: string; finishedAt: string; bytesMoved: number }] }).copies;
      const seconds = (Date.parse(copy.finishedAt) - Date.parse(copy.createdAt)) / 1000;
      return { ...cost, seconds, bytesMoved: copy.bytesMoved };
    },
    async storedBytes(region) {
      const list = JSON.parse(await run(mimeo, ...client, 'region', 'list')) as {
        regions: { id: string; storedBytes: number }[];
      };
      return list.regions.find(({ id }) => id === region)?.storedBytes ?? 0;
    },
  };
}
