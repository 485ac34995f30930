/**
 * qcow2 (QEMU, docs/interop/qcow2.txt). Refused: what lies outside the file (backing file, external data file), what is
 * encrypted, features and header extensions that are not known here, tables that the file has no room for.
 */
import type { DiskWindow } from './disk-window.ts';
import { bigEndian, type Fields } from './fields.ts';
import { type FormatRules, hasText, virtualSizeFlaw } from './format-rules.ts';

const flatten = 'flatten it first: qemu-img convert -O qcow2 IN OUT';
const reconvert = 'convert it again: qemu-img convert -O qcow2 IN OUT';
const encrypted = 'it is encrypted, so it cannot be inspected; decrypt it first with qemu-img convert';

/** QEMU's own limits: an L1 table of 32 MiB, a refcount table of 8 MiB, 65,536 snapshots. */
const maxL1Entries = (32 * 1024 * 1024) / 8;
const maxRefcountTableBytes = 8 * 1024 * 1024;
const maxSnapshots = 65_536;

/** Without its id, name and extra data. */
const minSnapshotEntryBytes = 40;

const feature = { corrupt: 2, externalData: 4, compression: 8, extendedL2: 16, all: 31 } as const;
const autoclearRawExternalData = 2;

const extension = {
  end: 0,
  backingFormat: 0xe2792aca,
  dataFile: 0x44415441,
  encryption: 0x0537be77,
  featureNames: 0x6803f857,
  bitmaps: 0x23852875,
} as const;

interface Layout {
  readonly version: number;
  readonly clusterBits: number;
  readonly clusterBytes: number;
  /** Incompatible feature bits. */
  readonly features: number;
  readonly header: Fields;
  readonly headerBytes: number;
}

export const qcow2: FormatRules = {
  name: 'qcow2',
  format: 'qcow2',
  matches: (disk) => hasText(disk, 0, 'QFI\xfb'),
  flaw(disk) {
    const layout = readLayout(disk);
    if (typeof layout === 'string') return layout;
    return featureFlaw(layout) ?? tableFlaw(disk, layout) ?? extensionFlaw(disk, layout);
  },
};

/** Finds out what the rest of the checks stands on; a string is a flaw. */
function readLayout(disk: DiskWindow): Layout | string {
  const bytes = disk.bytes(0, Math.min(disk.size, 112));
  if (bytes === undefined || bytes.length < 72) return 'its header is cut off; upload the whole file';
  const header = bigEndian(bytes);
  const version = header.u32(4);
  if (version !== 2 && version !== 3) {
    return `it has version ${version}; ${reconvert}`;
  }
  if (header.u64(8) !== 0) return `it needs a backing file, which lies outside it; ${flatten}`;
  const clusterBits = header.u32(20);
  if (clusterBits < 9 || clusterBits > 21) return `its clusters have 2^${clusterBits} bytes; 2^9 to 2^21 are accepted`;
  const clusterBytes = 2 ** clusterBits;
  if (disk.size < clusterBytes) return 'it is shorter than one of its clusters; upload the whole file';
  if (version === 2) return { version, clusterBits, clusterBytes, features: 0, header, headerBytes: 72 };
  if (bytes.length < 112) return 'its header is cut off; upload the whole file';
  const headerBytes = header.u32(100);
  if (headerBytes < 104 || headerBytes > clusterBytes || headerBytes % 8 !== 0) {
    return `its header's length is ${headerBytes}; multiples of 8 from 104 to a cluster are accepted`;
  }
  return { version, clusterBits, clusterBytes, features: header.u64(72), header, headerBytes };
}

function featureFlaw({ version, clusterBits, features, header, headerBytes }: Layout): string | null {
  if ((features & feature.externalData) !== 0) return `its data is in another file; ${flatten}`;
  if (features > feature.all) return `it needs features that are not known here; ${reconvert}`;
  if ((features & feature.corrupt) !== 0) return 'it is marked as corrupt; repair it first: qemu-img check -r all';
  if (header.u32(32) !== 0) return encrypted;
  if ((features & feature.extendedL2) !== 0 && clusterBits < 14) {
    return 'it has extended L2 entries with clusters of less than 16 KiB, which no tool makes';
  }
  if (version === 2) return null;
  if ((header.u32(92) & autoclearRawExternalData) !== 0) return `its data is in another, raw file; ${flatten}`;
  if (header.u32(96) > 6) return `its refcounts have 2^${header.u32(96)} bits; at most 2^6 are accepted`;
  const compression = headerBytes > 104 ? header.u8(104) : 0;
  const expected = (features & feature.compression) !== 0 ? 1 : 0;
  if (compression !== expected) {
    return `it is compressed in an unknown way (${compression}); zlib and zstd are accepted`;
  }
  return null;
}

function tableFlaw(disk: DiskWindow, { clusterBits, clusterBytes, features, header }: Layout): string | null {
  const virtualSize = header.u64(24);
  const sizeFlaw = virtualSizeFlaw(virtualSize);
  if (sizeFlaw !== null) return sizeFlaw;
  const entryBits = (features & feature.extendedL2) !== 0 ? 4 : 3;
  const bytesPerL1Entry = 2 ** (2 * clusterBits - entryBits);
  const l1Entries = header.u32(36);
  if (l1Entries < Math.ceil(virtualSize / bytesPerL1Entry)) return 'its L1 table is too short for its virtual size';
  const refcountTableBytes = header.u32(56) * clusterBytes;
  const snapshots = header.u32(60);
  if (l1Entries > maxL1Entries) return 'its L1 table is longer than 32 MiB';
  if (refcountTableBytes === 0 || refcountTableBytes > maxRefcountTableBytes) {
    return `its refcount table has ${refcountTableBytes} bytes; up to 8 MiB are accepted`;
  }
  if (snapshots > maxSnapshots) return `it has ${snapshots} snapshots; at most ${maxSnapshots} are accepted`;
  const tables = [
    { name: 'L1 table', offset: header.u64(40), length: l1Entries * 8 },
    { name: 'refcount table', offset: header.u64(48), length: refcountTableBytes },
    { name: 'snapshot table', offset: header.u64(64), length: snapshots * minSnapshotEntryBytes },
  ].filter(({ length }) => length > 0);
  for (const { name, offset, length } of tables) {
    if (offset < clusterBytes || offset % clusterBytes !== 0) return `its ${name} is not in a cluster of its own`;
    if (!disk.holds(offset, length)) return `its ${name} lies outside the file; upload the whole file`;
  }
  return null;
}

function extensionFlaw(disk: DiskWindow, { clusterBytes, headerBytes }: Layout): string | null {
  const cluster = bigEndian(disk.bytes(0, clusterBytes) ?? new Uint8Array(0));
  for (let at = headerBytes; at + 8 <= cluster.bytes.length; ) {
    const type = cluster.u32(at);
    const length = cluster.u32(at + 4);
    if (type === extension.end) return null;
    if (type === extension.backingFormat) return `it names the format of a backing file; ${flatten}`;
    if (type === extension.dataFile) return `it names an external data file; ${flatten}`;
    if (type === extension.encryption) return encrypted;
    if (type !== extension.featureNames && type !== extension.bitmaps) {
      return `it has an unknown header extension (0x${type.toString(16)}); ${reconvert}`;
    }
    if (at + 8 + length > cluster.bytes.length) return 'a header extension reaches out of the first cluster';
    if (type === extension.bitmaps) {
      if (length !== 24) return 'its bitmaps extension does not have 24 bytes';
      const directory = { length: cluster.u64(at + 16), offset: cluster.u64(at + 24) };
      if (!disk.holds(directory.offset, directory.length)) return 'its bitmap directory lies outside the file';
    }
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return null;
}
