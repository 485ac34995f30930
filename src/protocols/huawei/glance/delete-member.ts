import { unshareImage } from '../../../app/share-image.ts';
import { FaultError } from '../../shared/faults.ts';
import { required, text } from '../../shared/parameters.ts';
import { findInvited } from '../members.ts';
import { operation } from '../operation.ts';
import { memberFaults, memberRefusals } from './member-faults.ts';
import { findOwnImage, imageId } from './named-image.ts';

const { conflict, forbidden, notFound } = memberFaults;

export const deleteImageMember = operation({
  service: 'glance',
  method: 'DELETE',
  route: '/v2/images/{image_id}/members/{member_id}',
  name: 'GlanceDeleteImageMember',
  summary: 'Shares an image with a member no longer.',
  right: 'image.share',
  path: {
    image_id: imageId,
    member_id: required(text({ fault: notFound }), notFound),
  },
  faults: { conflict, forbidden, notFound },
  refusals: memberRefusals,
  async handle({ context, caller, scope, parameters: { image_id, member_id } }) {
    const image = await findOwnImage(context, caller, scope, image_id);
    const project = await findInvited(context, caller, image, member_id);
    if (project === undefined) throw new FaultError(notFound);
    await unshareImage(context, caller, image.id, project.accountId);
    return { status: 204 };
  },
});
