import { answerShare } from '../../../app/shares.ts';
import { FaultError } from '../../shared/faults.ts';
import { oneOf, required, text } from '../../shared/parameters.ts';
import { findOfferedImage } from '../ims/members/offered-image.ts';
import { findVisibleImage } from '../ims/named-image.ts';
import { findMembers, isOwnProject, viewMember } from '../members.ts';
import { operation } from '../operation.ts';
import { memberFaults, memberRefusals } from './member-faults.ts';
import { imageId } from './named-image.ts';

const { conflict, forbidden, notFound } = memberFaults;
const malformed = { ...memberFaults.malformed, when: 'status is neither accepted nor rejected' };

/** Only the member itself answers. A whole machine lies in no vault here, so `vault_id` is not read. */
export const updateImageMember = operation({
  service: 'glance',
  method: 'PUT',
  route: '/v2/images/{image_id}/members/{member_id}',
  name: 'GlanceUpdateImageMember',
  summary: 'Accepts or rejects an image that another account shares.',
  right: 'share.answer',
  path: {
    image_id: imageId,
    member_id: required(text({ fault: notFound }), notFound),
  },
  body: { status: required(oneOf(['accepted', 'rejected'] as const, malformed), malformed) },
  faults: { conflict, forbidden, malformed, notFound },
  refusals: memberRefusals,
  async handle({ context, caller, scope, parameters: { image_id, member_id, status } }) {
    const image = await findOfferedImage(context, caller, scope, image_id);
    if (image === undefined) {
      // It is there to be seen, but not to be answered.
      await findVisibleImage(context, caller, scope, image_id);
      throw new FaultError(forbidden);
    }
    if (!(await isOwnProject(context, caller, scope, member_id))) throw new FaultError(notFound);
    await answerShare(context, caller, image.id, status);
    const [member] = await findMembers(context, caller, image);
    if (member === undefined) throw new FaultError(notFound);
    return { body: viewMember(member) };
  },
});
