import { findVisibleImage } from '../ims/named-image.ts';
import { findMembers, viewMember } from '../members.ts';
import { operation } from '../operation.ts';
import { memberFaults } from './member-faults.ts';
import { imageId } from './named-image.ts';

const { notFound } = memberFaults;

export const listImageMembers = operation({
  service: 'glance',
  method: 'GET',
  route: '/v2/images/{image_id}/members',
  name: 'GlanceListImageMembers',
  summary: 'Lists whom an image is shared with; to a member, itself.',
  right: 'share.read',
  path: { image_id: imageId },
  faults: { notFound },
  async handle({ context, caller, scope, parameters }) {
    const image = await findVisibleImage(context, caller, scope, parameters.image_id);
    const members = await findMembers(context, caller, image);
    return { body: { members: members.map(viewMember), schema: '/v2/schemas/members' } };
  },
});
