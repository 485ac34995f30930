import { listImages } from '../../../app/list-images.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { required, text } from '../parameters.ts';
import { viewImages } from './image-view.ts';
import { requireRegion } from './named-image.ts';

export const imageFromFamilyFaults = {
  regionNotFound: {
    status: 404,
    code: 'InvalidRegionId.NotFound',
    message: 'The RegionId provided does not exist.',
    when: 'RegionId names no region of this installation',
  },
  unauthorized: {
    status: 403,
    code: 'InvalidUser.Unauthorized',
    message: 'The user is not authorized.',
    never: 'every role may look at images',
  },
} as const satisfies Faults;

export const describeImageFromFamily = operation({
  service: 'ecs',
  action: 'DescribeImageFromFamily',
  summary:
    "Tells of the newest available image of a family; of none, the answer has no Image. Others' images do not count.",
  right: 'image.read',
  parameters: { RegionId: required(text()), ImageFamily: required(text()) },
  faults: imageFromFamilyFaults,
  refusals: { 'region.not-found': imageFromFamilyFaults.regionNotFound },
  async handle({ context, caller, parameters: { RegionId, ImageFamily } }) {
    requireRegion(context, RegionId);
    const { images } = await listImages(context, caller, {
      owner: 'self',
      region: RegionId,
      states: ['available'],
      attributes: { family: ImageFamily },
      sort: 'createdAt',
      descending: true,
      limit: 1,
    });
    const [Image] = await viewImages(context, caller, images);
    return { Image };
  },
});
