import { FaultError } from '../../../shared/faults.ts';
import { oneOf, required } from '../../../shared/parameters.ts';
import { commonFaults } from '../../common-faults.ts';
import { imageFaults } from '../../image-faults.ts';
import { operation } from '../../operation.ts';
import { findOwnImage, imageId } from '../named-image.ts';
import { changeImageTags, keysOf } from './own-tags.ts';
import { checkTags, oldTags } from './tag-parameters.ts';

const { imageIdMalformed, imageNotFound, ownerOnly, tagInvalid, tagQuota } = imageFaults;
const { bodyInvalid } = commonFaults;

export const batchAddOrDeleteTags = operation({
  service: 'ims',
  method: 'POST',
  route: '/v2/{project_id}/images/{image_id}/tags/action',
  name: 'BatchAddOrDeleteTags',
  summary: 'Gives an image several tags, or takes them away.',
  right: 'image.update',
  path: { image_id: imageId },
  body: {
    action: required(oneOf(['create', 'delete'], bodyInvalid), bodyInvalid),
    tags: required(oldTags, bodyInvalid),
  },
  faults: { imageIdMalformed, imageNotFound, ownerOnly, tagInvalid, tagQuota },
  async handle({ context, caller, scope, parameters: { image_id, action, tags } }) {
    if (tags.length === 0) throw new FaultError(bodyInvalid, 'tags');
    const set = action === 'create' ? checkTags(tags) : undefined;
    const image = await findOwnImage(context, caller, scope, image_id);
    return await changeImageTags(context, caller, image, set ? { set } : { remove: keysOf(image, tags) });
  },
});
