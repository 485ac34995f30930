import { deleteImage as deleteOwnImage } from '../../../app/delete-image.ts';
import { FaultError } from '../../shared/faults.ts';
import { flag, required, text } from '../../shared/parameters.ts';
import { operation } from '../operation.ts';
import { deleteImageFaults as faults } from './delete-image-faults.ts';
import { findVisibleImage } from './named-image.ts';

/**
 * Both services have it at the same path. What is not there is a 404, as OpenStack's clients and Terraform take it; what must not be
 * deleted is said in the image service's rows.
 */
export const deleteImage = operation({
  service: 'glance',
  method: 'DELETE',
  route: '/v2/images/{image_id}',
  twins: ['/v1.1/images/{image_id}'],
  name: 'GlanceDeleteImage',
  summary: 'Deletes an image and its bytes.',
  right: 'image.delete',
  path: { image_id: required(text({ fault: faults.imageNotFound }), faults.imageNotFound) },
  // There are no backups that images are made of.
  body: { delete_backup: flag(faults.bodyInvalid) },
  faults,
  refusals: {
    'image.changing': faults.beingCreated,
    'image.importing': faults.beingCreated,
    'image.being-copied': faults.unavailable,
    'image.exporting': faults.exporting,
    'image.protected': faults.isProtected,
  },
  async handle({ context, caller, scope, parameters }) {
    const image = await findVisibleImage(context, caller, scope, parameters.image_id);
    if (image.visibility === 'public') throw new FaultError(faults.isPublic);
    if (image.accountId !== caller.accountId) throw new FaultError(faults.ownerOnly);
    if (image.protected) {
      throw new FaultError(context.settings.site === 'otc' ? faults.isProtectedAtOtc : faults.isProtected);
    }
    await deleteOwnImage(context, caller, image.id);
    return { status: 204 };
  },
});
