import { answerShare } from '../../../../app/shares.ts';
import { FaultError } from '../../../shared/faults.ts';
import { oneOf, required } from '../../../shared/parameters.ts';
import { commonFaults } from '../../common-faults.ts';
import { isOwnProject } from '../../members.ts';
import { type Operation, operation } from '../../operation.ts';
import { jobTypes } from '../job-types.ts';
import { updateMemberFaults as faults } from './member-faults.ts';
import { pairsOf, runMemberJob } from './member-job.ts';
import { images, projectId } from './member-parameters.ts';
import { findOfferedImage } from './offered-image.ts';

const { bodyInvalid, projectInvalid } = commonFaults;

/** A whole machine lies in no vault here, so `vault_id` is not read. */
export const batchUpdateMembers: Operation = operation({
  service: 'ims',
  method: 'PUT',
  route: '/v1/cloudimages/members',
  name: 'BatchUpdateMembers',
  summary: 'Accepts or rejects images that other accounts share; the answer is a job.',
  right: 'share.answer',
  body: {
    images,
    project_id: projectId,
    status: required(oneOf(['accepted', 'rejected'] as const, bodyInvalid), bodyInvalid),
  },
  faults,
  async handle({ context, caller, scope, parameters, signal }) {
    const { project_id, status } = parameters;
    if (!(await isOwnProject(context, caller, scope, project_id))) throw new FaultError(projectInvalid);
    return await runMemberJob(context, caller, {
      signal,
      type: jobTypes.updateMembers,
      operation: batchUpdateMembers,
      pairs: pairsOf(parameters.images, [project_id]),
      async run(pair) {
        const image = await findOfferedImage(context, caller, scope, pair.image);
        if (image === undefined) throw new FaultError(faults.imageNotFound);
        await answerShare(context, caller, image.id, status);
      },
    });
  },
});
