import { updateImage } from '../../../app/update-image.ts';
import { operation } from '../operation.ts';
import { findOwnImage, imageId, namingImages } from './named-image.ts';
import { unReleaseImageFaults as faults } from './release-image-faults.ts';

/** One that is no community image stays as it is. */
export const unReleaseImage = operation({
  service: 'vm',
  method: 'POST',
  route: '/images/{imageId}:unrelease',
  name: 'unReleaseImage',
  summary: 'Takes a community image back: it is private again.',
  right: 'image.publish',
  path: { imageId },
  faults,
  async handle({ context, caller, region, parameters }) {
    const image = await findOwnImage(context, caller, region, parameters.imageId);
    const update = { visibility: 'private' } as const;
    await namingImages([image], () => updateImage(context, caller, image.id, update, { settled: true }));
  },
});
