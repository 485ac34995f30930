import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allocatedBytes, digestOf, writeSparseDisk } from './disks.ts';
import { createInstallation, type Installation, type ServerProcess } from './mimeo.ts';

const MiB = 1024 * 1024;

interface Image {
  readonly id: string;
  readonly state: string;
  readonly disks: readonly { readonly digest: string; readonly dataBytes: number }[];
}

interface Copy {
  readonly id: string;
  readonly state: string;
  readonly destinationImageId: string;
  readonly bytesMoved: number;
  readonly createdAt: string;
  readonly finishedAt: string;
}

describe('one image through everything', { timeout: 120_000 }, () => {
  let mimeo: Installation;
  let server: ServerProcess;
  let system: string;
  let data: string;
  let image: Image;

  beforeAll(async () => {
    mimeo = await createInstallation();
    system = join(mimeo.folder, 'system.raw');
    data = join(mimeo.folder, 'data.raw');
    await writeSparseDisk(system, 300 * MiB + 12_345, [
      { at: 0, length: 3 },
      { at: 100, length: 40 },
      { at: 299, length: 1 },
    ]);
    await writeSparseDisk(data, 64 * MiB, [{ at: 7, length: 5 }]);
    server = await mimeo.start();
    image = await mimeo.json(
      'image',
      'import',
      system,
      '--data-disk',
      data,
      '--kind',
      'whole-machine',
      '--region',
      'cn-hangzhou',
      '--name',
      'golden',
    );
  });
  afterAll(() => mimeo.remove());

  async function copyTo(region: string, name: string): Promise<Copy> {
    const answer = await mimeo.json<{ copies: [Copy] }>('copy', 'golden', '--to', region, '--name', name, '--wait');
    return answer.copies[0];
  }

  async function expectEqual(id: string): Promise<void> {
    for (const [disk, source] of [system, data].entries()) {
      const exported = join(mimeo.folder, 'exported.raw');
      const { code, stderr } = await mimeo.run('image', 'export', id, exported, '--disk', String(disk));
      expect(code, stderr).toBe(0);
      expect(await digestOf(exported)).toBe(await digestOf(source));
      expect(await allocatedBytes(exported)).toBeLessThanOrEqual((await allocatedBytes(source)) + MiB);
      await rm(exported);
    }
  }

  it('imports both disks and reads no holes', () => {
    expect(image.state).toBe('available');
    expect(image.disks.map(({ dataBytes }) => dataBytes)).toEqual([44 * MiB, 5 * MiB]);
  });

  it('copies within the region without moving a byte', async () => {
    const copy = await copyTo('cn-hangzhou', 'twin');
    expect(copy).toMatchObject({ state: 'succeeded', bytesMoved: 0 });
    await expectEqual(copy.destinationImageId);
  });

  it('copies to another region, byte for byte and sparse', async () => {
    const copy = await copyTo('cn-shanghai', 'far');
    expect(copy.state).toBe('succeeded');
    expect(copy.bytesMoved).toBeGreaterThan(49 * MiB);
    await expectEqual(copy.destinationImageId);
  });

  it('moves nothing to a region that has it all', async () => {
    expect(await copyTo('cn-shanghai', 'far again')).toMatchObject({ state: 'succeeded', bytesMoved: 0 });
  });

  it('keeps the bytes while one image needs them, and gives the space back when none does', async () => {
    const { images } = await mimeo.json<{ images: Image[] }>('image', 'list');
    expect(images).toHaveLength(4);
    for (const { id } of images.slice(1)) expect((await mimeo.run('image', 'delete', id)).code).toBe(0);
    await expectEqual((images[0] as Image).id);
    await server.end('SIGTERM');
    server = await mimeo.start({ MIMEO_GRACE_SECONDS: '0' });
    expect((await mimeo.run('store', 'collect')).code).toBe(0);
    await expectEqual((images[0] as Image).id);
    expect((await mimeo.run('image', 'delete', (images[0] as Image).id)).code).toBe(0);
    expect((await mimeo.run('store', 'collect')).code).toBe(0);
    const { regions } = await mimeo.json<{
      regions: { storedBytes: number; condemnedBytes: number; images: number }[];
    }>('region', 'list');
    for (const region of regions) expect(region).toMatchObject({ images: 0, storedBytes: 0, condemnedBytes: 0 });
  });
});
