/** The inspector against images that QEMU and GRUB made; where a package is missing, test names say so. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { withVhdChecksum } from './disk-format/sample-images.test-support.ts';
import { createDiskInspector, type DiskVerdict } from './disk-format.ts';
import { type DiskFormat, diskFormats } from './image.ts';

const MiB = 1024 * 1024;

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined;
}

const qemuMissing = isInstalled('qemu-img') ? '' : ' (skipped: qemu-img is not installed, it is in qemu-utils)';
const mkfsMissing = isInstalled('mkfs.ext4') ? '' : ' (skipped: mkfs.ext4 is not installed, it is in e2fsprogs)';
const grubIso = '/usr/lib/grub-rescue/grub-rescue-cdrom.iso';
const isoMissing = existsSync(grubIso) ? '' : ' (skipped: no grub-rescue-cdrom.iso, it is in grub-rescue-pc)';

function inspect(image: Uint8Array, declared: DiskFormat | null = null): DiskVerdict {
  const inspector = createDiskInspector(image.length);
  for (let offset = 0; offset < image.length; offset += 100_000) {
    inspector.see(offset, image.subarray(offset, offset + 100_000));
  }
  return inspector.verdict(declared);
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mimeo-disk-format-'));
  const base = Buffer.alloc(8 * MiB);
  for (let at = 64 * 1024; at < 2 * MiB; at += 4) base.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at);
  writeFileSync(join(folder, 'base.raw'), base);
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(program: string, ...args: string[]): void {
  execFileSync(program, args, { cwd: folder, stdio: 'pipe' });
}

/** The base disk converted, read from the file that holds its header. */
function converted(...args: string[]): Buffer {
  run('qemu-img', 'convert', '-f', 'raw', ...args, 'base.raw', 'image');
  return readFileSync(join(folder, 'image'));
}

/** An empty disk. */
function created(...args: string[]): Buffer {
  run('qemu-img', 'create', '-q', '-f', ...args);
  return readFileSync(join(folder, 'image'));
}

const secret = ['--object', 'secret,id=key,data=0123456789abcdef'];

describe.skipIf(qemuMissing !== '')(`what qemu-img makes${qemuMissing}`, () => {
  test.each<[format: DiskFormat, args: string[]]>([
    ['raw', ['-O', 'raw']],
    ['qcow2', ['-O', 'qcow2']],
    ['qcow2', ['-O', 'qcow2', '-o', 'compat=0.10']],
    ['qcow2', ['-O', 'qcow2', '-c']],
    ['qcow2', ['-O', 'qcow2', '-c', '-o', 'compression_type=zstd']],
    ['qcow2', ['-O', 'qcow2', '-o', 'extended_l2=on,cluster_size=128k']],
    ['qcow2', ['-O', 'qcow2', '-o', 'cluster_size=512,refcount_bits=1']],
    ['qcow2', ['-O', 'qcow2', '-o', 'cluster_size=2M,refcount_bits=64,lazy_refcounts=on']],
    ['qcow2', ['-O', 'qcow2', '-o', 'preallocation=metadata']],
    ['vmdk', ['-O', 'vmdk']],
    ['vmdk', ['-O', 'vmdk', '-o', 'subformat=streamOptimized']],
    ['vmdk', ['-O', 'vmdk', '-o', 'zeroed_grain=on,adapter_type=lsilogic,compat6=on']],
    ['vhd', ['-O', 'vpc']],
    ['vhd', ['-O', 'vpc', '-o', 'subformat=fixed']],
    ['vhd', ['-O', 'vpc', '-o', 'subformat=fixed,force_size=on']],
    ['vhdx', ['-O', 'vhdx']],
    ['vhdx', ['-O', 'vhdx', '-o', 'subformat=fixed,block_size=1M']],
  ])('is %s after convert %j', (format, args) => {
    const image = converted(...args);
    expect(inspect(image)).toEqual({ format });
    expect(inspect(image, format)).toEqual({ format });
    for (const declared of diskFormats.filter((each) => each !== format)) {
      expect(inspect(image, declared)).toEqual({ refused: expect.stringContaining(`but the bytes are ${format}`) });
    }
  });

  test.each<[format: DiskFormat, args: string[]]>([
    ['qcow2', ['qcow2', 'image', '64T']],
    ['qcow2', ['qcow2', '-o', 'extended_l2=on', 'image', '10T']],
    ['vmdk', ['vmdk', 'image', '2T']],
    ['vmdk', ['vmdk', '-o', 'subformat=streamOptimized', 'image', '1T']],
    ['vhd', ['vpc', 'image', '2000G']],
    ['vhdx', ['vhdx', 'image', '3T']],
    ['vhdx', ['vhdx', '-o', 'block_size=256M', 'image', '30T']],
  ])('is %s after create %j', (format, args) => {
    expect(inspect(created(...args))).toEqual({ format });
  });

  test('is qcow2 with a snapshot and a bitmap in it', () => {
    converted('-O', 'qcow2');
    run('qemu-img', 'snapshot', '-c', 'first', 'image');
    run('qemu-img', 'bitmap', '--add', 'image', 'dirty');
    const image = readFileSync(join(folder, 'image'));
    expect(image.readUInt32BE(60)).toBe(1);
    expect(inspect(image)).toEqual({ format: 'qcow2' });
  });

  test.each<[what: string, refused: RegExp, args: string[]]>([
    ['qcow2 with a backing file', /backing file/, ['qcow2', '-b', 'base.raw', '-F', 'raw', 'image']],
    ['qcow2 with a data file', /data is in another file/, ['qcow2', '-o', 'data_file=image.data', 'image', '8M']],
    [
      'qcow2 with a raw data file',
      /data is in another file/,
      ['qcow2', '-o', 'data_file=image.data,data_file_raw=on', 'image', '8M'],
    ],
    [
      'qcow2 with AES',
      /encrypted/,
      ['qcow2', ...secret, '-o', 'encrypt.format=aes,encrypt.key-secret=key', 'image', '8M'],
    ],
    ['vmdk in parts', /data in other files/, ['vmdk', '-o', 'subformat=twoGbMaxExtentSparse', 'image', '8M']],
    ['flat vmdk', /data in other files/, ['vmdk', '-o', 'subformat=monolithicFlat', 'image', '8M']],
    ['flat vmdk in parts', /data in other files/, ['vmdk', '-o', 'subformat=twoGbMaxExtentFlat', 'image', '8M']],
    ['vhdx with a long block table', /first 4 MiB.*block_size=256M/, ['vhdx', 'image', '16T']],
    ['qed', /^qed: not accepted/, ['qed', 'image', '8M']],
    ['qed with a backing file', /^qed: not accepted/, ['qed', '-b', 'base.raw', '-F', 'raw', 'image']],
    ['qcow', /version 1/, ['qcow', 'image', '8M']],
    ['vdi', /^vdi: not accepted/, ['vdi', 'image', '8M']],
    ['parallels', /^parallels: not accepted/, ['parallels', 'image', '8M']],
  ])('is refused as %s', (_, refused, args) => {
    const image = created(...args);
    for (const declared of [null, ...diskFormats]) {
      expect(inspect(image, declared)).toEqual({ refused: expect.stringMatching(refused) });
    }
  });

  test('is refused as qcow2 with LUKS', async () => {
    const options = 'encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=50';
    // QEMU times its key derivation first, and gives up when the clock of its CPU time has not moved.
    const image = await vi.waitFor(() => created('qcow2', ...secret, '-o', options, 'image', '8M'), 20_000);
    expect(inspect(image)).toEqual({ refused: expect.stringContaining('encrypted') });
  });

  test('is refused as a vmdk that is a snapshot of another', () => {
    run('qemu-img', 'convert', '-f', 'raw', '-O', 'vmdk', 'base.raw', 'base.vmdk');
    expect(inspect(created('vmdk', '-b', 'base.vmdk', '-F', 'vmdk', 'image'))).toEqual({
      refused: expect.stringContaining('names a parent'),
    });
  });

  test('is refused as a part of a vmdk in parts', () => {
    created('vmdk', '-o', 'subformat=twoGbMaxExtentSparse', 'image', '8M');
    expect(inspect(readFileSync(join(folder, 'image-s001')))).toEqual({
      refused: expect.stringContaining('0 extents'),
    });
  });

  test('is refused as vhdx once it says that it has a parent', () => {
    const image = converted('-O', 'vhdx');
    const parameters = image.indexOf('metadata', MiB, 'latin1') + 64 * 1024;
    image.writeUInt32LE(image.readUInt32LE(parameters + 4) | 2, parameters + 4);
    expect(inspect(image)).toEqual({ refused: expect.stringContaining('differencing disk') });
  });

  test('is refused as vhd once it says that it has a parent', () => {
    const image = converted('-O', 'vpc');
    for (const footer of [image.subarray(0, 512), image.subarray(-512)]) {
      footer.writeUInt32BE(4, 60);
      withVhdChecksum(footer, 64);
    }
    expect(inspect(image)).toEqual({ refused: expect.stringContaining('differencing disk') });
  });

  test.each([
    ['qcow2', /outside|cut off|shorter/],
    ['vmdk', /outside|cut off/],
    ['vpc', /footer is missing/],
    ['vhdx', /outside|cut off|checksum/],
  ])('is refused as %s that breaks off inside its tables', (format, refused) => {
    const path = join(folder, 'image');
    for (const size of [1000, 5000, 100_000]) {
      converted('-O', format);
      truncateSync(path, size);
      const verdict = inspect(readFileSync(path));
      // A small enough disk of this format has all its tables in its first 100,000 bytes.
      if (format === 'vmdk' && size === 100_000) expect(verdict).toEqual({ format: 'vmdk' });
      else expect(verdict).toEqual({ refused: expect.stringMatching(refused) });
    }
  });
});

test.skipIf(mkfsMissing !== '')(`a disk without partitions, a file system alone, is raw${mkfsMissing}`, () => {
  const path = join(folder, 'ext4.raw');
  writeFileSync(path, '');
  truncateSync(path, 8 * MiB);
  run('mkfs.ext4', '-q', path);
  expect(inspect(readFileSync(path))).toEqual({ format: 'raw' });
});

test.skipIf(isoMissing !== '')(`GRUB's hybrid ISO, which has a partition table, is iso${isoMissing}`, () => {
  const image = readFileSync(grubIso);
  expect(image.readUInt16BE(510)).toBe(0x55aa);
  expect(statSync(grubIso).size).toBeGreaterThan(4 * MiB);
  expect(inspect(image)).toEqual({ format: 'iso' });
  expect(inspect(image, 'iso')).toEqual({ format: 'iso' });
  expect(inspect(image, 'raw')).toEqual({ refused: expect.stringContaining('declare iso') });
});
