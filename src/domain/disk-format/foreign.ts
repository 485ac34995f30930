/**
 * What is known only to be refused: disk formats that Mimeo does not keep, and files around a disk. Taken for raw, they
 * would be stored and then not start anywhere - or, worse, a reader that guesses would open them.
 *
 * LUKS is not here. A data disk that a guest has encrypted begins with its header, and is raw: the header names nothing
 * outside the disk, and no reader sees through it without the key.
 */
import type { DiskWindow } from './disk-window.ts';
import { bigEndian } from './fields.ts';
import { type FormatRules, hasText } from './format-rules.ts';

const convert = 'not accepted; convert it: qemu-img convert -O qcow2 IN OUT';

const diskFormats: FormatRules[] = [
  // Its header may name a backing file, and QEMU itself gave the format up.
  foreign('qed', convert, (disk) => hasText(disk, 0, 'QED\0')),
  foreign('vdi', convert, (disk) => hasText(disk, 64, '\x7f\x10\xda\xbe')),
  foreign('parallels', convert, (disk) => hasText(disk, 0, 'WithoutFreeSpace') || hasText(disk, 0, 'WithouFreSpacExt')),
  foreign('dmg', convert, (disk) => hasText(disk, disk.size - 512, 'koly')),
  foreign('bochs', convert, (disk) => hasText(disk, 0, 'Bochs Virtual HD Image')),
  foreign('cloop', convert, (disk) => hasText(disk, 0, '#!/bin/sh\n#V2.0 Format')),
];

/**
 * Short signatures, which boot code could begin with, and no danger when taken for a disk. So a partition table, which
 * none of these files has, outweighs them.
 */
const containers: FormatRules[] = [
  compressed('gzip', '\x1f\x8b\x08'),
  // At its default block size, which few change.
  compressed('bzip2', 'BZh91AY&SY'),
  compressed('xz', '\xfd7zXZ\0'),
  compressed('zstd', '\x28\xb5\x2f\xfd'),
  compressed('lz4', '\x04\x22\x4d\x18'),
  container('a zip archive', (disk) => hasText(disk, 0, 'PK\x03\x04')),
  container('a 7z archive', (disk) => hasText(disk, 0, '7z\xbc\xaf\x27\x1c')),
  container('a tar archive (or OVA)', (disk) => hasText(disk, 257, 'ustar')),
];

export const foreignFormats: readonly FormatRules[] = [...diskFormats, ...containers];

function foreign(name: string, advice: string, matches: FormatRules['matches']): FormatRules {
  return { name, format: null, matches, flaw: () => advice };
}

function compressed(algorithm: string, signature: string): FormatRules {
  return foreign(
    `${algorithm}-compressed`,
    'decompress it first',
    (disk) => hasText(disk, 0, signature) && !hasPartitionTable(disk),
  );
}

function container(name: string, matches: FormatRules['matches']): FormatRules {
  return foreign(name, 'unpack the disk first', (disk) => matches(disk) && !hasPartitionTable(disk));
}

/** An MBR, a GPT's protective one included: four entries with a boot flag of 0x00 or 0x80, one at least in use. */
function hasPartitionTable(disk: DiskWindow): boolean {
  const sector = disk.bytes(0, 512);
  if (sector === undefined || bigEndian(sector).u16(510) !== 0x55aa) return false;
  const entries = [446, 462, 478, 494].map((at) => ({ flag: sector[at], type: sector[at + 4] }));
  return entries.every(({ flag }) => flag === 0 || flag === 0x80) && entries.some(({ type }) => type !== 0);
}
