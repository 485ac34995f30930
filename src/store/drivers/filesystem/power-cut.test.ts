import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/**
 * W1 and its like. The store lies on an ext4 image; a copy of the image, taken while it is mounted, has on it just what a
 * disk has after a power cut: what was synced. The mounts are in a namespace that ends with its process.
 */
const setUp =
  'truncate -s 32M "$1/image" && mkfs.ext4 -q "$1/image" && mount -o loop "$1/image" "$1/disk" && shift && exec "$@"';
const scenario = (folder: string, directIo: boolean) => `
  import { execFileSync } from 'node:child_process';
  import { link, mkdir, open } from 'node:fs/promises';
  import { createFilesystemStore } from ${JSON.stringify(new URL('./filesystem-store.ts', import.meta.url).href)};
  const folder = ${JSON.stringify(folder)};
  const storeOn = (disk) => createFilesystemStore({ directory: folder + disk + '/region/store', directIo: ${directIo} });
  const store = storeOn('/disk');
  const bytes = Buffer.alloc(3_000_001, 'mimeo');

  async function keysAfterPowerCut() {
    execFileSync('cp', [folder + '/image', folder + '/copy']);
    execFileSync('mount', ['-o', 'loop', folder + '/copy', folder + '/after']);
    const found = [];
    for await (const { key } of storeOn('/after').list('')) {
      found.push(bytes.equals(await storeOn('/after').get(key)) ? key : key + ' (damaged)');
    }
    execFileSync('umount', [folder + '/after']);
    return found.sort();
  }

  const said = {};
  await store.put('packs/aa/first', bytes);
  said.put = await keysAfterPowerCut();
  await store.put('packs/aa/second', bytes);
  said.again = await keysAfterPowerCut();

  // Another process that was killed after it linked its blob, before it synced the folder.
  await mkdir(folder + '/disk/region/store/packs/bb');
  const file = await open(folder + '/disk/elsewhere', 'w');
  await file.writeFile(bytes);
  await file.sync();
  await file.close();
  await link(folder + '/disk/elsewhere', folder + '/disk/region/store/packs/bb/theirs');
  said.onlyLinked = await keysAfterPowerCut();
  said.kind = await store.put('packs/bb/theirs', bytes).then(() => 'done', (error) => error.kind);
  said.exists = await keysAfterPowerCut();

  await store.remove('packs/aa/first');
  said.removed = await keysAfterPowerCut();
  console.log(JSON.stringify(said));
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mimeo-power-'));
  for (const name of ['disk', 'after']) await mkdir(join(folder, name));
});
afterEach(() => rm(folder, { recursive: true }));

describe('after a power cut', () => {
  const mayMount = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
  const cannot = mayMount ? '' : ' (skipped: needs root and Linux to mount an image)';
  for (const directIo of [true, false]) {
    const way = directIo ? 'past the page cache' : 'through the page cache';
    it.skipIf(cannot)(`all is as the store said, written ${way}${cannot}`, async () => {
      const program = [process.execPath, '--input-type=module', '--eval', scenario(folder, directIo)];
      const { stdout } = await promisify(execFile)('unshare', ['--mount', 'sh', '-c', setUp, 'sh', folder, ...program]);
      expect(JSON.parse(stdout)).toEqual({
        put: ['packs/aa/first'],
        again: ['packs/aa/first', 'packs/aa/second'],
        // Proves that the copy lacks what was not synced.
        onlyLinked: ['packs/aa/first', 'packs/aa/second'],
        kind: 'exists',
        exists: ['packs/aa/first', 'packs/aa/second', 'packs/bb/theirs'],
        removed: ['packs/aa/second', 'packs/bb/theirs'],
      });
    });
  }
});
