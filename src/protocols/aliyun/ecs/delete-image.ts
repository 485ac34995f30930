import { deleteImage as deleteOwnImage } from '../../../app/delete-image.ts';
import { FaultError } from '../../shared/faults.ts';
import { operation } from '../operation.ts';
import { flag } from '../parameters.ts';
import { deleteImageFaults as faults } from './delete-image-faults.ts';
import { findOwnImage, imageParameters } from './named-image.ts';

/** Its snapshots stay, as clients expect, which delete them one by one. */
export const deleteImage = operation({
  service: 'ecs',
  action: 'DeleteImage',
  summary: 'Deletes an image; its snapshots stay.',
  right: 'image.delete',
  parameters: { ...imageParameters, Force: flag(), DryRun: flag() },
  faults,
  refusals: {
    'image.changing': faults.beingCopied,
    'image.being-copied': faults.beingCopied,
  },
  async handle({ context, caller, parameters }) {
    const { id, visibility, revision } = await findOwnImage(context, caller, parameters);
    if (visibility === 'public') throw new FaultError(faults.isPublic);
    if (visibility === 'shared') throw new FaultError(faults.shared);
    await deleteOwnImage(context, caller, id, {
      keepSnapshots: true,
      dryRun: parameters.DryRun,
      // Sharing it meanwhile would have counted.
      ifRevision: revision,
    });
    return {};
  },
});
