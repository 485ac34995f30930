/**
 * VHD (Microsoft, Virtual Hard Disk Image Format Specification 1.0), fixed or dynamic. Refused: differencing disks and
 * whatever else names a parent, sizes that the file has no room for, copies of the footer that differ.
 */
import type { DiskWindow } from './disk-window.ts';
import { bigEndian, type Fields, isZero } from './fields.ts';
import { type FormatRules, hasText, isPowerOfTwo, virtualSizeFlaw } from './format-rules.ts';

const cookie = 'conectix';
const footerBytes = 512;
const dynamicHeaderBytes = 1024;
const maxBlockBytes = 256 * 1024 * 1024;

const diskType = { fixed: 2, dynamic: 3, differencing: 4 } as const;

export const vhd: FormatRules = {
  name: 'vhd',
  format: 'vhd',
  matches: (disk) => hasText(disk, 0, cookie) || footerOffset(disk) !== undefined,
  flaw(disk) {
    const offset = footerOffset(disk);
    const bytes = offset === undefined ? undefined : disk.bytes(offset, disk.size - offset);
    if (offset === undefined || bytes === undefined) return 'its footer is missing; upload the whole file';
    // The byte that the short footer lacks is reserved, and zero.
    const footer = bigEndian(Uint8Array.of(...bytes, ...new Uint8Array(footerBytes - bytes.length)));
    return footerFlaw(footer) ?? (footer.u32(60) === diskType.fixed ? fixedFlaw : dynamicFlaw)(disk, offset, footer);
  },
};

/** Virtual PC before 2004 wrote footers of 511 bytes. */
function footerOffset(disk: DiskWindow): number | undefined {
  return [disk.size - footerBytes, disk.size - 511].find((offset) => hasText(disk, offset, cookie));
}

function footerFlaw(footer: Fields): string | null {
  if (footer.u32(64) !== checksum(footer.bytes, 64)) {
    return "its footer's checksum is wrong; upload the whole file again";
  }
  if (footer.u32(12) !== 0x10000) return `its footer has version 0x${footer.u32(12).toString(16)}; 0x10000 is accepted`;
  const type = footer.u32(60);
  if (type === diskType.differencing) return 'it is a differencing disk, whose parent lies outside it; merge it first';
  if (type !== diskType.fixed && type !== diskType.dynamic) {
    return `its type ${type} is unknown; fixed and dynamic are accepted`;
  }
  return virtualSizeFlaw(footer.u64(48));
}

function fixedFlaw(disk: DiskWindow, offset: number, footer: Fields): string | null {
  if (hasText(disk, 0, cookie)) return 'its footer says that it is fixed, but it begins as a dynamic one does';
  const size = footer.u64(48);
  return size === offset
    ? null
    : `its footer says that its disk has ${size} bytes, but ${offset} come before the footer`;
}

function dynamicFlaw(disk: DiskWindow, offset: number, footer: Fields): string | null {
  const length = disk.size - offset;
  const copy = disk.bytes(0, length);
  if (copy === undefined || !copy.every((byte, at) => byte === footer.bytes[at])) {
    return 'its first bytes are not the copy of its footer that they should be';
  }
  const bytes = disk.bytes(footer.u64(16), dynamicHeaderBytes);
  if (bytes === undefined) {
    return 'its dynamic header is not among its first 4 MiB; convert it again: qemu-img convert -O vpc';
  }
  const header = bigEndian(bytes);
  if (header.text(0, 8) !== 'cxsparse') return 'its dynamic header does not begin with cxsparse';
  if (header.u32(36) !== checksum(bytes, 36)) {
    return "its dynamic header's checksum is wrong; upload the whole file again";
  }
  // Unique id, time, reserved, name, then eight locators.
  if (!isZero(bytes.subarray(40, 768))) return 'it names a parent, which lies outside it; merge it first';
  const entries = header.u32(28);
  const blockBytes = header.u32(32);
  if (!isPowerOfTwo(blockBytes) || blockBytes < 512 || blockBytes > maxBlockBytes) {
    return `its blocks have ${blockBytes} bytes; powers of two from 512 bytes to 256 MiB are accepted`;
  }
  if (entries * blockBytes < footer.u64(48)) return 'its block table is too short for its virtual size';
  if (!disk.holds(header.u64(16), entries * 4)) return 'its block table lies outside the file; upload the whole file';
  return null;
}

/** One's complement of the sum of the bytes, without the four of the checksum itself. */
function checksum(bytes: Uint8Array, at: number): number {
  const sum = bytes.reduce((total, byte, index) => (index >= at && index < at + 4 ? total : total + byte), 0);
  return ~sum >>> 0;
}
