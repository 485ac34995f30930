import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { addressOf } from '../../../lib/libc.ts';
import { canWriteDirectly, writeInBlocks } from './direct-write.ts';

const MiB = 1024 * 1024;

async function* pieces(...sizes: number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield new Uint8Array(size).fill(size % 251);
}

/** A medium that remembers what was asked of it. */
function recorder() {
  const writes: { address: bigint; offset: number; length: number }[] = [];
  return {
    writes,
    async write(block: Uint8Array, offset: number): Promise<void> {
      writes.push({ address: addressOf(block), offset, length: block.length });
    },
  };
}

describe('writeInBlocks', () => {
  it('aligns addresses, offsets and lengths for direct writes, and says the real size', async () => {
    const { writes, write } = recorder();
    expect(await writeInBlocks(pieces(5, 3 * MiB, 0, 77), { direct: true, write })).toBe(3 * MiB + 82);
    expect(writes.map(({ length }) => length)).toEqual([MiB, MiB, MiB, 4096]);
    for (const { address, offset } of writes) expect([address % 4096n, offset % 4096]).toEqual([0n, 0]);
  });

  it('writes exactly the bytes where nothing need be aligned', async () => {
    const { writes, write } = recorder();
    expect(await writeInBlocks(pieces(MiB, 77), { direct: false, write })).toBe(MiB + 77);
    expect(writes.map(({ length }) => length)).toEqual([MiB, 77]);
  });

  it('does not write what a block held before behind a shorter tail', async () => {
    const tails: Uint8Array[] = [];
    const write = async (block: Uint8Array) => void tails.push(block.slice());
    await writeInBlocks(pieces(2 * MiB, MiB - 1, 2), { direct: true, write });
    expect(tails.at(-1)?.subarray(1)).toEqual(new Uint8Array(4095));
  });

  it('has one write under way at a time, and none when it returns or throws', async () => {
    let underWay = 0;
    let most = 0;
    let calls = 0;
    async function write() {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, 2));
      underWay--;
      if (++calls === 5) throw new Error('broken');
    }
    await writeInBlocks(pieces(3 * MiB), { direct: true, write });
    expect([most, underWay]).toEqual([1, 0]);
    await expect(writeInBlocks(pieces(9 * MiB), { direct: true, write })).rejects.toThrow('broken');
    expect([most, underWay, calls]).toEqual([1, 0, 5]);

    async function* failing() {
      yield* pieces(MiB + 1);
      throw new Error('source');
    }
    await expect(writeInBlocks(failing(), { direct: true, write })).rejects.toThrow('source');
    expect(underWay).toBe(0);
  });
});

describe('canWriteDirectly', () => {
  it('leaves no probe, and fails where nothing can be written at all', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mimeo-direct-'));
    try {
      expect(await canWriteDirectly(join(folder, 'probe'))).toBeTypeOf('boolean');
      expect(await readdir(folder)).toEqual([]);
      await expect(canWriteDirectly(join(folder, 'missing', 'probe'))).rejects.toThrow('ENOENT');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  const mount = ['--mount', 'sh', '-c', 'mount -t ramfs none "$1" && shift && exec "$@"', 'sh'];
  const cannot =
    spawnSync('unshare', [...mount, '/mnt', 'true']).status === 0 ? '' : ' (skipped: needs the right to mount ramfs)';
  it.skipIf(cannot)(`a file system without direct I/O is written through the page cache${cannot}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mimeo-direct-'));
    const code = `
      import { canWriteDirectly } from ${JSON.stringify(new URL('./direct-write.ts', import.meta.url).href)};
      import { createFilesystemStore } from ${JSON.stringify(new URL('./filesystem-store.ts', import.meta.url).href)};
      const store = createFilesystemStore({ directory: ${JSON.stringify(folder)} });
      const bytes = Buffer.alloc(3_000_001, 'mimeo');
      await store.put('packs/ab/abcd', bytes);
      const probe = ${JSON.stringify(join(folder, '.tmp', 'probe'))};
      console.log(await canWriteDirectly(probe), bytes.equals(await store.get('packs/ab/abcd')));
    `;
    try {
      const command = [process.execPath, '--input-type=module', '--eval', code];
      const { stdout } = await promisify(execFile)('unshare', [...mount, folder, ...command]);
      expect(stdout.trim()).toBe('false true');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
