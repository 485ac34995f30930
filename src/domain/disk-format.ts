/**
 * Tells a disk's format from its bytes, as they are uploaded, and refuses disks that could name bytes outside
 * themselves or lie about their size (design §8). Image services that let a tool guess have been made to hand out their
 * own files, in 2015, 2023, 2024 and 2026: so the parsers are ours, and what they do not know is refused.
 *
 * All recognisers run. A disk that none knows is raw; one that two know has a header hidden in the other's, and is
 * refused; so is one whose format is not the declared one, a "raw" disk with a known header above all. A partition
 * table is no header: a disk with one is raw, or an ISO when it is one as well.
 */
import { createDiskWindow, type DiskWindow, windowParts } from './disk-format/disk-window.ts';
import { foreignFormats } from './disk-format/foreign.ts';
import type { FormatRules } from './disk-format/format-rules.ts';
import { iso } from './disk-format/iso.ts';
import { qcow2 } from './disk-format/qcow2.ts';
import { vhd } from './disk-format/vhd.ts';
import { vhdx } from './disk-format/vhdx.ts';
import { vmdk } from './disk-format/vmdk.ts';
import type { DiskFormat } from './image.ts';

/** `refused` is one sentence for the person who uploads, which says what to do. */
export type DiskVerdict = { readonly format: DiskFormat } | { readonly refused: string };

export interface DiskInspector {
  /** The parts of the disk that the verdict depends on; the rest need not be seen. */
  readonly parts: readonly { readonly start: number; readonly end: number }[];
  /** Takes every run of the disk's data, in ascending order; bytes not seen are zeros. Keeps none of `bytes` itself. */
  see(offset: number, bytes: Uint8Array): void;
  /** After the last run. `declared` is what the client says the format is, if it does. */
  verdict(declared: DiskFormat | null): DiskVerdict;
}

const recognisers: readonly FormatRules[] = [qcow2, vmdk, vhd, vhdx, iso, ...foreignFormats];

/** Neither of its methods throws, whatever the bytes are. */
export function createDiskInspector(size: number): DiskInspector {
  const disk = createDiskWindow(size);
  return { parts: windowParts(size), see: disk.see, verdict: (declared) => inspect(disk, declared) };
}

function inspect(disk: DiskWindow, declared: DiskFormat | null): DiskVerdict {
  const [found, hidden] = recognisers.filter(({ matches }) => matches(disk));
  if (found !== undefined && hidden !== undefined) {
    return { refused: `the bytes are ${found.name} and ${hidden.name} at once; remove the hidden header` };
  }
  const flaw = found?.flaw(disk) ?? null;
  if (found !== undefined && flaw !== null) return { refused: `${found.name}: ${flaw}` };
  const format = found?.format ?? 'raw';
  if (declared === null || declared === format) return { format };
  return { refused: `declared as ${declared}, but the bytes are ${format}; declare ${format}, or no format at all` };
}
