import { once } from 'node:events';
import { chmod, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf, writeSparseDisk } from './disks.ts';
import { createInstallation, type Installation } from './mimeo.ts';

const MiB = 1024 * 1024;
const slow = { MIMEO_THREADS: '1', MIMEO_SEGMENT_BYTES: String(2 * MiB), MIMEO_PACK_BYTES: String(MiB) };

interface Copy {
  readonly id: string;
  readonly attempts: number;
  readonly destinationImageId: string;
}

describe('a server that stops, and what goes wrong around it', { timeout: 120_000 }, () => {
  let mimeo: Installation;
  let disk: string;

  beforeEach(async () => {
    mimeo = await createInstallation();
    disk = join(mimeo.folder, 'disk.raw');
    await writeSparseDisk(disk, 128 * MiB, [{ at: 1, length: 120 }]);
  });
  afterEach(() => mimeo.remove());

  it.each(['SIGTERM', 'SIGINT'] as const)('%s ends it within seconds and hands running copies back', async (signal) => {
    const server = await mimeo.start(slow);
    await mimeo.json('image', 'import', disk, '--region', 'cn-hangzhou', '--name', 'golden');
    const { copies } = await mimeo.json<{ copies: [Copy] }>('copy', 'golden', '--to', 'cn-shanghai');
    const { id } = copies[0];
    await sleep(100);
    const begun = performance.now();
    expect(await server.end(signal)).toBe(0);
    expect(performance.now() - begun).toBeLessThan(8000);
    await mimeo.start();
    expect((await mimeo.run('copy', 'watch', id)).code).toBe(0);
    const copy = await mimeo.json<Copy>('copy', 'show', id);
    expect(copy.attempts).toBe(2);
    const exported = join(mimeo.folder, 'exported.raw');
    await mimeo.json('image', 'export', copy.destinationImageId, exported);
    expect(await digestOf(exported)).toBe(await digestOf(disk));
  });

  it('refuses a second server on the same directory and says who has it', async () => {
    const server = await mimeo.start();
    const { code, stderr } = await mimeo.run('serve', '--port', '0');
    expect(code).not.toBe(0);
    expect(stderr).toContain(String(server.pid));
    expect((await mimeo.run('image', 'list')).code).toBe(0);
  });

  it('lets an image be deleted whose upload was cut off with its client', async () => {
    await mimeo.start(slow);
    const client = mimeo.spawn('image', 'import', disk, '--region', 'cn-hangzhou', '--name', 'golden');
    let state = '';
    while (state !== 'uploading') {
      const { images } = await mimeo.json<{ images: { state: string }[] }>('image', 'list');
      state = images[0]?.state ?? '';
    }
    client.kill('SIGKILL');
    await once(client, 'exit');
    // Refused until the server has seen that the client is gone.
    while ((await mimeo.run('image', 'delete', 'golden')).code !== 0);
    const { regions } = await mimeo.json<{ regions: { packs: number }[] }>('region', 'list');
    for (const { packs } of regions) expect(packs).toBe(0);
  });

  it('never hands out damaged bytes, and names image, disk and offset', async () => {
    await mimeo.start();
    const image = await mimeo.json<{ id: string }>(
      'image',
      'import',
      disk,
      '--region',
      'cn-hangzhou',
      '--name',
      'golden',
    );
    const packs = join(mimeo.dataDirectory, 'regions', 'cn-hangzhou', 'packs');
    for (const folder of await readdir(packs)) {
      for (const name of await readdir(join(packs, folder))) await flipByte(join(packs, folder, name), 1000);
    }
    const exported = join(mimeo.folder, 'exported.raw');
    const { code, stderr } = await mimeo.run('image', 'export', 'golden', exported);
    expect(code).toBe(6);
    expect(stderr).toMatch(new RegExp(`${image.id}.*disk 0.*offset \\d+`, 's'));
    expect(await readdir(mimeo.folder)).not.toContain('exported.raw');
    const verified = await mimeo.run('store', 'verify');
    expect(verified.code).toBe(6);
    expect(verified.stdout).toContain(image.id);
    const copy = await mimeo.run('copy', 'golden', '--to', 'cn-shanghai', '--wait');
    expect(copy.code).toBe(6);
    expect(copy.stderr).toContain('damaged');
  });
});

async function flipByte(path: string, at: number): Promise<void> {
  await chmod(path, 0o600);
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ 0xff;
  await file.write(byte, 0, 1, at);
  await file.close();
}
