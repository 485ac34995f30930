import { deleteImage as deleteOwnImage } from '../../../app/delete-image.ts';
import { FaultError } from '../../shared/faults.ts';
import { operation } from '../operation.ts';
import { flag } from '../parameters.ts';
import { deleteImageFaults as faults } from './delete-image-faults.ts';
import { findOwnImage, imageId, namingImages } from './named-image.ts';

/** With deleteSnapshot, too, a snapshot that another image stands on stays. */
export const deleteImage = operation({
  service: 'vm',
  method: 'DELETE',
  route: '/images/{imageId}',
  name: 'deleteImage',
  summary: 'Deletes an image; its snapshots stay, or go as well with deleteSnapshot.',
  right: 'image.delete',
  path: { imageId },
  query: { deleteSnapshot: flag() },
  faults,
  refusals: {
    'image.protected': faults.protected,
    'image.shared': ({ visibility }) => new FaultError(visibility === 'public' ? faults.community : faults.shared),
  },
  async handle({ context, caller, region, parameters: { imageId: id, deleteSnapshot = false } }) {
    const image = await findOwnImage(context, caller, region, id, faults.notOwn);
    const options = { keepSnapshots: !deleteSnapshot, unlessShared: true, settled: true };
    await namingImages([image], () => deleteOwnImage(context, caller, image.id, options));
  },
});
