import { FaultError } from '../../shared/faults.ts';
import { required, text } from '../../shared/parameters.ts';
import { findVisibleImage } from '../ims/named-image.ts';
import { findMember, viewMember } from '../members.ts';
import { operation } from '../operation.ts';
import { memberFaults } from './member-faults.ts';
import { imageId } from './named-image.ts';

const { notFound } = memberFaults;

export const showImageMember = operation({
  service: 'glance',
  method: 'GET',
  route: '/v2/images/{image_id}/members/{member_id}',
  name: 'GlanceShowImageMember',
  summary: 'Shows a member of an image.',
  right: 'share.read',
  path: {
    image_id: imageId,
    member_id: required(text({ fault: notFound }), notFound),
  },
  faults: { notFound },
  async handle({ context, caller, scope, parameters: { image_id, member_id } }) {
    const image = await findVisibleImage(context, caller, scope, image_id);
    const member = await findMember(context, caller, image, member_id);
    if (member === undefined) throw new FaultError(notFound);
    return { body: viewMember(member) };
  },
});
