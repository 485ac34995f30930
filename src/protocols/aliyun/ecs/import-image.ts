import { type ImportedDisk, importImage as importImageOfObjects } from '../../../app/tasks/import-image.ts';
import type { DiskFormat } from '../../../domain/image.ts';
import { osTypes } from '../../../domain/image-attributes.ts';
import type { RefusalFacts } from '../../../domain/refusal.ts';
import { commonFaults } from '../common-faults.ts';
import { FaultError } from '../fault.ts';
import { type OperationRequest, operation } from '../operation.ts';
import { groups, oneOf, required, text } from '../parameters.ts';
import { importImageFaults as faults, unusedImportImageFaults } from './import-image-faults.ts';
import { requireRegion } from './named-image.ts';
import { newImageOf, newImageParameters, optionsOf } from './new-image-parameters.ts';

const GiB = 1024 ** 3;
const mostGiB = 2048;

const formats: ReadonlyMap<string, DiskFormat> = new Map([
  ['raw', 'raw'],
  ['vhd', 'vhd'],
  ['qcow2', 'qcow2'],
  ['vmdk', 'vmdk'],
]);

/** Its rule is told of the first disk and of the others by different rows. */
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
      Device: text({ rule: '/dev/xvda to /dev/xvdz', fault: faults.deviceMalformed, matches: /^\/dev\/xvd[a-z]$/ }),
    },
    { most: 17, tooMany: faults.deviceMalformed },
  ),
  ...newImageParameters(faults),
  OSType: oneOf(osTypes, faults.osTypeMalformed),
  LicenseType: oneOf(['Auto', 'Aliyun', 'BYOL'], faults.licenseUnsupported),
  'Features.NvmeSupport': oneOf(['supported', 'unsupported'], commonFaults.invalidParameter),
};

type Asked = OperationRequest<typeof parameters>['parameters'];

/** The installation reads the bucket with its own key; roles that requests name make no difference. */
export const importImage = operation({
  service: 'ecs',
  action: 'ImportImage',
  summary: 'Makes an image of objects in a bucket, in a task.',
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
    const nvme = asked['Features.NvmeSupport'];
    const attributes = {
      osType: asked.OSType,
      licenseType: asked.LicenseType,
      nvmeSupport: nvme && nvme === 'supported',
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

function wrongSize({ bucket, object, size: bytes, limit }: RefusalFacts['object.size']): FaultError {
  if (bytes === 0) return new FaultError(faults.objectEmpty);
  return new FaultError(
    faults.systemDiskSize,
    `The object ${bucket}/${object} has ${bytes} bytes, and ${limit} is the most that its disk has room for.`,
  );
}

/** The first is the system disk. */
function disksOf({ DiskDeviceMapping }: Asked): ImportedDisk[] {
  if (DiskDeviceMapping.length === 0) throw new FaultError(faults.mappingMissing);
  return DiskDeviceMapping.map(({ OSSBucket, OSSObject, Format, DiskImageSize, DiskImSize }, index) => ({
    bucket: OSSBucket,
    object: OSSObject,
    role: index === 0 ? 'system' : 'data',
    format: formats.get(Format?.toLowerCase() ?? '') ?? null,
    size: bytesOf(DiskImageSize ?? DiskImSize, index),
  }));
}

function bytesOf(gibibytes: string | undefined, index: number): number | null {
  if (gibibytes === undefined) return null;
  const number = /^\d{1,4}$/.test(gibibytes) ? Number(gibibytes) : 0;
  if (number >= 1 && number <= mostGiB) return number * GiB;
  const rule = `The specified DiskImageSize should be 1 to ${mostGiB}.`;
  throw index === 0 ? new FaultError(faults.systemDiskSize, rule) : new FaultError(faults.dataDiskSize);
}
