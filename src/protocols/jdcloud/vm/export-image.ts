import type { AppContext, Caller } from '../../../app/context.ts';
import { exportImage as exportToObjects } from '../../../app/tasks/export-image.ts';
import { findImportsInto } from '../../../app/tasks/find-task.ts';
import type { Image } from '../../../domain/image.ts';
import { FaultError } from '../../shared/faults.ts';
import { flag, required, text } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { rootDeviceTypes } from '../image-words.ts';
import { operation } from '../operation.ts';
import { clientToken, tokenOf } from './client-token.ts';
import { exportImageFaults as faults } from './export-image-faults.ts';
import { findOwnImage, imageId, namingImages } from './named-image.ts';
import { folderUrl, type ObjectPlace, requireSameRegion } from './object-url.ts';

const { parameterInvalid, parameterMissing } = commonFaults;

/** Disks become objects as they are: `<ossPrefix>_<imageId>_system.qcow2` and so on. */
export const exportImage = operation({
  service: 'vm',
  method: 'POST',
  route: '/images/{imageId}:exportImage',
  name: 'exportImage',
  summary: "Writes an image's disks to objects in a bucket, in a task.",
  right: 'image.export',
  path: { imageId },
  body: {
    roleName: {
      ...required(text({ fault: parameterInvalid }), parameterMissing),
      rule: 'makes no difference: the installation has a key of its own to the bucket',
    },
    ossUrl: required(folderUrl, parameterMissing),
    ossPrefix: text({
      rule: '32 letters and digits at most, export by default',
      fault: parameterInvalid,
      matches: /^[A-Za-z0-9]{0,32}$/,
    }),
    isAllDisk: {
      ...flag(parameterInvalid),
      rule: 'true: each disk becomes an object of its own; otherwise the system disk alone is exported',
    },
    clientToken,
  },
  faults,
  refusals: {
    // What the core's rules of buckets and prefixes do not allow was in the address.
    'request.invalid': () => new FaultError(parameterInvalid, 'ossUrl'),
    'request.idempotency-mismatch': faults.tokenUsed,
    'object-store.missing': faults.noObjectStore,
    'object.bucket-not-found': ({ bucket }) => new FaultError(faults.bucketNotFound, bucket),
    'object.denied': ({ bucket }) => new FaultError(faults.objectDenied, bucket),
    'export.size': faults.diskTooLarge,
  },
  async handle({ context, caller, region, parameters: asked }) {
    const image = await findOwnImage(context, caller, region, asked.imageId);
    refuseOtherTypes(image);
    if (image.attributes.osType === 'windows') await refuseUnlessImported(context, caller, image);
    requireSameRegion(asked.ossUrl, region);
    const command = {
      image: image.id,
      bucket: asked.ossUrl.bucket,
      prefix: prefixOf(asked.ossUrl, asked.ossPrefix),
      calledBy: 'jdcloudId',
      format: null,
      only: asked.isAllDisk ? undefined : 'system',
    } as const;
    const { result } = await namingImages([image], () =>
      exportToObjects(context, caller, command, { token: tokenOf(asked) }),
    );
    return { taskId: result.id };
  },
});

/** Those that the cloud exports: of a system disk in the cloud. */
function refuseOtherTypes({ kind, rootDevice, disks }: Image): void {
  if (rootDevice === 'local-disk') throw new FaultError(faults.typeInvalid, rootDeviceTypes[rootDevice]);
  if (kind === 'iso') throw new FaultError(faults.typeInvalid, kind);
  if (disks[0]?.role === 'data') throw new FaultError(faults.typeInvalid, 'data-disk');
}

/** Licences of Windows are the cloud's, but in what its owner has brought along. */
async function refuseUnlessImported(context: AppContext, caller: Caller, { id }: Image): Promise<void> {
  const imports = await findImportsInto(context, caller, [id]);
  if (!imports.has(id)) throw new FaultError(faults.windows);
}

/** The names of the objects go on with the image's id, and the disks' roles and formats. */
function prefixOf({ object: folder }: ObjectPlace, ossPrefix: string | undefined): string {
  const path = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
  return path + (ossPrefix || 'export');
}
