import { FaultError } from '../../../shared/faults.ts';
import { required, text } from '../../../shared/parameters.ts';
import type { Faults } from '../../fault.ts';
import { imageFaults } from '../../image-faults.ts';
import { operation } from '../../operation.ts';
import { findOwnImage, imageId } from '../named-image.ts';
import { changeImageTags, keysOf } from './own-tags.ts';

const { imageIdMalformed, imageNotFound, ownerOnly } = imageFaults;

export const deleteTagFaults = {
  imageIdMalformed,
  imageNotFound,
  ownerOnly,
  tagNotFound: {
    status: 404,
    code: 'IMG.0031',
    message: 'The resource ID in the request is incorrect.',
    when: 'the image has no tag of this key',
  },
} as const satisfies Faults;

export const deleteImageTag = operation({
  service: 'ims',
  method: 'DELETE',
  route: '/v2/{project_id}/images/{image_id}/tags/{key}',
  name: 'DeleteImageTag',
  summary: 'Takes a tag away from an image.',
  right: 'image.update',
  path: {
    image_id: imageId,
    key: required(text({ fault: deleteTagFaults.tagNotFound }), deleteTagFaults.tagNotFound),
  },
  faults: deleteTagFaults,
  async handle({ context, caller, scope, parameters: { image_id, key } }) {
    const image = await findOwnImage(context, caller, scope, image_id);
    const remove = keysOf(image, [{ key }]);
    if (remove.length === 0) throw new FaultError(deleteTagFaults.tagNotFound);
    return await changeImageTags(context, caller, image, { remove });
  },
});
