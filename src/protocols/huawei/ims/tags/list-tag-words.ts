import { listTags as listTagsOfImages } from '../../../../app/list-tags.ts';
import { whole } from '../../../shared/parameters.ts';
import { operation } from '../../operation.ts';
import { tagWord } from '../../tag-words.ts';
import { imageFilters, imageQueryOf } from '../image-filters.ts';
import { listImagesFaults } from '../list-images-faults.ts';

const { imageTypeUnknown, parameterInvalid, tooManyTags } = listImagesFaults;

const mostTags = 500;

/** Of the images that ListImages would find. */
export const listTags = operation({
  service: 'ims',
  method: 'GET',
  route: '/v1/cloudimages/tags',
  name: 'ListTags',
  summary: 'Lists the tags of images in one word each, key=value.',
  right: 'image.read',
  query: {
    ...imageFilters,
    limit: whole({ least: 1, most: mostTags, fault: parameterInvalid }),
    page: whole({ least: 1, most: 1_000_000, fault: parameterInvalid }),
  },
  faults: { imageTypeUnknown, parameterInvalid, tooManyTags },
  async handle({ context, caller, scope, parameters: asked, search }) {
    const query = imageQueryOf(asked, scope, search);
    const tags = query === undefined ? [] : await listTagsOfImages(context, caller, query);
    const words = tags.flatMap(({ key, values }) => values.map(({ value }) => tagWord({ key, value })));
    const { limit = mostTags, page = 1 } = asked;
    return { body: { tags: words.slice((page - 1) * limit, page * limit) } };
  },
});
