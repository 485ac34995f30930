/**
 * kill -9 of the server at random moments of copies across regions. After each restart the copy goes on by itself; what was
 * durable is not sent again, which the destination's stored bytes show: a chunk sent twice would lie there twice.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, writeSparseDisk } from './disks.ts';
import { createInstallation, type Installation, type ServerProcess } from './mimeo.ts';

const MiB = 1024 * 1024;
const kills = Number(process.env['MIMEO_TEST_KILLS'] ?? 20);
const destinations = Array.from({ length: 20 }, (_, number) => `r${number}`);

/** Small packs and one thread: a copy takes long enough to be killed more than once, and each kill finds packs in flight. */
const settings = {
  MIMEO_REGIONS: ['source', ...destinations].join(','),
  MIMEO_THREADS: '1',
  MIMEO_SEGMENT_BYTES: String(2 * MiB),
  MIMEO_PACK_BYTES: String(2 * MiB),
  MIMEO_READ_BYTES: String(MiB),
};

interface Copy {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly bytesDone: number;
  readonly destinationImageId: string;
}

interface Region {
  readonly id: string;
  readonly packs: number;
  readonly storedBytes: number;
}

describe('kill -9 in the middle of a copy', () => {
  let mimeo: Installation;
  let server: ServerProcess;
  let disk: string;
  let image: string;

  beforeAll(async () => {
    mimeo = await createInstallation();
    disk = join(mimeo.folder, 'disk.raw');
    await writeSparseDisk(disk, 200 * MiB, [{ at: 1, length: 180 }]);
    server = await mimeo.start(settings);
    ({ id: image } = await mimeo.json<{ id: string }>('image', 'import', disk, '--region', 'source'));
  });
  afterAll(() => mimeo.remove());

  it(`survives ${kills} of them`, { timeout: 240_000 }, async () => {
    let interrupted = 0;
    for (const destination of destinations) {
      const { copies } = await mimeo.json<{ copies: [Copy] }>('copy', image, '--to', destination);
      const { id } = copies[0];
      for (let round = 0; interrupted < kills && round < 6; round++) {
        await sleep(Math.random() * 250);
        await server.end('SIGKILL');
        server = await mimeo.start(settings);
        if ((await mimeo.json<Copy>('copy', 'show', id)).state === 'succeeded') break;
      }
      const { code, stderr } = await mimeo.run('copy', 'watch', id);
      expect(code, stderr + server.log()).toBe(0);
      const copy = await mimeo.json<Copy>('copy', 'show', id);
      expect(copy.state).toBe('succeeded');
      // Only kills that a running copy had to recover from count.
      interrupted += copy.attempts - 1;
      await expectExportEqual(copy.destinationImageId);
      await expectNothingTwice(destination);
      if (interrupted >= kills) break;
    }
    expect(interrupted).toBeGreaterThanOrEqual(kills);
    expect((await mimeo.run('store', 'verify')).code).toBe(0);
  });

  async function expectExportEqual(copied: string): Promise<void> {
    const exported = join(mimeo.folder, 'exported.raw');
    const { code, stderr } = await mimeo.run('image', 'export', copied, exported, '--force');
    expect(code, stderr).toBe(0);
    expect(await digestOf(exported)).toBe(await digestOf(disk));
  }

  /** Packs differ in number from the source's, and each has a header and a footer; the frames in them must not. */
  async function expectNothingTwice(destination: string): Promise<void> {
    const { regions } = await mimeo.json<{ regions: Region[] }>('region', 'list');
    const bytesOfFrames = (name: string) => {
      const { storedBytes, packs } = regions.find(({ id }) => id === name) as Region;
      return storedBytes - packs * (32 + 64);
    };
    expect(bytesOfFrames(destination)).toBe(bytesOfFrames('source'));
  }
});
