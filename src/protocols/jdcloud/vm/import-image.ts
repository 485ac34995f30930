import type { ImportedDisk } from '../../../app/tasks/find-objects.ts';
import { importImage as importImageOfObjects } from '../../../app/tasks/import-image.ts';
import { architectures, osTypes } from '../../../domain/image-attributes.ts';
import { GiB } from '../../../lib/gibibytes.ts';
import { FaultError } from '../../shared/faults.ts';
import type { Parameter } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { bootModes } from '../image-words.ts';
import { operation } from '../operation.ts';
import { flag, list, object, oneOf, required, whole } from '../parameters.ts';
import { clientToken } from './client-token.ts';
import { imageDescription, imageName, systemLabel } from './image-texts.ts';
import { importImageFaults as faults } from './import-image-faults.ts';
import { objectUrl, requireSameRegion } from './object-url.ts';

const { parameterInvalid } = commonFaults;

/** As many as an instance has, vdb to vdi. */
const mostDataDisks = 8;

const diskFormats = ['qcow2', 'vhd', 'vmdk', 'raw'] as const;
const diskFormat = required(oneOf(diskFormats));
const url = required(objectUrl);

const systemGiB = required(whole({ least: 40, most: 500 }));
const systemDiskSizeGB: Parameter<number> = {
  ...systemGiB,
  rule: `${systemGiB.rule}, a multiple of 10`,
  faults: [...systemGiB.faults, faults.sizeStep],
  read(value, name) {
    const size = systemGiB.read(value, name);
    if (size % 10 !== 0) throw new FaultError(faults.sizeStep);
    return size;
  },
};

const dataDisk = object({
  diskFormat,
  dataDiskSizeGB: required(whole({ least: 20, most: 16_000 })),
  imageUrl: url,
});

/** The installation reads the bucket with its own key. */
export const importImage = operation({
  service: 'vm',
  method: 'POST',
  route: '/images:import',
  name: 'importImage',
  summary: 'Makes an image of objects in a bucket, in a task.',
  right: 'image.create',
  body: {
    architecture: required(oneOf(architectures)),
    osType: required(oneOf(osTypes)),
    platform: {
      ...required(systemLabel),
      rule: `such as Ubuntu, CentOS, Windows Server, Other Linux; ${systemLabel.rule}`,
    },
    osVersion: systemLabel,
    bootMode: oneOf(bootModes),
    diskFormat,
    systemDiskSizeGB,
    imageUrl: url,
    dataDisks: list(dataDisk, mostDataDisks),
    imageName: required(imageName),
    description: imageDescription,
    forceImport: { ...flag(), rule: 'makes no difference: what is in a disk is never looked into' },
    clientToken,
  },
  faults,
  refusals: {
    'request.invalid': ({ field }) => new FaultError(parameterInvalid, parameterOf(field)),
    'request.idempotency-mismatch': faults.tokenUsed,
    'object-store.missing': faults.noObjectStore,
    'object.bucket-not-found': ({ bucket }) => new FaultError(faults.bucketNotFound, bucket),
    'object.not-found': ({ bucket, object }) => new FaultError(faults.objectNotFound, `${bucket}/${object}`),
    'object.denied': ({ bucket, object }) =>
      new FaultError(faults.objectDenied, object === null ? bucket : `${bucket}/${object}`),
    'object.size': ({ bucket, object }) => new FaultError(faults.objectSize, `${bucket}/${object}`),
  },
  async handle({ context, caller, region, parameters: asked }) {
    const { imageUrl, diskFormat, systemDiskSizeGB: minDiskGiB, dataDisks = [] } = asked;
    for (const place of [imageUrl, ...dataDisks.map((disk) => disk.imageUrl)]) requireSameRegion(place, region);
    const system = diskOf('system', imageUrl, diskFormat, minDiskGiB);
    const data = dataDisks.map((disk) => diskOf('data', disk.imageUrl, disk.diskFormat, disk.dataDiskSizeGB));
    const { architecture, osType, platform, osVersion, bootMode } = asked;
    const command = {
      region,
      name: asked.imageName,
      description: asked.description ?? '',
      kind: 'system-disk',
      rootDevice: 'cloud-disk',
      attributes: { architecture, osType, platform, osVersion, bootMode, minDiskGiB },
      tags: {},
      disks: [system, ...data],
    } as const;
    const { result } = await importImageOfObjects(context, caller, command, { token: asked.clientToken });
    return { imageId: result.imageJdcloudId, taskId: result.id };
  },
});

function diskOf(
  role: ImportedDisk['role'],
  { bucket, object }: Pick<ImportedDisk, 'bucket' | 'object'>,
  format: ImportedDisk['format'],
  gibibytes: number,
): ImportedDisk {
  return { role, bucket, object, format, size: gibibytes * GiB };
}

/** The parameter that a field of the core comes from: the core has rules that the parameters' own do not cover. */
function parameterOf(field: string): string {
  return field === 'bucket' || field === 'object' ? 'imageUrl' : field.replace('attributes.', '');
}
