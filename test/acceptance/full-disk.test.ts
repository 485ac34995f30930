import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSparseDisk } from './disks.ts';
import { createInstallation, type Installation } from './mimeo.ts';

const MiB = 1024 * 1024;
const isRoot = process.getuid?.() === 0;

interface Region {
  readonly id: string;
  readonly storedBytes: number;
}

describe.skipIf(!isRoot)('a full disk (needs root, to mount a small one)', { timeout: 120_000 }, () => {
  let mimeo: Installation;

  beforeAll(async () => {
    mimeo = await createInstallation();
    await mkdir(mimeo.dataDirectory, { mode: 0o700 });
    const { stderr, status } = spawnSync('mount', [
      '-t',
      'tmpfs',
      '-o',
      'size=320m,mode=700',
      'none',
      mimeo.dataDirectory,
    ]);
    expect(status, String(stderr)).toBe(0);
    await writeSparseDisk(join(mimeo.folder, 'small.raw'), 64 * MiB, [{ at: 0, length: 50 }]);
    await writeSparseDisk(join(mimeo.folder, 'large.raw'), 512 * MiB, [{ at: 0, length: 400 }]);
    await mimeo.start();
    await mimeo.json('image', 'import', join(mimeo.folder, 'small.raw'), '--region', 'cn-hangzhou');
  });
  afterAll(async () => {
    await mimeo.stop();
    spawnSync('umount', [mimeo.dataDirectory]);
    await mimeo.remove();
  });

  async function storedBytes(region: string): Promise<number> {
    const { regions } = await mimeo.json<{ regions: Region[] }>('region', 'list');
    return regions.find(({ id }) => id === region)?.storedBytes ?? 0;
  }

  it('refuses what does not fit, says so, leaves no half image, and has room again soon', async () => {
    const { code, stderr } = await mimeo.run(
      'image',
      'import',
      join(mimeo.folder, 'large.raw'),
      '--region',
      'cn-hangzhou',
    );
    expect(code).toBe(1);
    expect(stderr).toContain('no space left');
    const { images } = await mimeo.json<{ images: { name: string }[] }>('image', 'list');
    expect(images.map(({ name }) => name)).toEqual(['small']);
    expect(await storedBytes('cn-hangzhou')).toBeLessThan(51 * MiB);
    for (let tries = 0; ; tries++) {
      const copy = await mimeo.run('copy', 'small', '--to', 'cn-shanghai', '--name', `far ${tries}`, '--wait');
      if (copy.code === 0) break;
      expect(copy.stderr).toContain('no space left');
      expect(tries).toBeLessThan(10);
      await sleep(2000);
    }
    expect((await mimeo.run('store', 'verify')).code).toBe(0);
  });
});
