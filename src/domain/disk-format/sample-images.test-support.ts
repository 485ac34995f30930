/** The smallest sound image of each format, made by hand, for tests that then break it. */
import { crc32c } from './crc32c.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const sector = 512;

/** Version 3, 64 KiB clusters, a disk of 1 GiB: header, refcount table, refcount block, L1 table. */
export function sampleQcow2({ version = 3, clusterBits = 16, virtualSize = 2 ** 30 } = {}): Buffer {
  const cluster = 2 ** clusterBits;
  const l1Entries = Math.ceil(virtualSize / 2 ** (2 * clusterBits - 3));
  const image = Buffer.alloc(3 * cluster + l1Entries * 8);
  image.write('QFI\xfb', 0, 'latin1');
  image.writeUInt32BE(version, 4);
  image.writeUInt32BE(clusterBits, 20);
  image.writeBigUInt64BE(BigInt(virtualSize), 24);
  image.writeUInt32BE(l1Entries, 36);
  image.writeBigUInt64BE(BigInt(3 * cluster), 40);
  image.writeBigUInt64BE(BigInt(cluster), 48);
  image.writeUInt32BE(1, 56);
  if (version === 3) {
    image.writeUInt32BE(4, 96);
    image.writeUInt32BE(112, 100);
  }
  return image;
}

/** Puts an extension behind the header of {@link sampleQcow2}. */
export function withExtension(image: Buffer, type: number, data: Buffer): Buffer {
  image.writeUInt32BE(type, 112);
  image.writeUInt32BE(data.length, 116);
  image.set(data, 120);
  return image;
}

export const sampleDescriptor = `# Disk DescriptorFile
version=1
CID=7d2c21f0
parentCID=ffffffff
createType="monolithicSparse"

# Extent description
RW 16384 SPARSE "disk.vmdk"

# The Disk Data Base
#DDB

ddb.virtualHWVersion = "4"
ddb.geometry.cylinders = "16"
ddb.adapterType = "ide"
ddb.uuid.parent="00000000-0000-0000-0000-000000000000"
`;

/** A disk of 8 MiB: header, descriptor of 20 sectors, grain directory. */
export function sampleVmdk(descriptor: string = sampleDescriptor): Buffer {
  const image = Buffer.alloc(64 * KiB);
  image.write('KDMV', 0, 'latin1');
  image.writeUInt32LE(1, 4);
  image.writeUInt32LE(3, 8);
  image.writeBigUInt64LE(16_384n, 12);
  image.writeBigUInt64LE(128n, 20);
  image.writeBigUInt64LE(1n, 28);
  image.writeBigUInt64LE(20n, 36);
  image.writeUInt32LE(512, 44);
  image.writeBigUInt64LE(21n, 48);
  image.writeBigUInt64LE(26n, 56);
  image.writeBigUInt64LE(128n, 64);
  image.write('\n \r\n', 73, 'latin1');
  image.write(descriptor, sector, 20 * sector, 'latin1');
  return image;
}

/** As VMware's products write it: the header says that the footer knows where the grain directory is. */
export function sampleStreamVmdk(): Buffer {
  const image = sampleVmdk(sampleDescriptor.replace('monolithicSparse', 'streamOptimized'));
  image.writeUInt32LE(3, 4);
  image.writeUInt32LE(0x30001, 8);
  image.writeUInt16LE(1, 77);
  const end = image.length - 3 * sector;
  image.copy(image, end + sector, 0, sector);
  image.fill(0xff, 56, 64);
  image.writeBigUInt64LE(1n, end);
  image.writeUInt32LE(3, end + 12);
  return image;
}

function vhdFooter(virtualSize: number, type: number, headerOffset: bigint): Buffer {
  const footer = Buffer.alloc(sector);
  footer.write('conectix', 0, 'latin1');
  footer.writeUInt32BE(2, 8);
  footer.writeUInt32BE(0x10000, 12);
  footer.writeBigUInt64BE(headerOffset, 16);
  footer.writeBigUInt64BE(BigInt(virtualSize), 40);
  footer.writeBigUInt64BE(BigInt(virtualSize), 48);
  footer.writeUInt32BE(type, 60);
  return withVhdChecksum(footer, 64);
}

/** `at` is where the checksum of `bytes` is, which has just changed. */
export function withVhdChecksum(bytes: Buffer, at: number): Buffer {
  bytes.writeUInt32BE(0, at);
  bytes.writeUInt32BE(~bytes.reduce((sum, byte) => sum + byte, 0) >>> 0, at);
  return bytes;
}

/** `footerBytes` is 511 for what Virtual PC wrote before 2004. */
export function sampleFixedVhd({ virtualSize = 64 * KiB, footerBytes = 512 } = {}): Buffer {
  const footer = vhdFooter(virtualSize, 2, 2n ** 64n - 1n).subarray(0, footerBytes);
  return Buffer.concat([Buffer.alloc(virtualSize), footer]);
}

/** A disk of 8 MiB in blocks of 2 MiB, none of them there: footer's copy, dynamic header, block table, footer. */
export function sampleDynamicVhd({ type = 3, change = (_header: Buffer): void => {} } = {}): Buffer {
  const footer = vhdFooter(8 * MiB, type, 512n);
  const header = Buffer.alloc(1024);
  header.write('cxsparse', 0, 'latin1');
  header.fill(0xff, 8, 16);
  header.writeBigUInt64BE(1536n, 16);
  header.writeUInt32BE(0x10000, 24);
  header.writeUInt32BE(4, 28);
  header.writeUInt32BE(2 * MiB, 32);
  change(header);
  withVhdChecksum(header, 36);
  return Buffer.concat([footer, header, Buffer.alloc(sector, 0xff), footer]);
}

const guid = {
  blocks: '6677c22d23f600429d64115e9bfd4a08',
  metadata: '06a27c8b90479a4bb8fe575f050f886e',
  fileParameters: '3767a1ca36fa434db3b633f0aa44e76b',
  virtualSize: '2442a52f1bcd7648b2115dbed83bf4b8',
  logicalSector: '1dbf41816fa90947ba47f233a8faab5f',
} as const;

/** Where {@link sampleVhdx} has what tests change. */
export const vhdxAt = {
  headers: [64 * KiB, 128 * KiB],
  logGuid: 48,
  regionTables: [192 * KiB, 256 * KiB],
  metadata: 2 * MiB,
  fileParameters: 2 * MiB + 64 * KiB,
  virtualSize: 2 * MiB + 64 * KiB + 8,
} as const;

/** A disk of 8 MiB in blocks of 8 MiB: headers, region tables, block table, metadata. */
export function sampleVhdx(): Buffer {
  const image = Buffer.alloc(3 * MiB);
  image.write('vhdxfile', 0, 'latin1');
  vhdxAt.headers.forEach((offset, sequence) => {
    image.write('head', offset, 'latin1');
    image.writeBigUInt64LE(BigInt(sequence), offset + 8);
    image.writeUInt16LE(1, offset + 66);
  });
  for (const offset of vhdxAt.regionTables) {
    image.write('regi', offset, 'latin1');
    image.writeUInt32LE(2, offset + 8);
    entry(image, offset + 16, guid.blocks, [MiB, 0, MiB, 1]);
    entry(image, offset + 48, guid.metadata, [2 * MiB, 0, MiB, 1]);
  }
  const { metadata, fileParameters, virtualSize } = vhdxAt;
  image.write('metadata', metadata, 'latin1');
  image.writeUInt16LE(3, metadata + 10);
  entry(image, metadata + 32, guid.fileParameters, [64 * KiB, 8, 4, 0]);
  entry(image, metadata + 64, guid.virtualSize, [64 * KiB + 8, 8, 6, 0]);
  entry(image, metadata + 96, guid.logicalSector, [64 * KiB + 16, 4, 6, 0]);
  image.writeUInt32LE(8 * MiB, fileParameters);
  image.writeBigUInt64LE(BigInt(8 * MiB), virtualSize);
  image.writeUInt32LE(512, fileParameters + 16);
  return withVhdxChecksums(image);
}

function entry(image: Buffer, at: number, id: string, words: number[]): void {
  image.write(id, at, 'hex');
  words.forEach((word, index) => {
    image.writeUInt32LE(word, at + 16 + index * 4);
  });
}

/** Puts the checksums of headers and region tables right after a change. */
export function withVhdxChecksums(image: Buffer): Buffer {
  const structures = [
    ...vhdxAt.headers.map((offset) => ({ offset, length: 4 * KiB })),
    ...vhdxAt.regionTables.map((offset) => ({ offset, length: 64 * KiB })),
  ];
  for (const { offset, length } of structures) {
    image.writeUInt32LE(0, offset + 4);
    image.writeUInt32LE(crc32c(image.subarray(offset, offset + length)), offset + 4);
  }
  return image;
}

/** Primary descriptor and terminator. */
export function sampleIso(): Buffer {
  const image = Buffer.alloc(40 * KiB);
  for (const [at, type] of [
    [32 * KiB, 1],
    [34 * KiB, 255],
  ] as const) {
    image.writeUInt8(type, at);
    image.write('CD001\x01', at + 1, 'latin1');
  }
  return image;
}

/** An MBR with one Linux partition, in the first sector. */
export function withPartitionTable(image: Buffer): Buffer {
  image.writeUInt8(0x80, 446);
  image.writeUInt8(0x83, 450);
  image.writeUInt16BE(0x55aa, 510);
  return image;
}
