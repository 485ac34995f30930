import { shareImage } from '../../../../app/share-image.ts';
import { FaultError } from '../../../shared/faults.ts';
import { findInvited, mostMembers } from '../../members.ts';
import { type Operation, operation } from '../../operation.ts';
import { jobTypes } from '../job-types.ts';
import { findOwnImage } from '../named-image.ts';
import { addMemberFaults as faults, ownerRefusals } from './member-faults.ts';
import { pairsOf, runMemberJob } from './member-job.ts';
import { images, projects } from './member-parameters.ts';

export const batchAddMembers: Operation = operation({
  service: 'ims',
  method: 'POST',
  route: '/v1/cloudimages/members',
  name: 'BatchAddMembers',
  summary: "Shares images with projects' accounts, which have to accept them; the answer is a job.",
  right: 'image.share',
  body: { images, projects },
  faults,
  refusals: {
    ...ownerRefusals,
    'member.own': faults.ownProject,
    'member.limit': faults.tooMany,
    'image.encrypted': faults.encrypted,
  },
  async handle({ context, caller, scope, parameters, signal }) {
    return await runMemberJob(context, caller, {
      signal,
      type: jobTypes.addMembers,
      operation: batchAddMembers,
      pairs: pairsOf(parameters.images, parameters.projects),
      async run(pair) {
        const image = await findOwnImage(context, caller, scope, pair.image);
        if (image.visibility === 'public') throw new FaultError(faults.publicImage);
        const project = await findInvited(context, caller, image, pair.project);
        if (project === undefined) throw new FaultError(faults.projectNotFound);
        const options = { project: project.id, most: mostMembers(context.settings, image) };
        await shareImage(context, caller, image.id, project.accountId, options);
      },
    });
  },
});
