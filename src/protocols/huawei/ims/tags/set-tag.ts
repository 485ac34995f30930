import { FaultError } from '../../../shared/faults.ts';
import { text } from '../../../shared/parameters.ts';
import { commonFaults } from '../../common-faults.ts';
import { imageFaults } from '../../image-faults.ts';
import { operation } from '../../operation.ts';
import { findOwnImage, imageId } from '../named-image.ts';
import { changeImageTags } from './own-tags.ts';
import { checkTag, newTag, readOlderWord } from './tag-parameters.ts';

const { imageIdMalformed, imageNotFound, ownerOnly, tagInvalid, tagQuota } = imageFaults;

export const createOrUpdateTags = operation({
  service: 'ims',
  method: 'PUT',
  route: '/v1/cloudimages/tags',
  name: 'CreateOrUpdateTags',
  summary: 'Gives an image a tag, or a tag another value.',
  right: 'image.update',
  body: {
    image_id: imageId,
    tag: text({ rule: 'key=value, the older key.value, or a key; not with image_tag', fault: tagInvalid }),
    image_tag: newTag,
  },
  faults: { imageIdMalformed, imageNotFound, ownerOnly, tagInvalid, tagQuota },
  async handle({ context, caller, scope, parameters: { image_id, tag, image_tag } }) {
    if (tag && image_tag) throw new FaultError(commonFaults.bodyInvalid, 'image_tag');
    const { key, value } = image_tag ?? checkTag(readOlderWord(tag));
    const image = await findOwnImage(context, caller, scope, image_id);
    return await changeImageTags(context, caller, image, { set: { [key]: value } });
  },
});
