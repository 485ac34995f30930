import { listImages as listVisibleImages, placeOf } from '../../../app/list-images.ts';
import { isUuid } from '../../../domain/ids.ts';
import { oneOf, text, whole } from '../../shared/parameters.ts';
import { operation } from '../operation.ts';
import { imageFilters, imageQueryOf } from './image-filters.ts';
import { imageSortKeys, imageSorts } from './image-sorts.ts';
import { viewImages } from './image-view.ts';
import { listImagesFaults as faults } from './list-images-faults.ts';
import { findVisibleImage } from './named-image.ts';

const mostImages = 500;

/** Clients ask for the page after the last image that they have until one is empty. */
export const listImages = operation({
  service: 'ims',
  method: 'GET',
  route: '/v2/cloudimages',
  name: 'ListImages',
  summary:
    'Lists images, newest first: those of the project, those shared with the account and those open to everybody.',
  right: 'image.read',
  query: {
    ...imageFilters,
    limit: {
      ...whole({ least: 1, most: Number.MAX_SAFE_INTEGER, fault: faults.parameterInvalid }),
      rule: `1 or more; of which at most ${mostImages} are given`,
    },
    marker: text({ rule: 'id of the last image of the page before', fault: faults.markerMalformed, matches: isUuid }),
    sort_key: oneOf(imageSortKeys, faults.parameterInvalid),
    sort_dir: oneOf(['asc', 'desc'], faults.parameterInvalid),
  },
  faults,
  async handle({ context, caller, scope, parameters: asked, search }) {
    const sort = imageSorts[asked.sort_key ?? 'created_at'];
    const query = imageQueryOf(asked, scope, search);
    const last = asked.marker ? await findVisibleImage(context, caller, scope, asked.marker) : undefined;
    if (query === undefined) return { body: { images: [] } };
    const { images } = await listVisibleImages(context, caller, {
      ...query,
      sort,
      descending: asked.sort_dir !== 'asc',
      limit: Math.min(asked.limit ?? mostImages, mostImages),
      after: last && placeOf(last, sort),
    });
    return { body: { images: await viewImages(context, caller, images) } };
  },
});
