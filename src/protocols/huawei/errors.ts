/** Any error to the fault that is answered. */
import { FailureError } from '../../domain/failure.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { commonFaults } from './common-faults.ts';
import { epsFaultOf } from './eps-faults.ts';
import { FaultError } from './fault.ts';
import type { Operation, RefusalFault } from './operation.ts';
import { plainFaults } from './plain-faults.ts';
import { failureFaults, imageRefusals, plainStatuses } from './refusals.ts';

/** One request too many. */
export class ThrottledError extends FaultError {
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super(commonFaults.throttled);
    this.name = 'ThrottledError';
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** By Fastify's codes; all others are of a body that is too slow or of another length than was said. */
const malformed: ReadonlyMap<string, string> = new Map([
  ['FST_ERR_BAD_URL', 'the path is malformed'],
  ['FST_ERR_MAX_PARAM_LENGTH', 'a part of the path is too long'],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'the content type is malformed'],
]);

/** `operation`: undefined where it was not known yet. */
export function toFaultError(error: unknown, operation: Operation | undefined): FaultError {
  if (error instanceof FaultError) return error;
  if (error instanceof RefusalError) return faultOfRefusal(error, operation);
  const options = { cause: error };
  if (error instanceof FailureError) return new FaultError(failureFaults[error.code], '', options);
  const { statusCode = 500, code = '' } = error as { statusCode?: number; code?: string };
  if (statusCode >= 500) return new FaultError(commonFaults.internal, '', options);
  // What Fastify and its hooks refuse.
  if (statusCode === 413) return new FaultError(commonFaults.tooLarge, '', options);
  return new FaultError(
    commonFaults.badRequest,
    malformed.get(code) ?? 'the body did not arrive as announced',
    options,
  );
}

function faultOfRefusal(error: RefusalError, operation: Operation | undefined): FaultError {
  const { code, facts } = error;
  const chosen = (operation?.refusals?.[code] ?? defaultOf(error, operation)) as RefusalFault<typeof code>;
  return typeof chosen === 'function' ? chosen(facts) : new FaultError(chosen, '', { cause: error });
}

function defaultOf({ code, facts }: RefusalError, operation: Operation | undefined): unknown {
  if (operation?.service === 'ims' || operation === undefined) return imageRefusals[code];
  if (operation.service === 'eps') return epsFaultOf(plainStatuses[code]);
  const fault = plainFaults[plainStatuses[code]];
  return () => new FaultError(fault, reasonOf(code, facts));
}

/** `image.name-taken` → `image name taken`; of what broke a rule, which. */
function reasonOf(code: string, facts: object): string {
  if ('field' in facts && 'rule' in facts) return `${facts.field} ${facts.rule}`;
  return code.replaceAll(/[.-]/g, ' ');
}
