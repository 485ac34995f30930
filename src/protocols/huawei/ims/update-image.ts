import { updateImage as updateOwnImage } from '../../../app/update-image.ts';
import { isReadable } from '../../../domain/states.ts';
import { FaultError } from '../../shared/faults.ts';
import { operation } from '../operation.ts';
import { viewImage } from './image-view.ts';
import { findOwnImage, imageId } from './named-image.ts';
import { patches, updateOf } from './patch-paths.ts';
import { updateImageFaults as faults } from './update-image-faults.ts';

/** All of the changes, or none. */
export const updateImage = operation({
  service: 'ims',
  method: 'PATCH',
  route: '/v2/cloudimages/{image_id}',
  name: 'UpdateImage',
  summary: "Changes an image's attributes.",
  right: 'image.update',
  path: { image_id: imageId },
  payload: patches,
  faults,
  refusals: {
    'precondition.failed': faults.attributeConflict,
    'request.invalid': faults.patchInvalid,
  },
  async handle({ context, caller, scope, parameters, payload }) {
    const image = await findOwnImage(context, caller, scope, parameters.image_id);
    if (!isReadable(image.state)) throw new FaultError(faults.imageUnavailable);
    const { update, isConditional } = updateOf(image, payload);
    const ifRevision = isConditional ? image.revision : undefined;
    const updated = await updateOwnImage(context, caller, image.id, update, { ifRevision });
    return { body: await viewImage(context, caller, updated) };
  },
});
