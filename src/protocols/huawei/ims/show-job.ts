import { operation } from '../operation.ts';
import { jobFaults as faults, findJob, jobId } from './find-job.ts';
import { viewJob } from './job-view.ts';

/** Clients ask in the source's project about copies to other regions, and take the new image's id from the answer. */
export const showJob = operation({
  service: 'ims',
  method: 'GET',
  route: '/v1/{project_id}/jobs/{job_id}',
  name: 'ShowJob',
  summary: 'Shows a job.',
  right: 'copy.read',
  path: { job_id: jobId },
  faults,
  async handle({ context, caller, parameters }) {
    const job = await findJob(context, caller, parameters.job_id);
    return { body: viewJob(job) };
  },
});
