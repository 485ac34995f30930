import { listImages } from '../../../app/list-images.ts';
import { ids } from '../list-parameters.ts';
import { operation } from '../operation.ts';
import { isImageId } from './named-image.ts';

export const describeImageConstraintsBatch = operation({
  service: 'vm',
  method: 'GET',
  route: '/imageConstraints',
  name: 'describeImageConstraintsBatch',
  summary: 'As describeImageConstraints, for several images: the ones that the caller may see.',
  right: 'image.read',
  query: { ids },
  faults: {},
  async handle({ context, caller, region, parameters }) {
    const named = (parameters.ids ?? []).filter(isImageId);
    if (named.length === 0) return { imageConstraints: [] };
    const query = { owner: 'any', region, ids: named, sort: 'createdAt', descending: true } as const;
    const { images } = await listImages(context, caller, { ...query, limit: named.length });
    return { imageConstraints: images.map(({ jdcloudId }) => ({ imageId: jdcloudId })) };
  },
});
