import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lockFile } from '../../lib/file-lock.ts';
import { silentLogger } from '../../telemetry/logger.ts';
import {
  canSeeOthersFiles,
  killHard,
  outputOf,
  runNode,
  startInChild,
  temporaryFolder,
} from './embedded.test-support.ts';
import { listPs, takeOver } from './orphans.ts';
import type { Places } from './places.ts';

function placesIn(directory: string): Places {
  const home = join(directory, 'postgres');
  const password = join(directory, 'postgres.password');
  return { home, data: join(home, 'data'), sockets: join(home, 'run'), lock: join(home, 'lock'), password };
}

/** The postmaster first. */
async function processesOf({ data }: Places): Promise<number[]> {
  return (await listPs()).filter(({ commandLine }) => commandLine.includes(`-D ${data} `)).map(({ pid }) => pid);
}

describe('takeOver', () => {
  it('ends even a PostgreSQL that answers to nothing, and its children with it', async () => {
    const places = placesIn(await temporaryFolder());
    const child = startInChild(join(places.home, '..'));
    await once(child.stdout, 'data');
    const [postmaster = 0] = await processesOf(places);
    process.kill(postmaster, 'SIGSTOP');
    await killHard(child);

    const lock = await takeOver(places, { logger: silentLogger, patience: 200 });
    lock.release();
    expect(await processesOf(places)).toEqual([]);
  });

  it.skipIf(!canSeeOthersFiles)('finds the children of a gone postmaster (needs CAP_SYS_PTRACE as root)', async () => {
    const places = placesIn(await temporaryFolder());
    const child = startInChild(join(places.home, '..'));
    await once(child.stdout, 'data');
    const [postmaster = 0] = await processesOf(places);
    const backends = (await listPs()).filter(({ parent }) => parent === postmaster).map(({ pid }) => pid);
    for (const pid of backends) process.kill(pid, 'SIGSTOP');
    await killHard(child);
    process.kill(postmaster, 'SIGKILL');

    const lock = await takeOver(places, { logger: silentLogger, patience: 200 });
    lock.release();
    expect(backends.length).toBeGreaterThan(2);
  });

  it('signals nobody who merely speaks of the cluster or has the lock, and gives up', async () => {
    const places = placesIn(await temporaryFolder());
    await outputOf(`(await import('node:fs')).mkdirSync(${JSON.stringify(places.home)})`);
    const innocent = runNode(`
      // /bin/postgres -D ${places.data} -c
      const { lockFile } = await load('../../lib/file-lock.ts');
      await lockFile(${JSON.stringify(places.lock)});
      console.log('locked');
      setInterval(() => {}, 1000);
    `);
    onTestFinished(() => killHard(innocent));
    await once(innocent.stdout, 'data');
    await expect(takeOver(places, { logger: silentLogger, patience: 50 })).rejects.toMatchObject({
      code: 'in-use',
      message: expect.stringContaining('in another container, or as another user'),
    });
    expect(innocent.exitCode ?? innocent.signalCode).toBeNull();
  });

  it('stops waiting when it is told to', async () => {
    const places = placesIn(await temporaryFolder());
    await outputOf(`(await import('node:fs')).mkdirSync(${JSON.stringify(places.home)})`);
    const lock = await lockFile(places.lock);
    onTestFinished(() => lock?.release());
    const waiting = takeOver(places, { logger: silentLogger, signal: AbortSignal.timeout(50) });
    await expect(waiting).rejects.toThrow('aborted');
  });
});

describe('listPs', () => {
  it('sees this process and its parent, with their command lines', async () => {
    const own = (await listPs()).find(({ pid }) => pid === process.pid);
    expect(own).toEqual({ pid: process.pid, parent: process.ppid, commandLine: expect.stringContaining('node') });
  });
});
