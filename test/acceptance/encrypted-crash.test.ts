/**
 * kill -9 of the server in the middle of uploads and copies that encrypt and that change keys. They go on from what was durable, and
 * nowhere, at no moment, is there a file with the disk's bytes in it but where they are plain by their owner's wish. What is
 * searched is everything that the server and its database can write: their data directory, home, and temporary files.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from './disks.ts';
import { createInstallation, type Installation, type ServerProcess } from './mimeo.ts';

const MiB = 1024 * 1024;
const diskMiB = 64;
/** Of these the MiB that do not get smaller. */
const randomMiB = 0.75 * diskMiB;

/** Small packs and one thread: a copy takes long enough to be killed more than once, and each kill finds packs in flight. */
const settings = {
  MIMEO_REGIONS: 'plain,first,second,third',
  MIMEO_THREADS: '1',
  MIMEO_SEGMENT_BYTES: String(2 * MiB),
  MIMEO_PACK_BYTES: String(2 * MiB),
  MIMEO_READ_BYTES: String(MiB),
};

/** 64 bytes each, none of them to be found anywhere by chance. */
const markers = {
  /** Among random bytes: in a store that is not encrypted it stands as it is. */
  random: randomBytes(64),
  /** Among equal bytes: it still stands there when what is around it was compressed. */
  compressed: randomBytes(64),
  /** Text among text, which is to be seen only where nothing was compressed. */
  text: Buffer.from(`marker ${randomBytes(4).toString('hex')} `.repeat(4)),
};
type Marker = keyof typeof markers;

interface Copy {
  readonly state: string;
  readonly attempts: number;
  readonly bytesMoved: number;
  readonly destinationImageId: string;
}

let mimeo: Installation;
let server: ServerProcess;
/** Where the test has the disk: not searched. */
let own: string;
let disk: string;

beforeAll(async () => {
  mimeo = await createInstallation();
  own = join(mimeo.folder, 'own');
  disk = join(own, 'disk.raw');
  await mkdir(own);
  await mkdir(join(mimeo.folder, 'tmp'));
  await writeMarkedDisk(disk);
  await start();
});
afterAll(() => mimeo.remove());

describe('kill -9 of the server, and nothing can be read without the key', { timeout: 240_000 }, () => {
  it('in an upload that encrypts, and in the copy to another key that follows', async () => {
    const first = await uploadWithKill('first');
    await expectEqualBytes(first);
    const second = await copyWithKills(first, 'second', [6, 15], [own]);
    await expectEqualBytes(second);
    await expectNothingTwice(['first', 'second']);
  });

  it('in the copy of a plain image that encrypts it', async () => {
    const plain = await mimeo.json<{ id: string }>('image', 'import', disk, '--region', 'plain');
    expect(await search([own])).toEqual(new Set(['random', 'compressed']));
    const third = await copyWithKills(plain.id, 'third', [14], [own, folderOf('plain')]);
    await expectEqualBytes(third);
    await expectNothingTwice(['first', 'third']);
    expect((await mimeo.run('store', 'verify')).code).toBe(0);
  });
});

async function start(): Promise<void> {
  server = await mimeo.start({ ...settings, TMPDIR: join(mimeo.folder, 'tmp') });
}

const folderOf = (region: string) => join(mimeo.dataDirectory, 'regions', region);

async function newKey(region: string): Promise<string> {
  return (await mimeo.json<{ id: string }>('key', 'create', '--region', region, '--grant', 'images')).id;
}

async function killOnceThereAre(packs: number, region: string): Promise<void> {
  await expect.poll(() => countPacks(region), { interval: 5, timeout: 60_000 }).toBeGreaterThanOrEqual(packs);
  await server.end('SIGKILL');
  await start();
}

/** Does `work` while everything but these folders is searched for the markers, none of which must ever be there. */
async function searched(except: readonly string[], work: () => Promise<void>): Promise<void> {
  const searching = new AbortController();
  const searches = searchUntil(searching.signal, except);
  try {
    await work();
  } finally {
    searching.abort();
  }
  const { found, rounds } = await searches;
  expect(found).toEqual(new Set());
  expect(rounds).toBeGreaterThan(3);
  expect(server.log()).not.toContain(markers.text.toString());
}

/** Uploads the disk under a new key of the region, the server being killed once; returns the new image. */
async function uploadWithKill(region: string): Promise<string> {
  const key = await newKey(region);
  let id = '';
  await searched([own], async () => {
    const importing = mimeo.run('image', 'import', disk, '--region', region, '--encrypt', key, '--retries', '0');
    await killOnceThereAre(9, region);
    expect((await importing).code).not.toBe(0);
    const { images } = await mimeo.json<{ images: [{ id: string }] }>('image', 'list');
    id = images[0].id;
    expect(await mimeo.json('image', 'import', disk, '--resume', id)).toMatchObject({ id, state: 'available' });
  });
  return id;
}

/**
 * Copies the image under a new key of the region, the server being killed whenever there are so many packs, of 22 and those that
 * each kill leaves unnamed; returns the new image.
 */
async function copyWithKills(
  image: string,
  region: string,
  kills: readonly number[],
  except: readonly string[],
): Promise<string> {
  const wish = ['--to', region, '--encrypt', await newKey(region)];
  const { copies } = await mimeo.json<{ copies: [{ id: string }] }>('copy', image, ...wish);
  const [{ id }] = copies;
  const show = () => mimeo.json<Copy>('copy', 'show', id);
  let movedBefore = 0;
  await searched(except, async () => {
    for (const packs of kills) await killOnceThereAre(packs, region);
    movedBefore = (await show()).bytesMoved;
    const { code, stderr } = await mimeo.run('copy', 'watch', id);
    expect(code, stderr + server.log()).toBe(0);
  });
  const copy = await show();
  expect(copy).toMatchObject({ state: 'succeeded', attempts: kills.length + 1 });
  // The last attempt began where the log ends, and did not fetch all of it again.
  expect(copy.bytesMoved - movedBefore).toBeLessThan(0.75 * randomMiB * MiB);
  return copy.destinationImageId;
}

async function countPacks(region: string): Promise<number> {
  const options = { recursive: true, withFileTypes: true } as const;
  const entries = await readdir(join(folderOf(region), 'packs'), options).catch(() => []);
  return entries.filter((entry) => entry.isFile()).length;
}

/** Searches again and again until it is told to stop, and then once more. */
async function searchUntil(
  signal: AbortSignal,
  except: readonly string[],
): Promise<{ found: Set<Marker>; rounds: number }> {
  const found = new Set<Marker>();
  const seen = new Map<string, string>();
  for (let rounds = 1; ; rounds++) {
    const isLast = signal.aborted;
    for (const marker of await search(except, isLast ? new Map() : seen)) found.add(marker);
    if (isLast) return { found, rounds };
    await sleep(100);
  }
}

/** The markers that stand in any file of the installation; what is as it was when it was `seen` is not read again. */
async function search(except: readonly string[], seen = new Map<string, string>()): Promise<Set<Marker>> {
  const found = new Set<Marker>();
  const folders = [mimeo.folder];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    // Files come and go meanwhile.
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const path = join(folder, entry.name);
      if (except.includes(path)) continue;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) await searchFile(path, found, seen);
    }
  }
  return found;
}

const window = Buffer.alloc(4 * MiB);
const overlap = 63;

async function searchFile(path: string, found: Set<Marker>, seen: Map<string, string>): Promise<void> {
  const { ino, size, mtimeMs } = (await stat(path).catch(() => undefined)) ?? {};
  const state = `${ino} ${size} ${mtimeMs}`;
  if (seen.get(path) === state) return;
  seen.set(path, state);
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return;
  try {
    for (let position = 0; ; position += window.length - overlap) {
      const { bytesRead } = await file.read(window, 0, window.length, position);
      const bytes = window.subarray(0, bytesRead);
      for (const name of Object.keys(markers) as Marker[]) if (bytes.includes(markers[name])) found.add(name);
      if (bytesRead < window.length) return;
    }
  } finally {
    await file.close();
  }
}

/** Three quarters of each MiB are random bytes, then come equal ones, then text; a marker of each kind in each. */
async function writeMarkedDisk(path: string): Promise<void> {
  const file = await open(path, 'w');
  for (let number = 0; number < diskMiB; number++) {
    const block = randomBytes(MiB);
    block.set(markers.random, 100_000);
    block.fill(0x5a, 0.75 * MiB, 0.875 * MiB);
    block.set(markers.compressed, 0.8 * MiB);
    block.fill('words and words, ', 0.875 * MiB);
    block.set(markers.text, 0.9 * MiB);
    await file.write(block);
  }
  await file.close();
}

async function expectEqualBytes(image: string): Promise<void> {
  const exported = join(own, 'exported.raw');
  const { code, stderr } = await mimeo.run('image', 'export', image, exported);
  expect(code, stderr).toBe(0);
  expect(await digestOf(exported)).toBe(await digestOf(disk));
  await rm(exported);
}

/** All are cut alike, so the frames of one take as many bytes as those of the other; each pack has a header and a footer. */
async function expectNothingTwice([one, other]: readonly [string, string]): Promise<void> {
  const { regions } = await mimeo.json<{ regions: { id: string; packs: number; storedBytes: number }[] }>(
    'region',
    'list',
  );
  const bytesOfFrames = (name: string) => {
    const { packs, storedBytes } = regions.find(({ id }) => id === name) ?? { packs: 0, storedBytes: 0 };
    return storedBytes - packs * (32 + 64);
  };
  expect(bytesOfFrames(other)).toBe(bytesOfFrames(one));
  expect(bytesOfFrames(one)).toBeGreaterThan(randomMiB * MiB);
}
