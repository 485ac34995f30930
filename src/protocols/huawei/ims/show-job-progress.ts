import { FaultError } from '../../shared/faults.ts';
import { required, text } from '../../shared/parameters.ts';
import { operation } from '../operation.ts';
import { findJob } from './find-job.ts';
import { jobFaults as faults, viewJob } from './job-view.ts';

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
  path: { job_id: required(text({ fault: faults.jobNotFound }), faults.jobNotFound) },
  faults,
  async handle({ context, caller, parameters }) {
    const job = await findJob(context, caller, parameters.job_id);
    if (job === undefined) throw new FaultError(faults.jobNotFound);
    return { body: viewJob(job, noSubJobs) };
  },
});
