/** Any error to the fault that is answered. */
import { FailureError } from '../../domain/failure.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { commonFaults } from './common-faults.ts';
import { FaultError, type Page } from './fault.ts';
import type { Operation, RefusalFault } from './operation.ts';
import { failureFaults, refusalFaults } from './refusals.ts';

/** One request too many. */
export class ThrottledError extends FaultError {
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super(commonFaults.throttled);
    this.name = 'ThrottledError';
    this.retryAfterMs = retryAfterMs;
  }
}

/** `operation`: undefined where it was not known yet. */
export function toFaultError(error: unknown, operation: Operation | undefined, page: Page): FaultError {
  if (error instanceof FaultError) return error;
  if (error instanceof RefusalError) return faultOfRefusal(error, operation, page);
  const options = { cause: error };
  if (error instanceof FailureError) return new FaultError(failureFaults[error.code], '', options);
  const { statusCode = 500 } = error as { statusCode?: number };
  if (statusCode >= 500) return new FaultError(commonFaults.internal, '', options);
  // What Fastify and its hooks refuse: a body that is too large, too slow, of the wrong length, or called nonsense.
  return new FaultError(commonFaults.invalidParameter, statusCode === 415 ? 'Content-Type' : 'body', options);
}

function faultOfRefusal(refusal: RefusalError, operation: Operation | undefined, page: Page): FaultError {
  const { code, facts } = refusal;
  // The tables pair each code with its facts; that a given error's two belong together is its constructor's promise.
  const fault = (operation?.refusals?.[code] ?? refusalFaults[code]) as RefusalFault<typeof code>;
  return typeof fault === 'function' ? fault(facts as never, page) : new FaultError(fault, '', { cause: refusal });
}
