/** The snapshots that createImageFromSnapshots is given, and what the disks made of them are to be. */
import type { AppContext, Caller } from '../../../app/context.ts';
import { findSnapshot } from '../../../app/find-snapshot.ts';
import type { DiskRole } from '../../../domain/image.ts';
import { inGiB } from '../../../lib/gibibytes.ts';
import { FaultError } from '../../shared/faults.ts';
import { flag, list, object, oneOf, type Read, required, text, whole } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { isSnapshotId, notFound } from '../disk/named-snapshot.ts';
import { statusOf } from '../disk/snapshot-words.ts';
import { createImageFromSnapshotsFaults as faults } from './create-image-from-snapshots-faults.ts';

const { outOfRange, parameterInvalid, parameterMissing } = commonFaults;

const diskTypes = ['ssd', 'premium-hdd', 'ssd.gp1', 'ssd.gp2', 'ssd.io1', 'ssd.io2', 'hdd.std1'] as const;

const members = {
  snapshotId: required(text({ fault: parameterInvalid }), parameterMissing),
  deviceName: required(
    text({ rule: 'vda to vdi', fault: parameterInvalid, matches: /^(vd[a-i])?$/ }),
    parameterMissing,
  ),
  // Of disks that an instance is given, which nothing here is made of.
  diskType: oneOf(diskTypes, parameterInvalid),
  autoDelete: flag(parameterInvalid),
  diskSizeGB: whole({ least: 1, most: 16_000, fault: outOfRange }),
};

export const cloudDisks = {
  ...required(
    list(object(members, parameterInvalid), { most: 8, tooMany: outOfRange, fault: parameterInvalid }),
    parameterMissing,
  ),
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
  if (!isSnapshotId(snapshotId)) throw notFound(snapshotId);
  const snapshot = await findSnapshot(context, caller, snapshotId);
  if (snapshot.region !== region) throw notFound(snapshotId);
  if (snapshot.state !== 'accomplished') throw new FaultError(faults.snapshotStatus, statusOf(snapshot));
  if (diskSizeGB === undefined) return;
  const size = inGiB(snapshot.size);
  if (diskSizeGB < size) throw new FaultError(faults.diskTooSmall, deviceName);
  if (diskSizeGB > size && deviceName !== 'vda') throw new FaultError(outOfRange, 'cloudDisks.diskSizeGB');
}
