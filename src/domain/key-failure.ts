import type { CopyEncryption } from './copy-policy.ts';
import { FailureError } from './failure.ts';
import { isRefusal, type RefusalError } from './refusal.ts';

const reasons = {
  'key.disabled': { code: 'key-disabled', why: 'is not enabled; enable it' },
  'key.not-found': { code: 'key-gone', why: 'is gone; name another' },
  'key.not-granted': { code: 'key-denied', why: 'is no longer granted to the image service; grant it' },
} as const;

const codes = Object.keys(reasons) as (keyof typeof reasons)[];

/**
 * Why accepted work cannot go on: what it was allowed to do when it was accepted is refused now. `encryption`: the copy's, by which
 * its own key is told from those of its source.
 */
export function failureOfRefusal(refusal: RefusalError, encryption?: CopyEncryption): FailureError {
  for (const each of codes) {
    if (!isRefusal(refusal, each)) continue;
    const { key } = refusal.facts;
    const { code, why } = reasons[each];
    const isSource = encryption !== undefined && key !== encryption;
    const message = `key ${key} ${why}, and ask for this again`;
    return new FailureError(isSource ? `source-${code}` : code, message, { cause: refusal });
  }
  return new FailureError('not-permitted', `it is no longer allowed: ${refusal.code}`, { cause: refusal });
}
