/** What the API itself says no to, before or instead of asking a use case. */
import type { FailureCode } from '../../domain/failure.ts';
import type { RefusalCode } from '../../domain/refusal.ts';
import { type ProblemDocument, problemDocument } from '../shared/problem-document.ts';
import { failureStatus, type ProblemRow, refusalProblems } from './problem.ts';

interface ProtocolFacts {
  unauthenticated: Record<never, never>;
  'rate.limited': Record<never, never>;
  'transfers.busy': Record<never, never>;
  'route.not-found': { method: string; path: string };
  'method.not-allowed': { method: string; allow: string };
  'request.media-type': Record<never, never>;
  'request.too-large': { limit: number };
  'request.timeout': Record<never, never>;
}

type ProtocolCode = keyof ProtocolFacts;

export const protocolProblems: { readonly [Code in ProtocolCode]: ProblemRow<ProtocolFacts[Code]> } = {
  unauthenticated: { status: 401, title: () => 'the request does not prove who sends it' },
  'rate.limited': { status: 429, title: () => 'too many requests; wait as long as Retry-After says' },
  'transfers.busy': {
    status: 503,
    title: () => 'as much is uploaded and downloaded as may be at once; try again after as long as Retry-After says',
  },
  'route.not-found': { status: 404, title: ({ method, path }) => `there is no ${method} ${path}` },
  'method.not-allowed': { status: 405, title: ({ method, allow }) => `there is no ${method} here, but ${allow}` },
  'request.media-type': { status: 415, title: () => 'the body is of a media type that is not taken here' },
  'request.too-large': { status: 413, title: ({ limit }) => `the body may have at most ${limit} bytes` },
  'request.timeout': { status: 408, title: () => 'the body did not arrive in time; send it again, faster or smaller' },
};

/** Every code that a problem document of the API can have. */
export type ProblemCode = RefusalCode | ProtocolCode | FailureCode;

export class ProtocolError extends Error {
  readonly problem: ProblemDocument;
  readonly headers: Readonly<Record<string, string>>;

  constructor(answer: ProblemDocument, headers: Readonly<Record<string, string>>) {
    super(answer.title);
    this.name = 'ProtocolError';
    this.problem = answer;
    this.headers = headers;
  }
}

export function protocolError<Code extends ProtocolCode>(
  code: Code,
  facts: ProtocolFacts[Code],
  headers: Readonly<Record<string, string>> = {},
): ProtocolError {
  const { status, title } = protocolProblems[code] as ProblemRow<ProtocolFacts[Code]>;
  return new ProtocolError(problemDocument(code, status, title(facts), facts), headers);
}

/** The status that a code is answered with. */
export function statusOf(code: ProblemCode): number {
  if (code in protocolProblems) return protocolProblems[code as ProtocolCode].status;
  if (code in refusalProblems) return refusalProblems[code as RefusalCode].status;
  return failureStatus[code as FailureCode];
}
