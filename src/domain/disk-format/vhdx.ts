/**
 * VHDX (Microsoft, MS-VHDX). Refused: differencing disks, a log that has yet to be replayed (it may rewrite anything
 * that was checked here), required regions and metadata that are not known, sizes that the file has no room for.
 */
import { toHex } from '../../lib/hex.ts';
import { crc32c } from './crc32c.ts';
import type { DiskWindow } from './disk-window.ts';
import { type Fields, isZero, littleEndian } from './fields.ts';
import { type FormatRules, hasText, isPowerOfTwo, virtualSizeFlaw } from './format-rules.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

const headerOffsets = [64 * KiB, 128 * KiB] as const;
const headerBytes = 4 * KiB;

/** Of both region tables and of the metadata table. */
const tableBytes = 64 * KiB;
const regionTableOffsets = [192 * KiB, 256 * KiB] as const;
const entryBytes = 32;
const maxEntries = 2047;

const cutOff = 'it is cut off; upload the whole file';
const flatten = 'flatten it first: qemu-img convert -O vhdx IN OUT';

/** GUIDs in the byte order of the file. */
const region = { blocks: '6677c22d23f600429d64115e9bfd4a08', metadata: '06a27c8b90479a4bb8fe575f050f886e' } as const;
const item = {
  fileParameters: '3767a1ca36fa434db3b633f0aa44e76b',
  virtualSize: '2442a52f1bcd7648b2115dbed83bf4b8',
  logicalSector: '1dbf41816fa90947ba47f233a8faab5f',
  physicalSector: 'c748a3cd5d4471449cc9e9885251c556',
  identity: 'ab12cabee6b2234593efc309e000c746',
  parentLocator: '2d5fd3a80bb34d45abf7d3d84834ab0c',
} as const;

const hasParent = 2;
const requiredRegion = 1;
const requiredItem = 4;

/** The block table has an entry for the sector bitmap after as many blocks as one bitmap of 1 MiB covers. */
const sectorsPerBitmap = 2 ** 23;

interface Entry {
  readonly offset: number;
  readonly length: number;
  readonly required: boolean;
}

export const vhdx: FormatRules = {
  name: 'vhdx',
  format: 'vhdx',
  matches: (disk) => hasText(disk, 0, 'vhdxfile'),
  flaw(disk) {
    const logFlaw = pendingLogFlaw(disk);
    if (logFlaw !== null) return logFlaw;
    const regions = readRegions(disk);
    if (typeof regions === 'string') return regions;
    const metadata = readMetadata(disk, regions.metadata);
    return typeof metadata === 'string' ? metadata : sizeFlaw(metadata, regions.blocks);
  },
};

/** Of the two headers the valid one with the higher sequence number counts. */
function pendingLogFlaw(disk: DiskWindow): string | null {
  const valid = headerOffsets.flatMap((offset) => {
    const bytes = disk.bytes(offset, headerBytes);
    return bytes !== undefined && hasChecksum(bytes, 'head') ? [littleEndian(bytes)] : [];
  });
  if (valid.length === 0) return 'neither of its headers has the right checksum; upload the whole file again';
  const latest = Math.max(...valid.map((header) => header.u64(8)));
  for (const header of valid.filter((each) => each.u64(8) === latest)) {
    if (header.u16(66) !== 1) return `it has version ${header.u16(66)}; 1 is accepted`;
    if (!isZero(header.bytes.subarray(48, 64))) {
      return 'its log holds changes that are not in place yet; repair it first: qemu-img check -r all';
    }
  }
  return null;
}

function hasChecksum(bytes: Uint8Array, signature: string): boolean {
  const { text, u32 } = littleEndian(bytes);
  const without = bytes.slice();
  without.fill(0, 4, 8);
  return text(0, 4) === signature && u32(4) === crc32c(without);
}

function readRegions(disk: DiskWindow): { blocks: Entry; metadata: Entry } | string {
  const [first, second] = regionTableOffsets.map((offset) => disk.bytes(offset, tableBytes));
  if (first === undefined || second === undefined) return cutOff;
  // Readers turn to the second when they find the first damaged, so it must not say anything else.
  if (!first.every((byte, at) => byte === second[at])) {
    return 'its two region tables differ; repair it first: qemu-img check -r all';
  }
  if (!hasChecksum(first, 'regi')) return "its region table's checksum is wrong; upload the whole file again";
  const table = littleEndian(first);
  const entries = readEntries(table, { count: table.u32(8), from: 16 }, (at) => ({
    offset: table.u64(at + 16),
    length: table.u32(at + 24),
    required: (table.u32(at + 28) & requiredRegion) !== 0,
  }));
  if (typeof entries === 'string') return entries;
  for (const { offset, length } of entries.values()) {
    if (offset < MiB || !disk.holds(offset, length)) {
      return 'one of its regions lies outside the file; upload the whole file';
    }
  }
  const unknown = firstUnknown(entries, Object.values(region));
  if (unknown !== undefined) return `it needs a region that is not known here (${unknown}); ${flatten}`;
  const blocks = entries.get(region.blocks);
  const metadata = entries.get(region.metadata);
  return blocks && metadata ? { blocks, metadata } : 'its region table lacks the block table or the metadata';
}

/** The entries of a table by GUID; a string is a flaw. */
function readEntries(
  table: Fields,
  { count, from }: { count: number; from: number },
  read: (at: number) => Entry,
): ReadonlyMap<string, Entry> | string {
  if (count > maxEntries) return `one of its tables has ${count} entries; at most ${maxEntries} are accepted`;
  const entries = new Map<string, Entry>();
  for (let at = from; at < from + count * entryBytes; at += entryBytes) {
    const guid = toHex(table.bytes.subarray(at, at + 16));
    if (entries.has(guid)) return `one of its tables has two entries for ${guid}`;
    entries.set(guid, read(at));
  }
  return entries;
}

function firstUnknown(entries: ReadonlyMap<string, Entry>, known: readonly string[]): string | undefined {
  return [...entries].find(([guid, { required }]) => required && !known.includes(guid))?.[0];
}

interface Metadata {
  readonly blockBytes: number;
  readonly virtualSize: number;
  readonly sectorBytes: number;
}

function readMetadata(disk: DiskWindow, place: Entry): Metadata | string {
  const bytes = disk.bytes(place.offset, tableBytes);
  if (bytes === undefined) {
    return 'its metadata is not among its first 4 MiB; convert it to qcow2, or with -o block_size=256M';
  }
  const table = littleEndian(bytes);
  if (table.text(0, 8) !== 'metadata') return 'its metadata does not begin with its signature';
  const items = readEntries(table, { count: table.u16(10), from: 32 }, (at) => ({
    offset: table.u32(at + 16),
    length: table.u32(at + 20),
    required: (table.u32(at + 24) & requiredItem) !== 0,
  }));
  if (typeof items === 'string') return items;
  if (items.has(item.parentLocator)) return `it names a parent, which lies outside it; ${flatten}`;
  const unknown = firstUnknown(items, Object.values(item));
  if (unknown !== undefined) return `it needs metadata that is not known here (${unknown}); ${flatten}`;
  const parameters = readItem(disk, place, items.get(item.fileParameters), 8);
  const virtualSize = readItem(disk, place, items.get(item.virtualSize), 8);
  const sector = readItem(disk, place, items.get(item.logicalSector), 4);
  if (!parameters || !virtualSize || !sector) return 'its metadata lacks its sizes, or they lie outside the metadata';
  if ((parameters.u32(4) & hasParent) !== 0) {
    return `it is a differencing disk, whose parent lies outside it; ${flatten}`;
  }
  return { blockBytes: parameters.u32(0), virtualSize: virtualSize.u64(0), sectorBytes: sector.u32(0) };
}

function readItem(disk: DiskWindow, metadata: Entry, entry: Entry | undefined, length: number): Fields | undefined {
  if (entry === undefined || entry.length !== length) return undefined;
  if (entry.offset < tableBytes || entry.offset + length > metadata.length) return undefined;
  const bytes = disk.bytes(metadata.offset + entry.offset, length);
  return bytes && littleEndian(bytes);
}

function sizeFlaw({ blockBytes, virtualSize, sectorBytes }: Metadata, table: Entry): string | null {
  if (!isPowerOfTwo(blockBytes) || blockBytes < MiB || blockBytes > 256 * MiB) {
    return `its blocks have ${blockBytes} bytes; powers of two from 1 MiB to 256 MiB are accepted`;
  }
  if (sectorBytes !== 512 && sectorBytes !== 4096) {
    return `its sectors have ${sectorBytes} bytes; 512 and 4096 are accepted`;
  }
  const flaw = virtualSizeFlaw(virtualSize);
  if (flaw !== null) return flaw;
  if (virtualSize % sectorBytes !== 0) return 'its virtual size is not a number of whole sectors';
  const blocks = Math.ceil(virtualSize / blockBytes);
  const bitmaps = Math.floor((blocks - 1) / ((sectorsPerBitmap * sectorBytes) / blockBytes));
  return (blocks + bitmaps) * 8 <= table.length ? null : 'its block table is too short for its virtual size';
}
