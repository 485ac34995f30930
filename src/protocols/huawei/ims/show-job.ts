import { FaultError } from '../../shared/faults.ts';
import { required, text } from '../../shared/parameters.ts';
import { operation } from '../operation.ts';
import { findJob } from './find-job.ts';
import { jobFaults as faults, viewJob } from './job-view.ts';

/** Clients ask in the source's project about copies to other regions, and take the new image's id from the answer. */
export const showJob = operation({
  service: 'ims',
  method: 'GET',
  route: '/v1/{project_id}/jobs/{job_id}',
  name: 'ShowJob',
  summary: 'Shows a job.',
  right: 'copy.read',
  path: { job_id: required(text({ fault: faults.jobNotFound }), faults.jobNotFound) },
  faults,
  async handle({ context, caller, parameters }) {
    const job = await findJob(context, caller, parameters.job_id);
    if (job === undefined) throw new FaultError(faults.jobNotFound);
    return { body: viewJob(job) };
  },
});
