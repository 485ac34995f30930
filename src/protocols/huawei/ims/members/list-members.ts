import { findMembers } from '../../members.ts';
import { operation } from '../../operation.ts';
import { findVisibleImage, imageId } from '../named-image.ts';
import { readMemberFaults } from './member-faults.ts';
import { viewTypedMember } from './typed-member.ts';

const { imageIdMalformed, imageNotFound } = readMemberFaults;

export const listMembersOfImage = operation({
  service: 'ims',
  method: 'GET',
  route: '/v1/{project_id}/cloudimages/{image_id}/members',
  name: 'ListImageMembers',
  summary: 'Lists whom an image is shared with; to a member, itself.',
  right: 'share.read',
  path: { image_id: imageId },
  faults: { imageIdMalformed, imageNotFound },
  async handle({ context, caller, scope, parameters }) {
    const image = await findVisibleImage(context, caller, scope, parameters.image_id);
    const members = await findMembers(context, caller, image);
    return { body: { members: members.map(viewTypedMember), schema: '/v2/schemas/members' } };
  },
});
