import { fillImage } from '../../../app/tasks/fill-image.ts';
import { unused } from '../../shared/faults.ts';
import { required } from '../../shared/parameters.ts';
import type { Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';
import { operation } from '../operation.ts';
import { acceptedJob } from './accepted-job.ts';
import { importFaults } from './import-faults.ts';
import { findOwnImage, imageId } from './named-image.ts';
import { filePlace, objectFaults } from './object-place.ts';
import { importRefusals, ordinaryObject } from './start-import.ts';

const { formatUnsupported, imageQuota, objectNotFound, objectTooLarge } = importFaults;
const { imageIdMalformed, imageNotFound, imageUnavailable, notSupported, ownerOnly } = imageFaults;

export const registerFaults = {
  imageIdMalformed,
  imageNotFound,
  ownerOnly,
  ...objectFaults,
  objectNotFound,
  objectTooLarge: { ...objectTooLarge, when: 'the object has more than 128 GiB' },
  formatUnsupported,
  imageUnavailable: {
    ...imageUnavailable,
    when: 'the image has its bytes, is getting them or has failed',
  },
  notSupported: {
    ...notSupported,
    when: 'the image was announced with several disks, as other protocols than this one can',
  },
  imageQuota,
  ...unused('another row says the same', [[400, 'IMG.0121', 'The object cannot be found.']]),
} as const satisfies Faults;

/** For images that Glance's call has made without bytes. */
export const registerImage = operation({
  service: 'ims',
  method: 'PUT',
  route: '/v1/cloudimages/{image_id}/upload',
  name: 'RegisterImage',
  summary: 'Gives an image that has no bytes those of an object in a bucket; the answer is a job.',
  right: 'image.upload',
  path: { image_id: imageId },
  body: { image_url: required(filePlace, objectFaults.urlMalformed) },
  faults: registerFaults,
  refusals: importRefusals,
  async handle({ context, caller, scope, parameters: { image_id, image_url: place } }) {
    const image = await findOwnImage(context, caller, scope, image_id);
    const role = image.kind === 'data-disk' ? 'data' : 'system';
    const { size: _, ...object } = ordinaryObject(place, image.kind === 'iso' ? 'iso' : null);
    const command = { ...object, image: image.id, role } as const;
    return acceptedJob((await fillImage(context, caller, command)).id);
  },
});
