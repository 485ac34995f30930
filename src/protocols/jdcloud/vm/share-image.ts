import { changeMembers } from '../../../app/share-image.ts';
import { FaultError } from '../../shared/faults.ts';
import { operation } from '../operation.ts';
import { findOwnImage, imageId, namingSnapshots } from './named-image.ts';
import { accountParameters, accountsOf, mostAccounts } from './share-image-accounts.ts';
import { shareImageFaults as faults } from './share-image-faults.ts';

/** The accounts are not asked: they can copy the image at once. One that has it already keeps it. */
export const shareImage = operation({
  service: 'vm',
  method: 'POST',
  route: '/images/{imageId}:share',
  name: 'shareImage',
  summary: 'Shares an image with accounts: with all of them, or none.',
  right: 'image.share',
  path: { imageId },
  body: accountParameters(faults.shareQuota),
  faults,
  refusals: {
    'account.not-found': ({ account }) => new FaultError(faults.pinNotFound, account),
    'member.limit': faults.shareQuota,
    'image.shared': faults.community,
  },
  async handle({ context, caller, region, parameters }) {
    const add = accountsOf(parameters, caller, context.page);
    const image = await findOwnImage(context, caller, region, parameters.imageId);
    const options = { accepted: true, most: mostAccounts, settled: true, unlessPublic: true } as const;
    await namingSnapshots([image], faults.encrypted, () =>
      changeMembers(context, caller, image.id, { add, remove: [] }, options),
    );
  },
});
