import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SpoolOptions, spool } from './spool.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-'));
});
afterAll(() => rm(folder, { recursive: true }));

const limits = (changes: Partial<SpoolOptions> = {}): SpoolOptions => ({ folder, most: 1e6, reserve: 0, ...changes });

async function* pieces(...parts: readonly Uint8Array[]) {
  yield* parts;
}

it('gives back what came, more than once, out of a file that nobody sees', async () => {
  const [one, other] = [randomBytes(70_000), randomBytes(30_000)];
  const spooled = await spool(pieces(one, other), limits({ most: 100_000 }));
  try {
    expect(await readdir(folder)).toEqual([]);
    expect(spooled.size).toBe(100_000);
    for (const _ of [1, 2]) {
      expect(Buffer.concat(await Array.fromAsync(spooled.read())).equals(Buffer.concat([one, other]))).toBe(true);
    }
  } finally {
    await spooled.close();
  }
});

it('has nothing in its file that could be read', async () => {
  const marker = randomBytes(64);
  const spooled = await spool(pieces(randomBytes(1000), marker), limits());
  try {
    const files = await readdir('/proc/self/fd');
    const paths = await Promise.all(files.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
    const own = files.filter((_, index) => paths[index]?.startsWith(folder));
    expect(own).toHaveLength(1);
    const kept = await readFile(`/proc/self/fd/${own[0]}`);
    expect(kept).toHaveLength(1064);
    expect(kept.includes(marker)).toBe(false);
  } finally {
    await spooled.close();
  }
});

it('is empty where nothing came', async () => {
  const spooled = await spool(pieces(), limits());
  expect(spooled.size).toBe(0);
  await spooled.close();
});

it('keeps to its limits, and leaves nothing behind', async () => {
  await expect(spool(pieces(randomBytes(11)), limits({ most: 10 }))).rejects.toMatchObject({ code: 'too-large' });
  await expect(spool(pieces(randomBytes(1)), limits({ reserve: 2 ** 60 }))).rejects.toMatchObject({ code: 'no-space' });
  expect(await readdir(folder)).toEqual([]);
});

it('throws what its source throws, and leaves nothing behind', async () => {
  async function* broken() {
    yield randomBytes(10);
    throw new Error('the client went away');
  }
  await expect(spool(broken(), limits())).rejects.toThrow('the client went away');
  expect(await readdir(folder)).toEqual([]);
});
