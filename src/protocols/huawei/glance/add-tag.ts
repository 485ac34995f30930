import { maxTags } from '../../../domain/image-rules.ts';
import { required, text } from '../../shared/parameters.ts';
import { changeImageTags } from '../ims/tags/own-tags.ts';
import { operation } from '../operation.ts';
import { plainFaults } from '../plain-faults.ts';
import { readTagWord } from '../tag-words.ts';
import { findOwnImage, imageId } from './named-image.ts';

export const addTagFaults = {
  malformed: {
    ...plainFaults[400],
    when: 'the key of the tag has more than 128 characters, or the value more than 255',
  },
  forbidden: plainFaults[403],
  notFound: plainFaults[404],
  tooMany: { ...plainFaults[413], when: 'the image would have more than 20 tags' },
};

export const createTag = operation({
  service: 'glance',
  method: 'PUT',
  route: '/v2/images/{image_id}/tags/{tag}',
  name: 'GlanceCreateTag',
  summary: 'Gives an image a tag: a word, or key=value.',
  right: 'image.update',
  path: {
    image_id: imageId,
    tag: required(text({ fault: addTagFaults.malformed }), addTagFaults.malformed),
  },
  faults: addTagFaults,
  async handle({ context, caller, scope, parameters }) {
    const { key, value } = readTagWord(parameters.tag);
    const image = await findOwnImage(context, caller, scope, parameters.image_id);
    return await changeImageTags(context, caller, image, { set: { [key]: value }, most: maxTags });
  },
});
