import { changeMembers } from '../../../app/share-image.ts';
import { FaultError } from '../../shared/faults.ts';
import { commonFaults } from '../common-faults.ts';
import { operation } from '../operation.ts';
import { findOwnImage, imageId, namingImages } from './named-image.ts';
import { accountParameters, accountsOf } from './share-image-accounts.ts';
import { unShareImageFaults as faults } from './unshare-image-faults.ts';

/** An account that the image is not shared with is passed over. */
export const unShareImage = operation({
  service: 'vm',
  method: 'POST',
  route: '/images/{imageId}:unshare',
  name: 'unShareImage',
  summary: 'Takes an image away from accounts: from all of them, or none.',
  right: 'image.share',
  path: { imageId },
  body: accountParameters(commonFaults.outOfRange),
  faults,
  refusals: {
    'account.not-found': ({ account }) => new FaultError(faults.pinNotFound, account),
    'image.being-copied': ({ image }) => new FaultError(faults.taskConflict, image),
  },
  async handle({ context, caller, region, parameters }) {
    const remove = accountsOf(parameters, caller, context.page);
    const image = await findOwnImage(context, caller, region, parameters.imageId);
    const changes = { add: [], remove };
    await namingImages([image], () => changeMembers(context, caller, image.id, changes, { settled: true }));
  },
});
