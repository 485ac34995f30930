import { imageFaults } from '../image-faults.ts';
import { operation } from '../operation.ts';
import { findVisibleImage, imageId } from './named-image.ts';

const { imageNotFound } = imageFaults;

export const describeImageConstraintsFaults = { imageNotFound };

export const describeImageConstraints = operation({
  service: 'vm',
  method: 'GET',
  route: '/images/{imageId}/constraints',
  name: 'describeImageConstraints',
  summary:
    'Tells which instance types an image cannot be used with: none, as only images of the cloud itself have such.',
  right: 'image.read',
  path: { imageId },
  faults: describeImageConstraintsFaults,
  async handle({ context, caller, region, parameters }) {
    const { jdcloudId } = await findVisibleImage(context, caller, region, parameters.imageId);
    return { imageConstraints: { imageId: jdcloudId } };
  },
});
