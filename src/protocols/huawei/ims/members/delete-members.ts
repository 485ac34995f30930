import { unshareImage } from '../../../../app/share-image.ts';
import { FaultError } from '../../../shared/faults.ts';
import { findInvited } from '../../members.ts';
import { type Operation, operation } from '../../operation.ts';
import { jobTypes } from '../job-types.ts';
import { findOwnImage } from '../named-image.ts';
import { deleteMemberFaults as faults, ownerRefusals } from './member-faults.ts';
import { pairsOf, runMemberJob } from './member-job.ts';
import { images, projects } from './member-parameters.ts';

export const batchDeleteMembers: Operation = operation({
  service: 'ims',
  method: 'DELETE',
  route: '/v1/cloudimages/members',
  name: 'BatchDeleteMembers',
  summary: "Shares images with projects' accounts no longer; the answer is a job.",
  right: 'image.share',
  body: { images, projects },
  faults,
  refusals: { ...ownerRefusals, 'member.not-found': faults.memberNotFound },
  async handle({ context, caller, scope, parameters, signal }) {
    return await runMemberJob(context, caller, {
      signal,
      type: jobTypes.deleteMembers,
      operation: batchDeleteMembers,
      pairs: pairsOf(parameters.images, parameters.projects),
      async run(pair) {
        const image = await findOwnImage(context, caller, scope, pair.image);
        const project = await findInvited(context, caller, image, pair.project);
        if (project === undefined) throw new FaultError(faults.projectNotFound);
        await unshareImage(context, caller, image.id, project.accountId);
      },
    });
  },
});
