/** The snapshots that createImageFromSnapshots is given, and what the disks made of them are to be. */
import type { AppContext, Caller } from '../../../app/context.ts';
import type { DiskRole } from '../../../domain/image.ts';
import { inGiB } from '../../../lib/gibibytes.ts';
import { FaultError } from '../../shared/faults.ts';
import type { Read } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { findNamedSnapshot } from '../disk/named-snapshot.ts';
import { statusOf } from '../disk/snapshot-words.ts';
import { flag, list, object, oneOf, required, text, whole } from '../parameters.ts';
import { createImageFromSnapshotsFaults as faults } from './create-image-from-snapshots-faults.ts';

const { outOfRange, parameterInvalid, parameterMissing } = commonFaults;

const diskTypes = ['ssd', 'premium-hdd', 'ssd.gp1', 'ssd.gp2', 'ssd.io1', 'ssd.io2', 'hdd.std1'] as const;

const members = {
  snapshotId: required(text()),
  deviceName: required(text({ rule: 'vda to vdi', matches: /^(vd[a-i])?$/ })),
  // These two are about the disks of instances: there are none, so they make no difference.
  diskType: oneOf(diskTypes),
  autoDelete: flag(),
  diskSizeGB: whole({ least: 1, most: 16_000 }),
};

export const cloudDisks = {
  ...required(list(object(members), 8)),
  rule: "8 at most; each has snapshotId and deviceName, vda to vdi, one of them vda, and may have diskType, autoDelete and diskSizeGB: vda's is how large a system disk has to be, of another it is the size of the snapshot",
};

type CloudDisk = Read<typeof members>;

/** A snapshot each, the system disk first. */
export interface DisksOfSnapshots {
  readonly snapshots: readonly { readonly id: string; readonly role: DiskRole }[];
  /** What is said of the system disk, if anything. */
  readonly minDiskGiB: number | undefined;
}

export async function findDisks(
  context: Pick<AppContext, 'db'>,
  caller: Caller,
  region: string,
  asked: readonly CloudDisk[],
): Promise<DisksOfSnapshots> {
  const disks = asked.toSorted((one, other) => (one.deviceName < other.deviceName ? -1 : 1));
  if (asked.length === 0) throw new FaultError(parameterMissing, 'cloudDisks');
  const [system] = disks;
  if (system?.deviceName !== 'vda') throw new FaultError(faults.systemDiskMissing);
  if (new Set(disks.map(({ deviceName }) => deviceName)).size < disks.length) throw new FaultError(faults.deviceTwice);
  const ids = new Set(disks.map(({ snapshotId }) => snapshotId));
  if (ids.size < disks.length) throw new FaultError(parameterInvalid, 'cloudDisks');
  for (const disk of disks) await checkSnapshot(context, caller, region, disk);
  const snapshots = [...ids].map((id, index) => ({ id, role: index === 0 ? ('system' as const) : ('data' as const) }));
  return { snapshots, minDiskGiB: system.diskSizeGB };
}

/** Disks are made as they were: of a data disk a size of its own could not be kept. */
async function checkSnapshot(
  context: Pick<AppContext, 'db'>,
  caller: Caller,
  region: string,
  { snapshotId, deviceName, diskSizeGB }: CloudDisk,
): Promise<void> {
  const snapshot = await findNamedSnapshot(context, caller, region, snapshotId);
  if (snapshot.state !== 'accomplished') throw new FaultError(faults.snapshotStatus, statusOf(snapshot));
  if (diskSizeGB === undefined) return;
  const size = inGiB(snapshot.size);
  if (diskSizeGB < size) throw new FaultError(faults.diskTooSmall, deviceName);
  if (diskSizeGB > size && deviceName !== 'vda') throw new FaultError(outOfRange, 'cloudDisks.diskSizeGB');
}
