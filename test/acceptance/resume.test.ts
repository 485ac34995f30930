/** kill -9 of the server in the middle of an upload: what was durable is not sent again, nor stored a second time. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, writeSparseDisk } from './disks.ts';
import { createInstallation, type Installation } from './mimeo.ts';

const MiB = 1024 * 1024;
const size = 96 * MiB;
/** One thread and small packs, so that the kill finds packs in flight. */
const settings = {
  MIMEO_REGIONS: 'north,south',
  MIMEO_THREADS: '1',
  MIMEO_SEGMENT_BYTES: String(2 * MiB),
  MIMEO_PACK_BYTES: String(2 * MiB),
};

interface Image {
  readonly id: string;
  readonly name: string;
  readonly state: string;
}

describe('kill -9 in the middle of an upload', { timeout: 60_000 }, () => {
  let mimeo: Installation;
  let disk: string;
  beforeAll(async () => {
    mimeo = await createInstallation();
    disk = join(mimeo.folder, 'disk.raw');
    await writeSparseDisk(disk, size, [
      { at: 1, length: 40 },
      { at: 50, length: 44 },
    ]);
  });
  afterAll(() => mimeo.remove());

  it('loses what was in flight, and --resume brings the rest', async () => {
    const first = await mimeo.start(settings);
    const importing = mimeo.run('image', 'import', disk, '--region', 'north', '--name', 'golden', '--retries', '0');
    let image: Image | undefined;
    let stored = 0;
    while (stored < 12 * MiB) {
      image ??= (await mimeo.json<{ images: Image[] }>('image', 'list')).images[0];
      if (image !== undefined) stored = await offsetOf(first.url, image.id);
    }
    await first.end('SIGKILL');
    const { code, stderr } = await importing;
    expect(code).toBe(5);
    expect(stderr).toContain(`mimeo image import ${disk} --resume ${image?.id}`);

    const second = await mimeo.start(settings);
    const id = image?.id as string;
    const kept = await offsetOf(second.url, id);
    expect(kept).toBeGreaterThanOrEqual(stored);
    expect(kept).toBeLessThan(size);
    expect(kept % (2 * MiB)).toBe(0);
    const resumed = await mimeo.json<Image>('image', 'import', disk, '--resume', id);
    expect(resumed).toMatchObject({ id, state: 'available' });
    const exported = join(mimeo.folder, 'exported.raw');
    expect((await mimeo.run('image', 'export', 'golden', exported)).code).toBe(0);
    expect(await digestOf(exported)).toBe(await digestOf(disk));

    await mimeo.json('image', 'import', disk, '--region', 'south', '--name', 'plain');
    expect(await frameBytes('north')).toBe(await frameBytes('south'));
  });

  async function offsetOf(url: string, id: string): Promise<number> {
    const token = (await readFile(join(mimeo.dataDirectory, 'token'), 'utf8')).trim();
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${url}/api/v1/images/${id}/disks/0/content`, { method: 'HEAD', headers });
    return Number(response.headers.get('upload-offset'));
  }

  /** Packs differ in number, and each has a header and a footer; the frames in them must not. */
  async function frameBytes(region: string): Promise<number> {
    const { regions } = await mimeo.json<{ regions: { id: string; packs: number; storedBytes: number }[] }>(
      'region',
      'list',
    );
    const { storedBytes, packs } = regions.find(({ id }) => id === region) ?? { storedBytes: 0, packs: 0 };
    return storedBytes - packs * (32 + 64);
  }
});
