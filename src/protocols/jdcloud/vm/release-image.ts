import { updateImage } from '../../../app/update-image.ts';
import { operation } from '../operation.ts';
import { findOwnImage, imageId, namingSnapshots } from './named-image.ts';
import { releaseImageFaults as faults } from './release-image-faults.ts';

/** The accounts that it was shared with do not get it back when it is no community image any more. */
export const releaseImage = operation({
  service: 'vm',
  method: 'POST',
  route: '/images/{imageId}:release',
  name: 'releaseImage',
  summary: 'Makes an image a community image, which everybody may use; it ends that it is shared with accounts.',
  right: 'image.publish',
  path: { imageId },
  faults,
  async handle({ context, caller, region, parameters }) {
    const image = await findOwnImage(context, caller, region, parameters.imageId);
    const options = { settled: true, unshares: true };
    await namingSnapshots([image], faults.encrypted, () =>
      updateImage(context, caller, image.id, { visibility: 'public' }, options),
    );
  },
});
