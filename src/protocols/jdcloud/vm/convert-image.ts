import { copyImages } from '../../../app/copy-images.ts';
import { jdcloudCopyPolicies } from '../copy-policy.ts';
import { operation } from '../operation.ts';
import { convertImageFaults as faults } from './convert-image-faults.ts';
import { findOwnImage, imageId, namingImages } from './named-image.ts';

/** No byte changes: the new image is a copy of the same name in the same region, and says that it has a cloud disk. */
export const convertImage = operation({
  service: 'vm',
  method: 'POST',
  route: '/images/{imageId}:convertImage',
  name: 'convertImage',
  summary: 'Makes an image of a cloud disk of one of a local disk, which stays.',
  right: 'copy.create',
  path: { imageId },
  faults,
  refusals: { 'copy.root-device': faults.notLocalDisk },
  async handle({ context, caller, region, parameters }) {
    const image = await findOwnImage(context, caller, region, parameters.imageId);
    const command = { policy: jdcloudCopyPolicies.convert, images: [image.id], regions: [region] };
    const { images } = await namingImages([image], () => copyImages(context, caller, command));
    return { imageId: images[0]?.jdcloudId };
  },
});
