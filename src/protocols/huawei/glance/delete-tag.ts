import { FaultError } from '../../shared/faults.ts';
import { required, text } from '../../shared/parameters.ts';
import { changeImageTags } from '../ims/tags/own-tags.ts';
import { tagsOf } from '../ims/tags/tag-view.ts';
import { operation } from '../operation.ts';
import { plainFaults } from '../plain-faults.ts';
import { tagWord } from '../tag-words.ts';
import { findOwnImage, imageId } from './named-image.ts';

export const deleteTagFaults = {
  forbidden: plainFaults[403],
  notFound: { ...plainFaults[404], when: 'no image that the caller may see has this id here, or it has no such tag' },
};

export const deleteTag = operation({
  service: 'glance',
  method: 'DELETE',
  route: '/v2/images/{image_id}/tags/{tag}',
  name: 'GlanceDeleteTag',
  summary: 'Takes a tag away from an image, by the word that the image shows.',
  right: 'image.update',
  path: {
    image_id: imageId,
    tag: required(text({ fault: deleteTagFaults.notFound }), deleteTagFaults.notFound),
  },
  faults: deleteTagFaults,
  async handle({ context, caller, scope, parameters }) {
    const image = await findOwnImage(context, caller, scope, parameters.image_id);
    const tag = tagsOf(image).find((each) => tagWord(each) === parameters.tag);
    if (tag === undefined) throw new FaultError(deleteTagFaults.notFound);
    return await changeImageTags(context, caller, image, { remove: [tag.key] });
  },
});
