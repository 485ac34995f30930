/**
 * VMDK (VMware, Virtual Disk Format 5.0), the kinds that are one file: monolithicSparse and streamOptimized. Refused:
 * text descriptors and extents without one, both of which are parts of a disk, and what `vmdk-descriptor.ts` refuses.
 */
import type { DiskWindow } from './disk-window.ts';
import { type Fields, isZero, latin1, littleEndian } from './fields.ts';
import { type FormatRules, hasText, isPowerOfTwo, virtualSizeFlaw } from './format-rules.ts';
import { descriptorFlaw } from './vmdk-descriptor.ts';

const sectorBytes = 512;
const magic = 'KDMV';
const oldMagic = 'COWD';

const toOneFile = 'make it one file: qemu-img convert -O vmdk -o subformat=streamOptimized IN OUT';

/** As VMware's own products do; QEMU reads the descriptor from there whatever the header says. */
const descriptorSector = 1;
const maxDescriptorSectors = (1024 * 1024) / sectorBytes;

/** 4 KiB, the least there is, and 8 MiB; real ones have 64 KiB. */
const grainSectors = { least: 8, most: 16_384 } as const;

const flag = { newlineTest: 1, redundantDirectory: 2 } as const;

/** A transfer in text mode changes at least one of these. */
const newlineTest = '\n \r\n';

const footerMarker = 3;
const endMarker = 0;

export const vmdk: FormatRules = {
  name: 'vmdk',
  format: 'vmdk',
  matches: (disk) => hasText(disk, 0, magic) || hasText(disk, 0, oldMagic) || beginsAsDescriptor(disk),
  flaw(disk) {
    if (!hasText(disk, 0, magic)) return `it is a part of a disk that has its data in other files; ${toOneFile}`;
    const bytes = disk.bytes(0, sectorBytes);
    if (bytes === undefined) return 'its header is cut off; upload the whole file';
    const header = littleEndian(bytes);
    return headerFlaw(header) ?? directoryFlaw(disk, header) ?? embeddedDescriptorFlaw(disk, header);
  },
};

/** As QEMU tells a text descriptor: comments and empty lines, then a version. */
function beginsAsDescriptor(disk: DiskWindow): boolean {
  const bytes = disk.bytes(0, Math.min(disk.size, 4096));
  if (bytes === undefined || hasText(disk, 0, magic)) return false;
  const text = latin1(bytes);
  if (/^# disk descriptorfile/i.test(text)) return true;
  const line = text.split('\n').find((each) => each.trim() !== '' && !each.startsWith('#'));
  return line !== undefined && /^version\s*=\s*\d/i.test(line);
}

function headerFlaw(header: Fields): string | null {
  const version = header.u32(4);
  if (version < 1 || version > 3) return `it has version ${version}; 1 to 3 are accepted`;
  if ((header.u32(8) & flag.newlineTest) !== 0 && header.text(73, 4) !== newlineTest) {
    return 'a transfer in text mode has damaged it; transfer it in binary mode';
  }
  const grain = header.u64(20);
  if (!isPowerOfTwo(grain) || grain < grainSectors.least || grain > grainSectors.most) {
    const { least, most } = grainSectors;
    return `its grains have ${grain} sectors; powers of two from ${least} to ${most} are accepted`;
  }
  const entries = header.u32(44);
  if (entries < 1 || entries > 512) return `its grain tables have ${entries} entries; 1 to 512 are accepted`;
  if (header.u16(77) > 1) return `it is compressed in an unknown way (${header.u16(77)}); deflate is accepted`;
  return virtualSizeFlaw(header.u64(12) * sectorBytes);
}

function directoryFlaw(disk: DiskWindow, header: Fields): string | null {
  const atEnd = header.bytes.subarray(56, 64).every((byte) => byte === 0xff);
  const footer = atEnd ? readFooter(disk, header) : header;
  if (typeof footer === 'string') return footer;
  const length = Math.ceil(header.u64(12) / (header.u64(20) * header.u32(44))) * 4;
  const offsets = [footer.u64(56), ...((footer.u32(8) & flag.redundantDirectory) !== 0 ? [footer.u64(48)] : [])];
  const inside = offsets.every((sector) => sector > 0 && disk.holds(sector * sectorBytes, length));
  return inside ? null : 'its grain directory lies outside the file; upload the whole file';
}

/** What readers go by instead of the header when the file was written as a stream; a string is a flaw. */
function readFooter(disk: DiskWindow, header: Fields): Fields | string {
  const bytes = disk.bytes(disk.size - 3 * sectorBytes, 3 * sectorBytes);
  if (bytes === undefined) return 'its footer is missing; upload the whole file';
  const [before, footer, after] = [0, 1, 2].map((sector) =>
    littleEndian(bytes.subarray(sector * sectorBytes, (sector + 1) * sectorBytes)),
  ) as [Fields, Fields, Fields];
  if (!isMarker(before, 1, footerMarker) || !isMarker(after, 0, endMarker)) {
    return 'its footer is not between the markers that belong there; upload the whole file';
  }
  // Magic, version, flags, sizes and the descriptor's place; then the compression.
  const repeats = footer.text(0, 48) === header.text(0, 48) && footer.u16(77) === header.u16(77);
  return repeats ? footer : 'its footer does not repeat its header';
}

function isMarker(sector: Fields, value: number, type: number): boolean {
  return sector.u64(0) === value && sector.u32(8) === 0 && sector.u32(12) === type && isZero(sector.bytes.subarray(16));
}

function embeddedDescriptorFlaw(disk: DiskWindow, header: Fields): string | null {
  const sectors = header.u64(36);
  if (sectors === 0) return `it has no descriptor, so it is a part of a disk; ${toOneFile}`;
  if (header.u64(28) !== descriptorSector) return 'its descriptor does not follow its header';
  if (sectors >= maxDescriptorSectors) return 'its descriptor has 1 MiB or more';
  const bytes = disk.bytes(sectorBytes, sectors * sectorBytes);
  if (bytes === undefined) return 'its descriptor is cut off; upload the whole file';
  return descriptorFlaw(bytes, { capacity: header.u64(12), grain: header.u64(20) });
}
