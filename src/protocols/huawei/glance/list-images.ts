import { listImages, placeOf } from '../../../app/list-images.ts';
import type { ImageSort } from '../../../domain/image-query.ts';
import { isRefusal } from '../../../domain/refusal.ts';
import { FaultError } from '../../shared/faults.ts';
import { oneOf, text, whole } from '../../shared/parameters.ts';
import { type ImageSortKey, imageSortKeys, imageSorts } from '../ims/image-sorts.ts';
import { viewImages } from '../ims/image-view.ts';
import { findVisibleImage } from '../ims/named-image.ts';
import { operation } from '../operation.ts';
import { glanceFaults } from './glance-faults.ts';
import { imageFilters, imageQueryOf } from './image-filters.ts';

const fault = glanceFaults.invalid;

const usualImages = 25;
const mostImages = 1000;

const key = oneOf(imageSortKeys, fault);
const direction = oneOf(['asc', 'desc'], fault);

const query = {
  ...imageFilters,
  limit: {
    ...whole({ least: 0, most: Number.MAX_SAFE_INTEGER, fault }),
    rule: `${usualImages} by default; at most ${mostImages} are given`,
  },
  marker: text({ rule: 'id of the last image of the page before', fault }),
  sort_key: key,
  sort_dir: direction,
  sort: text({ rule: 'a key, or key:direction, instead of the two; of several the first counts', fault }),
};
/** Any machine can be made from any image. */
const known: ReadonlySet<string> = new Set([...Object.keys(query), 'flavor_id']);

export const listGlanceImages = operation({
  service: 'glance',
  method: 'GET',
  route: '/v2/images',
  name: 'GlanceListImages',
  summary: 'Lists images, newest first; by any other parameter those that are kept with such a text.',
  right: 'image.read',
  query,
  faults: {
    invalid: { ...fault, when: 'a parameter breaks its rule, or the marker is no image that the caller may see here' },
  },
  async handle({ context, caller, scope, parameters: asked, search }) {
    const filter = imageQueryOf(asked, scope, search, known);
    const { sort, descending } = orderOf(asked);
    const last = asked.marker
      ? await findVisibleImage(context, caller, scope, asked.marker).catch(refuseMarker)
      : undefined;
    const limit = Math.min(asked.limit ?? usualImages, mostImages);
    const { images, next } =
      filter === undefined
        ? { images: [], next: null }
        : await listImages(context, caller, {
            ...filter,
            limit,
            sort,
            descending,
            after: last && placeOf(last, sort),
          });
    return {
      body: {
        images: await viewImages(context, caller, images),
        first: pageAt(search),
        ...(next !== null && { next: pageAt(search, next.id) }),
        schema: '/v2/schemas/images',
      },
    };
  },
});

interface Order {
  readonly sort_key: ImageSortKey | undefined;
  readonly sort_dir: 'asc' | 'desc' | undefined;
  readonly sort: string | undefined;
}

function orderOf({ sort, sort_key, sort_dir }: Order): { readonly sort: ImageSort; readonly descending: boolean } {
  const [first = ''] = (sort ?? '').split(',');
  const [name, way] = first.split(':');
  const by = key.read(name, 'sort') ?? sort_key ?? 'created_at';
  const to = direction.read(way, 'sort') ?? sort_dir;
  return { sort: imageSorts[by], descending: to !== 'asc' };
}

function refuseMarker(error: unknown): never {
  if (isRefusal(error, 'image.not-found')) throw new FaultError(fault, 'the marker is no image', { cause: error });
  throw error;
}

/** The address of a page, relative as clients expect it: with all that was asked for. */
function pageAt(search: string, marker?: string): string {
  const parameters = new URLSearchParams(search);
  parameters.delete('marker');
  if (marker !== undefined) parameters.set('marker', marker);
  return parameters.size === 0 ? '/v2/images' : `/v2/images?${parameters}`;
}
