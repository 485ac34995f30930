import { FaultError } from '../../../shared/faults.ts';
import { required, text } from '../../../shared/parameters.ts';
import { findMember } from '../../members.ts';
import { operation } from '../../operation.ts';
import { findVisibleImage, imageId } from '../named-image.ts';
import { readMemberFaults as faults } from './member-faults.ts';
import { viewTypedMember } from './typed-member.ts';

export const showMemberOfImage = operation({
  service: 'ims',
  method: 'GET',
  route: '/v1/{project_id}/cloudimages/{image_id}/members/{member_id}',
  name: 'ShowImageMember',
  summary: 'Shows a member of an image.',
  right: 'share.read',
  path: { image_id: imageId, member_id: required(text({ fault: faults.memberNotFound }), faults.memberNotFound) },
  faults,
  async handle({ context, caller, scope, parameters: { image_id, member_id } }) {
    const image = await findVisibleImage(context, caller, scope, image_id);
    const member = await findMember(context, caller, image, member_id);
    if (member === undefined) throw new FaultError(faults.memberNotFound);
    return { body: viewTypedMember(member) };
  },
});
