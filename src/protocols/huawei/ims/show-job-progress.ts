import { operation } from '../operation.ts';
import { jobFaults as faults, findJob, jobId } from './find-job.ts';
import { viewJob } from './job-view.ts';

/** Of a job that consists of others, these are shown. */
const noSubJobs = { subJobId: '', sub_jobs_result: [], sub_jobs_list: [] };

/** The same as ShowJob, under a path without a project. */
export const showJobProgress = operation({
  service: 'ims',
  method: 'GET',
  route: '/v1/cloudimages/job/{job_id}',
  name: 'ShowJobProgress',
  summary: 'Shows how far a job is.',
  right: 'copy.read',
  path: { job_id: jobId },
  faults,
  async handle({ context, caller, parameters }) {
    const job = await findJob(context, caller, parameters.job_id);
    return { body: viewJob(job, noSubJobs) };
  },
});
