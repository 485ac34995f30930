import { imageFaults } from '../../image-faults.ts';
import { operation } from '../../operation.ts';
import { findVisibleImage, imageId } from '../named-image.ts';
import { tagsOf } from './tag-view.ts';

const { imageIdMalformed, imageNotFound } = imageFaults;

export const listImageTags = operation({
  service: 'ims',
  method: 'GET',
  route: '/v2/{project_id}/images/{image_id}/tags',
  name: 'ListImageTags',
  summary: 'Lists the tags of an image.',
  right: 'image.read',
  path: { image_id: imageId },
  faults: { imageIdMalformed, imageNotFound },
  async handle({ context, caller, scope, parameters }) {
    const image = await findVisibleImage(context, caller, scope, parameters.image_id);
    // Those of another account's image are its own language.
    return { body: { tags: image.accountId === caller.accountId ? tagsOf(image) : [] } };
  },
});
