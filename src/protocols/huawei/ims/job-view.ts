/** Jobs as both calls show them (reference §3). */
import type { CopyState } from '../../../domain/states.ts';
import { toHexId } from '../ids.ts';
import { jobTime } from '../times.ts';
import type { Job } from './job.ts';
import { type JobType, jobTypes } from './job-types.ts';

const statuses = {
  queued: 'INIT',
  running: 'RUNNING',
  succeeded: 'SUCCESS',
  failed: 'FAIL',
  cancelled: 'FAIL',
} as const satisfies Readonly<Record<CopyState, string>>;

const runningTasks: { readonly [Type in JobType]?: string } = {
  [jobTypes.copyInRegion]: 'CopyImageInRegionTask:',
  [jobTypes.copyAcrossRegions]: 'CrossRegionCopyImageTask:',
  [jobTypes.importImage]: 'ImportImageTask:',
  [jobTypes.importDataImage]: 'ImportDataImageTask:',
  [jobTypes.exportImage]: 'ExportImageTask:',
};

/** `more`: what the call shows besides. */
export function viewJob(job: Job, more: Readonly<Record<string, unknown>> = {}) {
  const { type, state, error, percent, entities, parts } = job;
  return {
    ...viewOutcome(job),
    entities: {
      ...entities,
      process_percent: percent / 100,
      current_task: (state === 'running' && runningTasks[type as JobType]) || '',
      ...(error && { error_code: error.code, error: error.reason }),
      ...more,
      ...(parts && viewParts(parts)),
    },
  };
}

function viewOutcome({ id, type, state, createdAt, finishedAt, error }: Job) {
  return {
    status: statuses[state],
    job_id: toHexId(id),
    job_type: type,
    begin_time: jobTime(createdAt),
    end_time: finishedAt === null ? '' : jobTime(finishedAt),
    error_code: error?.code ?? null,
    fail_reason: error?.reason ?? null,
  };
}

function viewParts(parts: readonly Job[]) {
  return {
    sub_jobs_result: parts.map((part) => ({ ...viewOutcome(part), entities: part.entities })),
    sub_jobs_list: parts.map(({ id }) => toHexId(id)),
  };
}
