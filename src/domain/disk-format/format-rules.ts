import type { DiskFormat } from '../image.ts';
import type { DiskWindow } from './disk-window.ts';
import { latin1 } from './fields.ts';

/** What the inspector knows of one format. Neither function throws, whatever the bytes are. */
export interface FormatRules {
  /** What messages call the format. */
  readonly name: string;
  /** Null for a format that is known, so that it is not taken for raw, and never accepted. */
  readonly format: DiskFormat | null;
  /** True when some reader would take the disk for this format. Says nothing about whether it is sound. */
  matches(disk: DiskWindow): boolean;
  /** Why a disk that matches is refused and what to do about it; null when it is sound. */
  flaw(disk: DiskWindow): string | null;
}

/** 64 TiB: the most that VHDX, the widest of the formats with a bound, can say. */
const maxVirtualBytes = 2 ** 46;

export function virtualSizeFlaw(bytes: number): string | null {
  if (bytes > 0 && bytes <= maxVirtualBytes) return null;
  return `it says that its disk has ${bytes} bytes; between 1 byte and 64 TiB are accepted`;
}

/** True when the disk has these characters, one a byte, there. */
export function hasText(disk: DiskWindow, offset: number, text: string): boolean {
  const bytes = disk.bytes(offset, text.length);
  return bytes !== undefined && latin1(bytes) === text;
}

export function isPowerOfTwo(value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value));
}
