import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  sampleDescriptor,
  sampleDynamicVhd,
  sampleFixedVhd,
  sampleIso,
  sampleQcow2,
  sampleStreamVmdk,
  sampleVhdx,
  sampleVmdk,
  vhdxAt,
  withExtension,
  withPartitionTable,
  withVhdChecksum,
  withVhdxChecksums,
} from './disk-format/sample-images.test-support.ts';
import { createDiskInspector, type DiskVerdict } from './disk-format.ts';
import { type DiskFormat, diskFormats } from './image.ts';

const MiB = 1024 * 1024;
const tail = 64 * 1024;

function inspect(image: Uint8Array, declared: DiskFormat | null = null, size = image.length): DiskVerdict {
  const inspector = createDiskInspector(size);
  inspector.see(0, image);
  return inspector.verdict(declared);
}

/** A sample after `change`, which may return another buffer. */
function changed(sample: Buffer, change: (image: Buffer) => Buffer | number): Buffer {
  const result = change(sample);
  return typeof result === 'number' ? sample : result;
}

function startingWith(text: string, at = 0): Buffer {
  const image = Buffer.alloc(MiB);
  image.write(text, at, 'latin1');
  return image;
}

const samples: [name: string, format: DiskFormat, image: Buffer][] = [
  ['qcow2 version 3', 'qcow2', sampleQcow2()],
  ['qcow2 version 2', 'qcow2', sampleQcow2({ version: 2 })],
  ['qcow2 with clusters of 512 bytes', 'qcow2', sampleQcow2({ clusterBits: 9, virtualSize: 8 * MiB })],
  ['qcow2 with clusters of 2 MiB', 'qcow2', sampleQcow2({ clusterBits: 21, virtualSize: 2 ** 46 })],
  ['vmdk', 'vmdk', sampleVmdk()],
  ['vmdk whose CID QEMU has made shorter', 'vmdk', sampleVmdk(`${sampleDescriptor}\0"\n`)],
  ['vmdk written as a stream', 'vmdk', sampleStreamVmdk()],
  ['fixed vhd', 'vhd', sampleFixedVhd()],
  ['fixed vhd with a footer of 511 bytes', 'vhd', sampleFixedVhd({ footerBytes: 511 })],
  ['fixed vhd with a partition table', 'vhd', withPartitionTable(sampleFixedVhd())],
  ['fixed vhd of 6 MiB', 'vhd', sampleFixedVhd({ virtualSize: 6 * MiB })],
  ['fixed vhd whose footer lies across 4 MiB', 'vhd', sampleFixedVhd({ virtualSize: 4 * MiB - 256 })],
  ['dynamic vhd', 'vhd', sampleDynamicVhd()],
  ['vhdx', 'vhdx', sampleVhdx()],
  ['iso', 'iso', sampleIso()],
  ['hybrid iso', 'iso', withPartitionTable(sampleIso())],
  ['nothing', 'raw', Buffer.alloc(0)],
  ['a byte', 'raw', Buffer.alloc(1)],
  ['zeros', 'raw', Buffer.alloc(5 * MiB)],
  ['a partition table', 'raw', withPartitionTable(Buffer.alloc(MiB))],
  ['a LUKS header, as an encrypted data disk has', 'raw', startingWith('LUKS\xba\xbe\0\x02')],
  ['boot code that begins as gzip does', 'raw', withPartitionTable(startingWith('\x1f\x8b\x08'))],
  ['the magic of qcow2 anywhere else', 'raw', startingWith('QFI\xfb\0\0\0\x03', 1)],
];

describe('a sound disk', () => {
  test.each(samples)('of %s is %s', (_, format, image) => {
    expect(inspect(image)).toEqual({ format });
    expect(inspect(image, format)).toEqual({ format });
  });

  test.each(samples)('of %s is refused when declared as anything but %s', (_, format, image) => {
    for (const declared of diskFormats.filter((each) => each !== format)) {
      const refused = `declared as ${declared}, but the bytes are ${format}; declare ${format}, or no format at all`;
      expect(inspect(image, declared)).toEqual({ refused });
    }
  });
});

const flaws: [name: string, image: Buffer, message: RegExp][] = [
  ['qcow', changed(sampleQcow2(), (image) => image.writeUInt32BE(1, 4)), /version 1/],
  ['qcow2 version 4', changed(sampleQcow2(), (image) => image.writeUInt32BE(4, 4)), /version 4/],
  ['backing file', changed(sampleQcow2(), (image) => image.writeBigUInt64BE(512n, 8)), /backing file.*flatten/],
  ['backing file at 2^63', changed(sampleQcow2(), (image) => image.writeBigUInt64BE(2n ** 63n, 8)), /backing file/],
  ['external data file', changed(sampleQcow2(), (image) => image.writeUInt8(4, 79)), /data is in another file/],
  ['corrupt', changed(sampleQcow2(), (image) => image.writeUInt8(2, 79)), /corrupt.*check -r all/],
  ['unknown feature bit 5', changed(sampleQcow2(), (image) => image.writeUInt8(32, 79)), /features that are not known/],
  [
    'unknown feature bit 63',
    changed(sampleQcow2(), (image) => image.writeUInt8(128, 72)),
    /features that are not known/,
  ],
  ['raw external data', changed(sampleQcow2(), (image) => image.writeUInt8(2, 95)), /raw file/],
  ['AES', changed(sampleQcow2(), (image) => image.writeUInt32BE(1, 32)), /encrypted/],
  ['LUKS', changed(sampleQcow2(), (image) => image.writeUInt32BE(2, 32)), /encrypted/],
  ['clusters of 256 bytes', changed(sampleQcow2(), (image) => image.writeUInt32BE(8, 20)), /2\^8 bytes/],
  ['clusters of 4 MiB', changed(sampleQcow2(), (image) => image.writeUInt32BE(22, 20)), /2\^22 bytes/],
  ['a header of 96 bytes', changed(sampleQcow2(), (image) => image.writeUInt32BE(96, 100)), /header's length is 96/],
  ['a header of 2^31 bytes', changed(sampleQcow2(), (image) => image.writeUInt32BE(2 ** 31, 100)), /header's length/],
  ['a header cut off', sampleQcow2().subarray(0, 71), /cut off/],
  ['a file of the header alone', sampleQcow2().subarray(0, 112), /shorter than one of its clusters/],
  ['a virtual size of 0', changed(sampleQcow2(), (image) => image.writeBigUInt64BE(0n, 24)), /has 0 bytes/],
  [
    'a virtual size of 2^46 + 1',
    changed(sampleQcow2(), (image) => image.writeBigUInt64BE(2n ** 46n + 1n, 24)),
    /64 TiB/,
  ],
  ['an L1 table too short', changed(sampleQcow2(), (image) => image.writeUInt32BE(1, 36)), /L1 table is too short/],
  ['an L1 table outside', changed(sampleQcow2(), (image) => image.writeUInt32BE(3, 36)), /L1 table lies outside/],
  ['an L1 table at 2^63', changed(sampleQcow2(), (image) => image.writeUInt8(128, 40)), /L1 table lies outside/],
  [
    'an L1 table in the header',
    changed(sampleQcow2(), (image) => image.fill(0, 40, 48) && image),
    /L1 table is not in/,
  ],
  [
    'an endless L1 table',
    changed(sampleQcow2(), (image) => image.writeUInt32BE(2 ** 32 - 1, 36)),
    /longer than 32 MiB/,
  ],
  ['no refcount table', changed(sampleQcow2(), (image) => image.writeUInt32BE(0, 56)), /refcount table has 0 bytes/],
  ['an endless refcount table', changed(sampleQcow2(), (image) => image.writeUInt32BE(129, 56)), /up to 8 MiB/],
  [
    'a refcount table outside',
    changed(sampleQcow2(), (image) => image.writeUInt32BE(9, 56)),
    /refcount table lies outside/,
  ],
  ['refcounts of 128 bits', changed(sampleQcow2(), (image) => image.writeUInt32BE(7, 96)), /2\^7 bits/],
  ['too many snapshots', changed(sampleQcow2(), (image) => image.writeUInt32BE(65_537, 60)), /65537 snapshots/],
  [
    'snapshots outside',
    changed(sampleQcow2(), (image) => image.writeUInt32BE(1, 60) && image.writeBigUInt64BE(2n ** 40n, 64)),
    /snapshot table lies outside/,
  ],
  ['an unannounced compression', changed(sampleQcow2(), (image) => image.writeUInt8(1, 104)), /unknown way \(1\)/],
  [
    'an unknown compression',
    changed(sampleQcow2(), (image) => image.writeUInt8(8, 79) && image.writeUInt8(2, 104)),
    /unknown way \(2\)/,
  ],
  [
    'extended L2 entries in small clusters',
    changed(sampleQcow2({ clusterBits: 13, virtualSize: MiB }), (image) => image.writeUInt8(16, 79)),
    /less than 16 KiB/,
  ],
  [
    "a backing file's format",
    withExtension(sampleQcow2(), 0xe2792aca, Buffer.from('qcow2')),
    /format of a backing file/,
  ],
  ["a data file's name", withExtension(sampleQcow2(), 0x44415441, Buffer.from('/etc/shadow')), /external data file/],
  ['an encryption header', withExtension(sampleQcow2(), 0x0537be77, Buffer.alloc(16)), /encrypted/],
  ['an unknown extension', withExtension(sampleQcow2(), 0x12345678, Buffer.alloc(8)), /extension \(0x12345678\)/],
  [
    'bitmaps outside',
    withExtension(sampleQcow2(), 0x23852875, Buffer.from('00000001000000000000000000000040000000ff00000000', 'hex')),
    /bitmap directory lies outside/,
  ],
  [
    'an extension that hides another behind a known one',
    changed(withExtension(sampleQcow2(), 0x6803f857, Buffer.alloc(48)), (image) =>
      image.writeUInt32BE(0x44415441, 168),
    ),
    /external data file/,
  ],
  [
    'an extension that never ends',
    changed(withExtension(sampleQcow2(), 0x6803f857, Buffer.alloc(8)), (image) =>
      image.writeUInt32BE(2 ** 32 - 1, 116),
    ),
    /reaches out of the first cluster/,
  ],

  ['a text descriptor', startingWith(sampleDescriptor), /data in other files.*streamOptimized/],
  [
    'a text descriptor behind comments',
    startingWith('#\n# x\n\nversion=1\nRW 9 FLAT "/etc/shadow" 0\n'),
    /other files/,
  ],
  ['COWD', startingWith('COWD\x01\0\0\0'), /other files/],
  ['vmdk version 4', changed(sampleVmdk(), (image) => image.writeUInt32LE(4, 4)), /version 4/],
  ['a vmdk cut off', sampleVmdk().subarray(0, 500), /cut off/],
  ['a vmdk cut in its descriptor', sampleVmdk().subarray(0, 5000), /grain directory lies outside/],
  ['a text-mode transfer', changed(sampleVmdk(), (image) => image.write('\r\n \n', 73, 'latin1')), /binary mode/],
  ['grains of 3 sectors', changed(sampleVmdk(), (image) => image.writeUInt8(3, 20)), /grains have 3 sectors/],
  ['grains of 0 sectors', changed(sampleVmdk(), (image) => image.writeUInt8(0, 20)), /grains have 0 sectors/],
  ['grain tables of 0 entries', changed(sampleVmdk(), (image) => image.writeUInt32LE(0, 44)), /have 0 entries/],
  [
    'a capacity of 0, which makes QEMU read extents',
    changed(sampleVmdk(), (i) => i.fill(0, 12, 20) && i),
    /has 0 bytes/,
  ],
  ['a capacity beyond 64 TiB', changed(sampleVmdk(), (image) => image.writeUInt8(1, 17 + 1)), /64 TiB/],
  ['a grain directory outside', changed(sampleVmdk(), (image) => image.writeUInt8(0x80, 56)), /grain directory lies/],
  ['a spare grain directory outside', changed(sampleVmdk(), (image) => image.writeUInt8(0x80, 48)), /grain directory/],
  ['unknown compression', changed(sampleVmdk(), (image) => image.writeUInt16LE(2, 77)), /unknown way \(2\)/],
  ['no descriptor', changed(sampleVmdk(), (image) => image.writeUInt8(0, 36)), /no descriptor/],
  [
    'a descriptor elsewhere than QEMU looks',
    changed(sampleVmdk(), (image) => image.writeUInt8(2, 28)),
    /follow its header/,
  ],
  ['a descriptor of 1 MiB', changed(sampleVmdk(), (image) => image.writeUInt16LE(2048, 36)), /1 MiB or more/],
  ['a descriptor outside', changed(sampleVmdk(), (image) => image.writeUInt16LE(200, 36)), /descriptor is cut off/],
  ['more behind the descriptor than its own end', sampleVmdk(`${sampleDescriptor}\0"\nx`), /end in zeros/],
  ['bytes behind the descriptor', changed(sampleVmdk(), (image) => image.writeUInt8(1, 5000)), /end in zeros/],
  ['no footer', changed(sampleStreamVmdk(), (image) => image.subarray(0, -512)), /not between the markers/],
  [
    'a footer of another descriptor',
    changed(sampleStreamVmdk(), (i) => i.writeUInt8(9, i.length - 1024 + 36)),
    /repeat/,
  ],
  [
    'a footer that says that there is another',
    changed(sampleStreamVmdk(), (image) => image.fill(0xff, image.length - 968, image.length - 960) && image),
    /grain directory lies outside/,
  ],
  ['padding in a marker', changed(sampleStreamVmdk(), (image) => image.writeUInt8(1, image.length - 1)), /markers/],

  [
    'a footer with a wrong checksum',
    changed(sampleFixedVhd(), (image) => image.writeUInt8(9, 65_536 + 100)),
    /checksum/,
  ],
  ['a vhd without its footer', sampleDynamicVhd().subarray(0, -512), /footer is missing/],
  ['a differencing vhd', sampleDynamicVhd({ type: 4 }), /differencing/],
  ['a vhd of unknown type', sampleDynamicVhd({ type: 5 }), /type 5/],
  ['a fixed vhd too short', changed(sampleFixedVhd(), (image) => image.subarray(512)), /has 65536 bytes, but 65024/],
  ['a fixed vhd that begins as dynamic', changed(sampleFixedVhd(), (image) => image.write('conectix', 0)), /begins as/],
  ['a vhd whose copy differs', changed(sampleDynamicVhd(), (image) => image.writeUInt8(1, 84)), /copy of its footer/],
  ['a vhd parent id', sampleDynamicVhd({ change: (header) => header.writeUInt8(1, 40) }), /names a parent/],
  ['a vhd parent name', sampleDynamicVhd({ change: (header) => header.writeUInt16BE(47, 64) }), /names a parent/],
  ['a vhd parent locator', sampleDynamicVhd({ change: (header) => header.write('W2ku', 576) }), /names a parent/],
  ['a last vhd parent locator', sampleDynamicVhd({ change: (header) => header.write('W2ku', 744) }), /names a parent/],
  ['a vhd block table outside', sampleDynamicVhd({ change: (h) => h.writeUInt8(1, 18) }), /block table lies outside/],
  [
    'a vhd block table too short',
    sampleDynamicVhd({ change: (h) => h.writeUInt32BE(3, 28) }),
    /block table is too short/,
  ],
  ['vhd blocks of 3 MiB', sampleDynamicVhd({ change: (header) => header.writeUInt32BE(3 * MiB, 32) }), /3145728 bytes/],
  ['no dynamic header', sampleDynamicVhd({ change: (header) => header.write('d', 0) }), /cxsparse/],
  [
    "a dynamic header's checksum",
    changed(sampleDynamicVhd(), (image) => image.writeUInt8(1, 1500)),
    /dynamic header's checksum/,
  ],
  [
    'a dynamic header outside',
    changed(sampleDynamicVhd(), (image) => {
      const footer = image.subarray(-512);
      footer.writeUInt8(1, 18);
      withVhdChecksum(footer, 64);
      image.set(footer, 0);
      return image;
    }),
    /first 4 MiB/,
  ],

  ['a vhdx cut off', sampleVhdx().subarray(0, 100_000), /cut off|header/],
  ['a vhdx cut in its regions', sampleVhdx().subarray(0, 2 * MiB), /regions lies outside/],
  [
    'vhdx headers damaged',
    changed(sampleVhdx(), (i) => i.writeUInt8(9, 65_636) && i.writeUInt8(9, 131_172)),
    /checksum/,
  ],
  [
    'a vhdx log to be replayed',
    withVhdxChecksums(changed(sampleVhdx(), (image) => image.writeUInt8(1, vhdxAt.headers[1] + vhdxAt.logGuid))),
    /log holds changes.*check -r all/,
  ],
  [
    'region tables that differ',
    withVhdxChecksums(changed(sampleVhdx(), (image) => image.writeUInt8(1, vhdxAt.regionTables[1] + 60_000))),
    /region tables differ/,
  ],
  [
    'a region table of 2048 entries',
    withVhdxChecksums(
      changed(sampleVhdx(), (image) => {
        for (const at of vhdxAt.regionTables) image.writeUInt32LE(2048, at + 8);
        return image;
      }),
    ),
    /2048 entries/,
  ],
  [
    'an unknown required region',
    withVhdxChecksums(
      changed(sampleVhdx(), (image) => {
        for (const at of vhdxAt.regionTables) image.writeUInt8(0, at + 16);
        return image;
      }),
    ),
    /region that is not known/,
  ],
  ['a vhdx with a parent', changed(sampleVhdx(), (i) => i.writeUInt8(2, vhdxAt.fileParameters + 4)), /differencing/],
  [
    'a vhdx parent locator',
    changed(sampleVhdx(), (i) => i.write('2d5fd3a80bb34d45abf7d3d84834ab0c', vhdxAt.metadata + 96, 'hex')),
    /names a parent/,
  ],
  [
    'unknown required metadata',
    changed(sampleVhdx(), (i) => i.writeUInt8(0, vhdxAt.metadata + 96)),
    /metadata that is not/,
  ],
  ['too much metadata', changed(sampleVhdx(), (i) => i.writeUInt16LE(2048, vhdxAt.metadata + 10)), /2048 entries/],
  [
    'metadata twice',
    changed(sampleVhdx(), (i) => i.copy(i, i.length - MiB + 96, i.length - MiB + 32, i.length - MiB + 48)),
    /two entries/,
  ],
  ['metadata outside its region', changed(sampleVhdx(), (i) => i.writeUInt8(16, vhdxAt.metadata + 50)), /lie outside/],
  [
    'a vhdx of 0 bytes',
    changed(sampleVhdx(), (i) => i.fill(0, vhdxAt.virtualSize, vhdxAt.virtualSize + 8) && i),
    /0 bytes/,
  ],
  ['a vhdx of 2^47 bytes', changed(sampleVhdx(), (i) => i.writeUInt8(128, vhdxAt.virtualSize + 5)), /64 TiB/],
  [
    'a vhdx without room',
    changed(sampleVhdx(), (i) => i.writeUInt8(32, vhdxAt.virtualSize + 5)),
    /block table is too short/,
  ],
  ['vhdx blocks of 8 MiB + 1', changed(sampleVhdx(), (i) => i.writeUInt8(1, vhdxAt.fileParameters)), /8388609 bytes/],
  ['vhdx sectors of 513 bytes', changed(sampleVhdx(), (i) => i.writeUInt8(1, vhdxAt.fileParameters + 16)), /513 bytes/],

  ['an iso without its primary descriptor', changed(sampleIso(), (image) => image.writeUInt8(0, 32_768)), /no primary/],
  ['an iso cut off', sampleIso().subarray(0, 34_900), /cut off/],
  [
    'an iso whose descriptors do not end',
    changed(sampleIso(), (image) => image.writeUInt8(2, 34_816)),
    /does not say CD001/,
  ],
];

describe('a disk is refused', () => {
  test.each(flaws)('with %s', (_, image, message) => {
    for (const declared of [null, 'raw', ...diskFormats] as const) {
      expect(inspect(image, declared)).toEqual({ refused: expect.stringMatching(message) });
    }
  });

  test.each([
    ['RW 16384 FLAT "disk-flat.vmdk" 0', /extent of type FLAT/],
    ['RW 16384 VMFS "disk-flat.vmdk"', /extent of type VMFS/],
    ['RW 16384 SPARSE "/etc/shadow"', /another place/],
    ['RW 16384 SPARSE "..\\\\disk.vmdk"', /another place/],
    ['RW 16384 SPARSE "nbd:localhost:10809"', /another place/],
    ['RW 16384 SPARSE ""', /another place/],
    ['RW 16384 SPARSE', /another place/],
    ['RW 16384 ZERO', /extent of type ZERO/],
    ['RW 99999 SPARSE "disk.vmdk"', /99999 sectors, its header 16384/],
    ['RW 16384 SPARSE "a.vmdk"\nRW 16384 SPARSE "b.vmdk"', /2 extents/],
    ['', /0 extents/],
    ['rw 16384 SPARSE "disk.vmdk"', /unknown kind/],
    ['RW 16384 SPARSE "disk.vmdk" # FLAT "/etc/shadow"', /unknown kind/],
  ])('with the vmdk extent %j', (extent, message) => {
    const image = sampleVmdk(sampleDescriptor.replace('RW 16384 SPARSE "disk.vmdk"', extent));
    expect(inspect(image)).toEqual({ refused: expect.stringMatching(message) });
  });

  test.each([
    ['parentCID=ffffffff', 'parentCID=12345678', /no parent/],
    ['parentCID=ffffffff', '', /no parent/],
    ['parentCID=ffffffff', 'parentCID=ffffffff\nparentCID=12345678', /twice/],
    ['CID=7d2c21f0', 'parentFileNameHint="/etc/shadow"', /names a parent/],
    ['#DDB', '# parentFileNameHint="/etc/shadow"', /names a parent/],
    ['#DDB', '# createType="monolithicFlat"', /unknown kind/],
    ['#DDB', 'changeTrackPath="disk-ctk.vmdk"', /not accepted/],
    ['#DDB', 'encryption.keySafe = "vmware:key"', /not accepted/],
    ['#DDB', 'isNativeSnapshot="yes"', /snapshot/],
    ['#DDB', 'ddb.nativeParentHint = "base.vmdk"', /not accepted/],
    ['#DDB', 'ddb.comment = "a\x01b"', /control characters/],
    ['#DDB', 'ddb.comment = "a\rb"', /control characters/],
    ['#DDB', 'hello', /unknown kind: "hello"/],
    ['monolithicSparse', 'twoGbMaxExtentSparse', /of type "twoGbMaxExtentSparse"/],
    ['createType="monolithicSparse"', '', /of type ""/],
  ])('with %j in its vmdk descriptor changed to %j', (line, other, message) => {
    const image = sampleVmdk(sampleDescriptor.replace(line, other));
    expect(inspect(image)).toEqual({ refused: expect.stringMatching(message) });
  });

  test.each([
    ['gzip-compressed: decompress it first', startingWith('\x1f\x8b\x08')],
    ['bzip2-compressed: decompress it first', startingWith('BZh91AY&SY')],
    ['xz-compressed: decompress it first', startingWith('\xfd7zXZ\0')],
    ['zstd-compressed: decompress it first', startingWith('\x28\xb5\x2f\xfd')],
    ['lz4-compressed: decompress it first', startingWith('\x04\x22\x4d\x18')],
    ['a zip archive: unpack the disk first', startingWith('PK\x03\x04')],
    ['a 7z archive: unpack the disk first', startingWith('7z\xbc\xaf\x27\x1c')],
    ['a tar archive (or OVA): unpack the disk first', startingWith('ustar', 257)],
    ['qed: not accepted; convert it: qemu-img convert -O qcow2 IN OUT', startingWith('QED\0')],
    ['vdi: not accepted; convert it: qemu-img convert -O qcow2 IN OUT', startingWith('\x7f\x10\xda\xbe', 64)],
    ['parallels: not accepted; convert it: qemu-img convert -O qcow2 IN OUT', startingWith('WithoutFreeSpace')],
    ['parallels: not accepted; convert it: qemu-img convert -O qcow2 IN OUT', startingWith('WithouFreSpacExt')],
    ['dmg: not accepted; convert it: qemu-img convert -O qcow2 IN OUT', startingWith('koly', MiB - 512)],
    ['bochs: not accepted; convert it: qemu-img convert -O qcow2 IN OUT', startingWith('Bochs Virtual HD Image')],
    ['cloop: not accepted; convert it: qemu-img convert -O qcow2 IN OUT', startingWith('#!/bin/sh\n#V2.0 Format')],
  ])('as %s', (refused, image) => {
    expect(inspect(image)).toEqual({ refused });
    expect(inspect(image, 'raw')).toEqual({ refused });
  });

  test('with a header hidden in another format', () => {
    const qcow2 = sampleQcow2();
    const inIso = sampleIso();
    qcow2.copy(inIso, 0, 0, 512);
    expect(inspect(inIso, 'iso')).toEqual({ refused: expect.stringContaining('qcow2 and iso at once') });
    const inVhd = sampleFixedVhd();
    qcow2.copy(inVhd, 0, 0, 512);
    expect(inspect(inVhd, 'vhd')).toEqual({ refused: expect.stringContaining('qcow2 and vhd at once') });
    expect(inspect(Buffer.concat([sampleVmdk(), inVhd.subarray(-512)]), 'vmdk')).toEqual({
      refused: expect.stringContaining('vmdk and vhd at once'),
    });
  });

  test('when its vhdx metadata lies beyond what is kept', () => {
    const image = sampleVhdx();
    for (const at of vhdxAt.regionTables) image.writeUInt32LE(8 * MiB, at + 48 + 16);
    expect(inspect(withVhdxChecksums(image), null, 16 * MiB)).toEqual({
      refused: expect.stringContaining('not among its first 4 MiB'),
    });
  });
});

test('an old vhdx header may have a log, since readers go by the newer one', () => {
  const image = sampleVhdx();
  image.writeUInt8(1, vhdxAt.headers[0] + vhdxAt.logGuid);
  expect(inspect(withVhdxChecksums(image))).toEqual({ format: 'vhdx' });
  // Unless the newer one is damaged.
  image.writeUInt8(1, vhdxAt.headers[1] + 100);
  expect(inspect(image)).toEqual({ refused: expect.stringContaining('log holds changes') });
});

/** Sound and unsound, small and larger than what is kept. */
const shapes = fc.constantFrom(
  ...samples.map(([, , image]) => image),
  ...flaws.map(([, image]) => image),
  Buffer.concat([sampleQcow2(), Buffer.alloc(5 * MiB, 7)]),
);

describe('the verdict', () => {
  test('is the same however the bytes are cut, with zeros left out, and when buffers are used again', () => {
    fc.assert(
      fc.property(shapes, fc.array(fc.nat()), fc.boolean(), (image, cuts, skipZeros) => {
        const inspector = createDiskInspector(image.length);
        const near = [0, 4 * MiB, image.length - tail, image.length - 512, image.length];
        const bounds = [...cuts.map((cut) => cut % (image.length + 1)), ...near]
          .filter((bound) => bound >= 0 && bound <= image.length)
          .sort((a, b) => a - b);
        const buffer = Buffer.alloc(image.length);
        for (const [index, start] of bounds.entries()) {
          const run = buffer.subarray(0, (bounds[index + 1] ?? image.length) - start);
          image.copy(run, 0, start);
          if (!skipZeros || run.some((byte) => byte !== 0)) inspector.see(start, run);
          run.fill(0xa5);
        }
        expect(inspector.verdict(null)).toEqual(inspect(image));
      }),
      { numRuns: 150 },
    );
  });

  test('is given on random bytes behind any known beginning', () => {
    const beginnings = fc.constantFrom(
      '',
      'QFI\xfb\0\0\0\x03',
      'KDMV\x01\0\0\0',
      'COWD',
      'conectix',
      'vhdxfile',
      'QED\0',
    );
    fc.assert(
      fc.property(beginnings, fc.uint8Array({ maxLength: 70_000 }), (beginning, rest) => {
        expectVerdict(inspect(Buffer.concat([Buffer.from(beginning, 'latin1'), rest])));
      }),
      { numRuns: 300 },
    );
  });

  test('is given on sound headers with changed bytes, cut anywhere, of any size', () => {
    const edges = fc.constantFrom(0, 1, 0x7f, 0x80, 0xff);
    const changes = fc.array(fc.tuple(fc.nat(1024), fc.oneof(edges, fc.nat(255))), { minLength: 1, maxLength: 8 });
    const starts = fc.constantFrom(0, 512, ...vhdxAt.headers, ...vhdxAt.regionTables, 2 * MiB, 2 * MiB + tail, -1024);
    fc.assert(
      fc.property(shapes, starts, changes, fc.option(fc.nat(2 ** 22)), (shape, start, bytes, size) => {
        const image = Buffer.from(shape);
        for (const [offset, byte] of bytes) {
          const at = start < 0 ? image.length + start + offset : start + offset;
          if (at >= 0 && at < image.length) image[at] = byte;
        }
        const cut = size === null ? image.length : Math.min(size, image.length);
        expectVerdict(inspect(image.subarray(0, cut)));
        // What a client says that the size is need not be what it sends.
        expectVerdict(inspect(image, null, size ?? 2 ** 52));
      }),
      { numRuns: 500 },
    );
  });

  test('never accepts a qcow2 with any backing file, nor with any feature but the three that are sound', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 2n ** 64n - 1n), (offset) => {
        const image = sampleQcow2();
        image.writeBigUInt64BE(offset, 8);
        expect(inspect(image)).toHaveProperty('refused');
      }),
    );
    for (let bit = 0; bit < 64; bit++) {
      const image = sampleQcow2({ virtualSize: 256 * MiB });
      image.writeBigUInt64BE(1n << BigInt(bit), 72);
      if (bit === 3) image.writeUInt8(1, 104);
      expect('format' in inspect(image)).toBe([0, 3, 4].includes(bit));
    }
  });
});

function expectVerdict(verdict: DiskVerdict): void {
  if ('refused' in verdict) expect(verdict.refused).toMatch(/^\S.+\S$/);
  else expect(diskFormats).toContain(verdict.format);
}
