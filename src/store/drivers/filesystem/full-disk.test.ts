import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/**
 * Each case mounts a file system of 24 MiB in a mount namespace of its own, which ends with its process: nothing stays
 * mounted, even if the test is killed. A user namespace gives anybody the right to mount tmpfs, not an image of ext4.
 */
const isRoot = process.getuid?.() === 0;
const unshare = ['--mount', ...(isRoot ? [] : ['--user', '--map-root-user'])];
const mounts = {
  tmpfs: 'mount -t tmpfs -o size=24m none "$1/disk"',
  ext4: 'truncate -s 24M "$1/image" && mkfs.ext4 -q -O ^has_journal "$1/image" && mount -o loop "$1/image" "$1/disk"',
};
const scenario = (directory: string) => `
  import { readdir, statfs } from 'node:fs/promises';
  import { createFilesystemStore } from ${JSON.stringify(new URL('./filesystem-store.ts', import.meta.url).href)};
  const store = createFilesystemStore({ directory: ${JSON.stringify(directory)} });
  const MiB = 1024 * 1024;
  const put = (key, size, as = (bytes) => bytes) =>
    store.put(key, as(Buffer.alloc(size, key))).then(() => 'done', (error) => error.kind ?? String(error));
  async function* inPieces(bytes) {
    for (let at = 0; at < bytes.length; at += 77_777) yield bytes.subarray(at, at + 77_777);
  }
  const freeBlocks = async () => (await statfs(${JSON.stringify(directory)})).bavail;

  const said = { small: await put('small/a', MiB) };
  const before = await freeBlocks();
  said.tooBig = [await put('big/a', 32 * MiB), await put('big/b', 32 * MiB, inPieces)];
  said.takenByThem = before - (await freeBlocks());
  said.afterwards = await put('small/b', MiB);

  let count = 0;
  while ((said.end = await put('fill/' + count, MiB)) === 'done') count++;
  said.filled = count > 5;
  await store.remove('fill/0');
  said.afterRemoval = await put('fill/again', MiB);

  said.damaged = [];
  for await (const { key, size } of store.list('')) {
    if (size !== MiB || !Buffer.alloc(MiB, key).equals(await store.get(key))) said.damaged.push(key);
  }
  said.leftovers = await readdir(${JSON.stringify(join(directory, '.tmp'))});
  console.log(JSON.stringify(said));
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mimeo-disk-'));
  await mkdir(join(folder, 'disk'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a full disk', () => {
  for (const [type, mount] of Object.entries(mounts)) {
    const why = cannotMount(type);
    it.skipIf(why)(`(${type}) leaves no partial blob and takes new ones once there is room${why}`, async () => {
      const run = `${mount} && exec "$2" --input-type=module --eval "$3"`;
      const program = [process.execPath, scenario(join(folder, 'disk'))];
      const { stdout } = await promisify(execFile)('unshare', [...unshare, 'sh', '-c', run, 'sh', folder, ...program]);
      expect(JSON.parse(stdout)).toEqual({
        small: 'done',
        tooBig: ['full', 'full'],
        // The folder of the two, and the space that a file system keeps for its own tables.
        takenByThem: expect.toSatisfy((blocks: number) => blocks <= 2),
        afterwards: 'done',
        end: 'full',
        filled: true,
        afterRemoval: 'done',
        damaged: [],
        leftovers: [],
      });
    });
  }
});

/** The reason, as it stands in the test's name; empty when a file system of this type can be mounted. */
function cannotMount(type: string): string {
  if (process.platform !== 'linux') return ' (skipped: needs Linux)';
  if (type === 'ext4' && !isRoot) return ' (skipped: needs root to mount an image)';
  if (spawnSync('unshare', [...unshare, 'mount', '-t', 'tmpfs', 'none', '/mnt']).status !== 0) {
    return ' (skipped: namespaces for mounts are not allowed here)';
  }
  return '';
}
