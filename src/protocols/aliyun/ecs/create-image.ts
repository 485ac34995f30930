import type { Caller } from '../../../app/context.ts';
import { createImageFromSnapshots } from '../../../app/create-image-from-snapshots.ts';
import { findSnapshot } from '../../../app/find-snapshot.ts';
import { type DiskRole, diskRoles } from '../../../domain/image.ts';
import { RefusalError } from '../../../domain/refusal.ts';
import type { Snapshot } from '../../../domain/snapshot.ts';
import { inGiB } from '../../../lib/gibibytes.ts';
import { FaultError } from '../../shared/faults.ts';
import { oneOf } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { type AliyunContext, type OperationRequest, operation } from '../operation.ts';
import { groups, required, text } from '../parameters.ts';
import { createImageFaults as faults, unusedCreateImageFaults } from './create-image-faults.ts';
import { deviceText, refuseSharedDevice, roleOf } from './disk-devices.ts';
import { isId } from './ids.ts';
import { requireRegion } from './named-image.ts';
import { newImageOf, newImageParameters, optionsOf } from './new-image-parameters.ts';
import { nameText } from './text-parameters.ts';

const parameters = {
  RegionId: required(text()),
  InstanceId: text(),
  DiskDeviceMapping: groups(
    {
      SnapshotId: text(),
      Size: text({ rule: 'GiB', fault: faults.sizeOutOfRange, matches: /^\d{1,6}$/ }),
      Device: deviceText(faults.deviceMalformed),
      DiskType: oneOf(diskRoles, faults.diskTypeInvalid),
    },
    { most: 17, tooMany: commonFaults.invalidParameter },
  ),
  SnapshotId: text(),
  ...newImageParameters(faults),
  ImageFamily: nameText(faults.familyMalformed),
  ImageVersion: text({
    rule: '1 to 40 letters, digits and other printable ASCII characters',
    fault: faults.versionMalformed,
    matches: /^[!-~]{1,40}$/,
  }),
};

type Asked = OperationRequest<typeof parameters>['parameters'];

/** No byte moves: the image stands on these very snapshots, and is Available at once. */
export const createImage = operation({
  service: 'ecs',
  action: 'CreateImage',
  summary: 'Makes an image of snapshots.',
  right: 'image.create',
  parameters,
  faults: { ...faults, ...unusedCreateImageFaults },
  refusals: {
    'snapshot.not-found': faults.snapshotNotFound,
    'snapshot.not-ready': faults.snapshotNotReady,
    'quota.images': faults.imageQuota,
    'request.idempotency-mismatch': faults.tokenMismatch,
  },
  olderRefusals: { 'request.idempotency-mismatch': faults.olderTokenMismatch },
  async handle({ context, caller, parameters: asked }) {
    requireRegion(context, asked.RegionId);
    const snapshots = await findDisks(context, caller, asked);
    const { ImageFamily: family, ImageVersion: version, RegionId: region } = asked;
    const command = { region, ...newImageOf(asked, { family, version }), snapshots };
    const { result } = await createImageFromSnapshots(context, caller, command, optionsOf(asked));
    return { ImageId: result.aliyunId };
  },
});

/** In the order of the disks. Of the three that can be given the first in this order counts. */
async function findDisks(
  context: AliyunContext,
  caller: Caller,
  asked: Asked,
): Promise<{ id: string; role: DiskRole }[]> {
  const { InstanceId, DiskDeviceMapping, SnapshotId, RegionId } = asked;
  if (InstanceId !== undefined) throw new FaultError(faults.instanceNotFound, InstanceId);
  if (DiskDeviceMapping.length > 0) return await findMappedDisks(context, caller, asked);
  if (SnapshotId === undefined) throw new FaultError(faults.nothingToMakeItOf);
  const { id, role } = await findNamedSnapshot(context, caller, RegionId, SnapshotId);
  if (role !== 'system') throw new FaultError(faults.notFromSystemDisk);
  return [{ id, role }];
}

async function findMappedDisks(
  context: AliyunContext,
  caller: Caller,
  { DiskDeviceMapping, RegionId }: Asked,
): Promise<{ id: string; role: DiskRole }[]> {
  refuseSharedDevice(DiskDeviceMapping, faults.deviceInUse);
  const disks: { id: string; role: DiskRole }[] = [];
  for (const [index, { SnapshotId, Size, Device, DiskType }] of DiskDeviceMapping.entries()) {
    if (SnapshotId === undefined) {
      throw new FaultError(commonFaults.missingParameter, `DiskDeviceMapping.${index + 1}.SnapshotId`);
    }
    const { id, role, size } = await findNamedSnapshot(context, caller, RegionId, SnapshotId);
    if (Size !== undefined && Number(Size) !== inGiB(size)) throw new FaultError(faults.sizeOutOfRange);
    if (disks.some((disk) => disk.id === id)) throw new FaultError(commonFaults.invalidParameter, 'DiskDeviceMapping');
    disks.push({ id, role: DiskType ?? roleOf(Device) ?? role });
  }
  const [systems, others] = [true, false].map((is) => disks.filter(({ role }) => (role === 'system') === is));
  if (systems?.length === 0) throw new FaultError(faults.noSystemSnapshot);
  if (systems?.length !== 1) throw new FaultError(faults.manySystemSnapshots);
  return [...systems, ...(others ?? [])];
}

async function findNamedSnapshot(
  context: AliyunContext,
  caller: Caller,
  region: string,
  id: string,
): Promise<Snapshot> {
  const notFound = new RefusalError('snapshot.not-found', { snapshot: id });
  if (!isId('snapshot', id)) throw notFound;
  const snapshot = await findSnapshot(context, caller, id);
  if (snapshot.region !== region) throw notFound;
  return snapshot;
}
