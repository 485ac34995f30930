/** A job, whatever it is to Mimeo. */
import type { CopyState } from '../../../domain/states.ts';
import type { JobError } from './job-errors.ts';

/** How it stands. */
export interface JobStanding {
  readonly state: CopyState;
  /** Epoch milliseconds. */
  readonly finishedAt: number | null;
  /** Of one that failed or was cancelled. */
  readonly error: JobError | null;
  /** Whole. P1: 100 only once it has succeeded. */
  readonly percent: number;
}

export interface Job extends JobStanding {
  readonly id: string;
  readonly type: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** What it is about, in the dialect's words. */
  readonly entities: Readonly<Record<string, unknown>>;
  /** Of one that consists of several. */
  readonly parts?: readonly Job[];
}

/** How those stand together: ended when all of them have, and failed when one of them has. */
export function standTogether(parts: readonly JobStanding[]): JobStanding {
  const ends = parts.flatMap(({ finishedAt }) => finishedAt ?? []);
  const percent = Math.floor(parts.reduce((sum, part) => sum + part.percent, 0) / parts.length);
  if (ends.length === parts.length) {
    const error = parts.find((part) => part.error !== null)?.error ?? null;
    const state = error === null ? 'succeeded' : 'failed';
    return { state, finishedAt: Math.max(...ends), error, percent };
  }
  const isBegun = parts.some(({ state }) => state !== 'queued');
  return { state: isBegun ? 'running' : 'queued', finishedAt: null, error: null, percent };
}
