import { shareImage } from '../../../app/share-image.ts';
import { FaultError } from '../../shared/faults.ts';
import { required, text } from '../../shared/parameters.ts';
import { findInvited, mostMembers, viewMember } from '../members.ts';
import { operation } from '../operation.ts';
import { memberFaults, memberRefusals } from './member-faults.ts';
import { findOwnImage, imageId } from './named-image.ts';

const faults = {
  ...memberFaults,
  conflict: { ...memberFaults.conflict, when: 'the image is encrypted, or an unfinished copy is making it so' },
};

/** Whoever shares an image with an account again names it by another project, and changes nothing else. */
export const addImageMember = operation({
  service: 'glance',
  method: 'POST',
  route: '/v2/images/{image_id}/members',
  name: 'GlanceAddImageMember',
  summary: "Shares an image with a project's account, which has to accept it.",
  right: 'image.share',
  path: { image_id: imageId },
  body: { member: required(text({ rule: 'id of a project', fault: faults.malformed }), faults.malformed) },
  faults,
  refusals: memberRefusals,
  async handle({ context, caller, scope, parameters: { image_id, member } }) {
    const image = await findOwnImage(context, caller, scope, image_id);
    if (image.visibility === 'public') throw new FaultError(faults.publicImage);
    const project = await findInvited(context, caller, image, member);
    if (project === undefined) throw new FaultError(faults.notFound);
    const options = { project: project.id, most: mostMembers(context.settings, image) };
    const shared = await shareImage(context, caller, image.id, project.accountId, options);
    return { body: viewMember({ ...shared, projectId: project.id }) };
  },
});
