import type { AppContext, Caller } from '../../../app/context.ts';
import { exportImage as exportToObjects } from '../../../app/tasks/export-image.ts';
import { findImportsInto } from '../../../app/tasks/find-task.ts';
import type { Image } from '../../../domain/image.ts';
import { FaultError } from '../../shared/faults.ts';
import { defaulting } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { rootDeviceTypes } from '../image-words.ts';
import { operation } from '../operation.ts';
import { filledText, flag, required, text } from '../parameters.ts';
import { clientToken } from './client-token.ts';
import { exportImageFaults as faults } from './export-image-faults.ts';
import { findOwnImage, imageId, namingImages } from './named-image.ts';
import { folderUrl, type ObjectPlace, requireSameRegion } from './object-url.ts';

const { parameterInvalid } = commonFaults;

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
      ...required(text()),
      rule: 'makes no difference: the installation has a key of its own to the bucket',
    },
    ossUrl: required(folderUrl),
    ossPrefix: defaulting(filledText({ rule: '1 to 32 letters and digits', matches: /^[A-Za-z0-9]{1,32}$/ }), 'export'),
    isAllDisk: {
      ...flag(),
      rule: 'true: each disk becomes an object of its own; otherwise the system disk alone is exported',
    },
    clientToken,
  },
  faults,
  refusals: {
    // The core has rules for buckets and prefixes; both come from the address.
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
      exportToObjects(context, caller, command, { token: asked.clientToken }),
    );
    return { taskId: result.id };
  },
});

/** The cloud exports only images that begin with a system disk, which is a cloud disk. */
function refuseOtherTypes({ kind, rootDevice, disks }: Image): void {
  if (rootDevice === 'local-disk') throw new FaultError(faults.typeInvalid, rootDeviceTypes[rootDevice]);
  if (kind === 'iso') throw new FaultError(faults.typeInvalid, kind);
  if (disks[0]?.role === 'data') throw new FaultError(faults.typeInvalid, 'data-disk');
}

/** The cloud's own images of Windows have its licence: only one that was imported may leave it. */
async function refuseUnlessImported(context: AppContext, caller: Caller, { id }: Image): Promise<void> {
  const imports = await findImportsInto(context, caller, [id]);
  if (!imports.has(id)) throw new FaultError(faults.windows);
}

/** The names of the objects go on with the image's id, and the disks' roles and formats. */
function prefixOf({ object: folder }: ObjectPlace, ossPrefix: string): string {
  const path = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
  return path + ossPrefix;
}
