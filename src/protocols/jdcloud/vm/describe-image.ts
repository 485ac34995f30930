import { imageFaults } from '../image-faults.ts';
import { operation } from '../operation.ts';
import { viewImage } from './image-view.ts';
import { findVisibleImage, imageId } from './named-image.ts';

const { imageNotFound } = imageFaults;

export const describeImageFaults = { imageNotFound };

export const describeImage = operation({
  service: 'vm',
  method: 'GET',
  route: '/images/{imageId}',
  name: 'describeImage',
  summary: 'Tells of one image.',
  right: 'image.read',
  path: { imageId },
  faults: describeImageFaults,
  async handle({ context, caller, region, parameters }) {
    const image = await findVisibleImage(context, caller, region, parameters.imageId);
    return { image: await viewImage(context, caller, image) };
  },
});
