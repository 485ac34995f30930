import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSpools, type SpoolPlan, type Spools } from './spools.ts';

let folder: string;
let spools: Spools;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spools-'));
  spools = createSpools(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const plan = (image: string, changes: Partial<SpoolPlan> = {}) => ({
  image,
  holder: 'one',
  limit: 1050,
  free: 1000,
  announced: 0,
  most: 1000,
  ...changes,
});
function begin(image: string, changes: Partial<SpoolPlan> = {}) {
  const spooling = spools.begin(plan(image, changes));
  if (spooling === undefined) throw new Error(`${image} is being spooled`);
  const take = async (...sizes: readonly number[]) => {
    const spooled = await spooling.take(pieces(sizes));
    await spooled.close();
    return spooled.size;
  };
  return { ...spooling, take };
}

async function* pieces(sizes: readonly number[]) {
  for (const size of sizes) yield Buffer.alloc(size);
}

const tooLarge = { code: 'too-large' };

it('lets the spools of one holder have together what is free, and each what was announced', async () => {
  const first = begin('a');
  expect(await first.take(300, 300)).toBe(600);
  const second = begin('b', { announced: 50, most: 1050 });
  await expect(second.take(400, 51)).rejects.toMatchObject(tooLarge);
  second.end();
  const third = begin('c', { announced: 50, most: 1050 });
  expect(await third.take(400, 50)).toBe(450);
  const other = begin('d', { holder: 'other' });
  expect(await other.take(1000)).toBe(1000);
  first.end();
  const last = begin('e');
  expect(await last.take(600)).toBe(600);
  for (const each of [third, other, last]) each.end();
});

it('counts what was charged once, also for those that began before', async () => {
  const [first, second] = [begin('a'), begin('b')];
  await first.take(600);
  first.charge();
  await expect(second.take(401)).rejects.toMatchObject(tooLarge);
  second.end();
  const third = begin('c', { free: 400 });
  expect(await third.take(400)).toBe(400);
  for (const each of [first, third]) each.end();
});

it('lets a holder with too little have what was announced', async () => {
  const spooling = begin('a', { limit: 50, free: -50, announced: 100, most: 50 });
  expect(await spooling.take(50)).toBe(50);
  spooling.end();
});

it('keeps no more than the limit, though what was announced is announced for another image now', async () => {
  const first = begin('a', { limit: 1000, free: 0, announced: 1000 });
  await first.take(900);
  const second = begin('b', { limit: 1000, free: 0, announced: 1000 });
  await expect(second.take(101)).rejects.toMatchObject(tooLarge);
  for (const each of [first, second]) each.end();
  const third = begin('b', { limit: 1000, free: 0, announced: 1000 });
  expect(await third.take(1000)).toBe(1000);
  third.end();
});

it('begins one of an image at a time', () => {
  const first = begin('a');
  expect(spools.begin(plan('a'))).toBeUndefined();
  first.end();
  begin('a').end();
});
