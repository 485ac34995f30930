import { required } from '../../../shared/parameters.ts';
import { imageFaults } from '../../image-faults.ts';
import { operation } from '../../operation.ts';
import { findOwnImage, imageId } from '../named-image.ts';
import { changeImageTags } from './own-tags.ts';
import { newTag } from './tag-parameters.ts';

const { imageIdMalformed, imageNotFound, ownerOnly, tagInvalid, tagQuota } = imageFaults;

export const addImageTag = operation({
  service: 'ims',
  method: 'POST',
  route: '/v2/{project_id}/images/{image_id}/tags',
  name: 'AddImageTag',
  summary: 'Gives an image a tag, or a tag another value.',
  right: 'image.update',
  path: { image_id: imageId },
  body: { tag: required(newTag, tagInvalid) },
  faults: { imageIdMalformed, imageNotFound, ownerOnly, tagInvalid, tagQuota },
  async handle({ context, caller, scope, parameters: { image_id, tag } }) {
    const image = await findOwnImage(context, caller, scope, image_id);
    return await changeImageTags(context, caller, image, { set: { [tag.key]: tag.value } });
  },
});
