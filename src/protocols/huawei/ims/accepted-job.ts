import { toHexId } from '../ids.ts';
import type { Answer } from '../operation.ts';

/** The answer to whoever has started something: the job that he can ask about, by the id of a copy, a task or a receipt. */
export function acceptedJob(id: string): Answer {
  return { body: { job_id: toHexId(id) } };
}
