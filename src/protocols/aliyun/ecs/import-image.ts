import type { ImportedDisk } from '../../../app/tasks/find-objects.ts';
import { importImage as importImageOfObjects } from '../../../app/tasks/import-image.ts';
import type { DiskFormat, DiskRole } from '../../../domain/image.ts';
import { osTypes } from '../../../domain/image-attributes.ts';
import type { RefusalFacts } from '../../../domain/refusal.ts';
import { GiB } from '../../../lib/gibibytes.ts';
import { FaultError } from '../../shared/faults.ts';
import { oneOf } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { type OperationRequest, operation } from '../operation.ts';
import { groups, required, text } from '../parameters.ts';
import { deviceText, refuseSharedDevice, roleOf } from './disk-devices.ts';
import { isSupported, licenseTypes, supportWords } from './image-words.ts';
import { importImageFaults as faults, unusedImportImageFaults } from './import-image-faults.ts';
import { requireRegion } from './named-image.ts';
import { newImageOf, newImageParameters, optionsOf } from './new-image-parameters.ts';

const mostGiB = 2048;

const formats: ReadonlyMap<string, DiskFormat> = new Map([
  ['raw', 'raw'],
  ['vhd', 'vhd'],
  ['qcow2', 'qcow2'],
  ['vmdk', 'vmdk'],
]);

/** Its rule is told of the system disk and of the others by different rows. */
const size = text({ rule: `GiB, 1 to ${mostGiB}`, fault: faults.systemDiskSize });

const parameters = {
  RegionId: required(text()),
  DiskDeviceMapping: groups(
    {
      OSSBucket: required(text()),
      OSSObject: required(text()),
      Format: text({
        rule: `${[...formats.keys()].join(', ')}, in any case; found from the bytes without it`,
        fault: faults.formatMalformed,
        matches: (word) => formats.has(word.toLowerCase()),
      }),
      DiskImageSize: size,
      DiskImSize: size,
      Device: deviceText(faults.deviceMalformed),
    },
    { most: 17, tooMany: faults.deviceMalformed },
  ),
  ...newImageParameters(faults),
  OSType: oneOf(osTypes, faults.osTypeMalformed),
  LicenseType: oneOf(licenseTypes, faults.licenseUnsupported),
  'Features.NvmeSupport': oneOf(supportWords, commonFaults.invalidParameter),
};

type Asked = OperationRequest<typeof parameters>['parameters'];

/** The installation reads the bucket with its own key; roles that requests name make no difference. */
export const importImage = operation({
  service: 'ecs',
  action: 'ImportImage',
  summary: 'Makes an image of objects in a bucket, in a task.',
  right: 'image.create',
  parameters,
  faults: { ...faults, ...unusedImportImageFaults },
  refusals: {
    'request.invalid': ({ field }) => new FaultError(malformed(field), field),
    'region.not-found': faults.regionNotFound,
    'image.name-taken': faults.nameTaken,
    'quota.images': faults.imageQuota,
    'object-store.missing': faults.noObjectStore,
    'object.bucket-not-found': faults.bucketNotFound,
    'object.not-found': faults.objectNotFound,
    'object.denied': faults.objectDenied,
    'object.size': wrongSize,
  },
  async handle({ context, caller, parameters: asked }) {
    requireRegion(context, asked.RegionId);
    const attributes = {
      osType: asked.OSType,
      licenseType: asked.LicenseType,
      nvmeSupport: isSupported(asked['Features.NvmeSupport']),
    };
    const image = { region: asked.RegionId, kind: 'system-disk', ...newImageOf(asked, attributes) } as const;
    const { result } = await importImageOfObjects(
      context,
      caller,
      { ...image, disks: disksOf(asked) },
      optionsOf(asked),
    );
    return { ImageId: result.imageAliyunId, TaskId: result.aliyunId, RegionId: result.region };
  },
});

function malformed(field: string) {
  if (field === 'bucket') return faults.bucketMalformed;
  return field === 'object' ? faults.objectMalformed : commonFaults.invalidParameter;
}

function wrongSize({ bucket, object, size: bytes, limit, role }: RefusalFacts['object.size']): FaultError {
  if (bytes === 0) return new FaultError(faults.objectEmpty);
  if (role === 'data') return new FaultError(faults.dataDiskSize);
  return new FaultError(
    faults.systemDiskSize,
    `The object ${bucket}/${object} has ${bytes} bytes, and ${limit} is the most that its disk has room for.`,
  );
}

/** The system disk, then the others: it is the one that Device calls so, or else the first of which Device says nothing. */
function disksOf({ DiskDeviceMapping: mappings }: Asked): ImportedDisk[] {
  if (mappings.length === 0) throw new FaultError(faults.mappingMissing);
  refuseSharedDevice(mappings, faults.deviceMalformed);
  const system =
    mappings.find(({ Device }) => roleOf(Device) === 'system') ?? mappings.find(({ Device }) => Device === undefined);
  if (system === undefined) throw new FaultError(faults.deviceMalformed);
  return [diskOf(system, 'system'), ...mappings.filter((each) => each !== system).map((each) => diskOf(each, 'data'))];
}

function diskOf(mapping: Asked['DiskDeviceMapping'][number], role: DiskRole): ImportedDisk {
  const { OSSBucket, OSSObject, Format, DiskImageSize, DiskImSize } = mapping;
  return {
    bucket: OSSBucket,
    object: OSSObject,
    role,
    format: formats.get(Format?.toLowerCase() ?? '') ?? null,
    size: bytesOf(DiskImageSize ?? DiskImSize, role),
  };
}

function bytesOf(gibibytes: string | undefined, role: DiskRole): number | null {
  if (gibibytes === undefined) return null;
  const number = /^\d{1,4}$/.test(gibibytes) ? Number(gibibytes) : 0;
  if (number >= 1 && number <= mostGiB) return number * GiB;
  const rule = `The specified DiskImageSize should be 1 to ${mostGiB}.`;
  throw role === 'system' ? new FaultError(faults.systemDiskSize, rule) : new FaultError(faults.dataDiskSize);
}
