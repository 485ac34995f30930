import { FaultError } from '../../../shared/faults.ts';
import { required } from '../../../shared/parameters.ts';
import { commonFaults } from '../../common-faults.ts';
import { imageFaults } from '../../image-faults.ts';
import { operation } from '../../operation.ts';
import { findOwnImage, imageId } from '../named-image.ts';
import { changeImageTags, keysOf } from './own-tags.ts';
import { oldTags } from './tag-parameters.ts';

const { imageIdMalformed, imageNotFound, ownerOnly, tagInvalid, tagQuota } = imageFaults;

const faults = {
  imageIdMalformed,
  imageNotFound,
  ownerOnly,
  tagInvalid: { ...tagInvalid, when: 'a tag has no key, or is no text' },
  tagQuota: { ...tagQuota, when: 'tags are more than 10' },
};

export const batchDeleteTags = operation({
  service: 'ims',
  method: 'DELETE',
  route: '/v1/{project_id}/cloudimages/{image_id}/tags/delete',
  name: 'BatchDeleteTags',
  summary: 'Takes tags away from an image; those that it does not have are passed over.',
  right: 'image.update',
  path: { image_id: imageId },
  body: { tags: required(oldTags, commonFaults.bodyInvalid) },
  faults,
  async handle({ context, caller, scope, parameters: { image_id, tags } }) {
    if (tags.length === 0) throw new FaultError(commonFaults.bodyInvalid, 'tags');
    const image = await findOwnImage(context, caller, scope, image_id);
    return await changeImageTags(context, caller, image, { remove: keysOf(image, tags) });
  },
});
