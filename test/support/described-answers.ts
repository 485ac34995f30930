/** Whether an answer is one that the OpenAPI document describes: made from the same operations. */
import { z } from 'zod';
import { eventStreamType } from '../../src/protocols/native/event-stream.ts';
import { problemsOf } from '../../src/protocols/native/openapi.ts';
import type { Operation } from '../../src/protocols/native/operation.ts';
import { problemSchema } from '../../src/protocols/native/problem.ts';
import { type ProblemCode, statusOf } from '../../src/protocols/native/protocol-error.ts';
import { problemType } from '../../src/protocols/shared/problem-document.ts';

export interface ObservedAnswer {
  readonly status: number;
  readonly type: string | undefined;
  /** Undefined where the body was not looked at. */
  readonly text: string | undefined;
}

/** What requests that meet no operation can be answered. */
const elsewhere: readonly ProblemCode[] = [
  'request.invalid',
  'unauthenticated',
  'rate.limited',
  'route.not-found',
  'method.not-allowed',
  'internal',
];

/** What the document does not describe of the answer; undefined: it describes all of it. */
export function undescribed(operation: Operation | undefined, answer: ObservedAnswer): string | undefined {
  const { status, type = '', text } = answer;
  if (type.startsWith(problemType)) {
    if (text === undefined || text === '') return undefined;
    const { data: problem, error } = problemSchema.safeParse(JSON.parse(text));
    if (problem === undefined) return `no problem document: ${z.prettifyError(error as z.ZodError)}`;
    const code = problem.code as ProblemCode;
    const known = operation === undefined ? elsewhere : problemsOf(operation);
    if (!known.includes(code)) return `${code} is not described`;
    return status === statusOf(code) && problem.status === status ? undefined : `${code} with status ${status}`;
  }
  if (operation === undefined) return status === 204 ? undefined : `status ${status} outside of any operation`;
  if (operation.kind === 'content') return operation.statuses.includes(status) ? undefined : `status ${status}`;
  if (status === 304) return operation.kind === 'json' && operation.conditional ? undefined : 'status 304';
  if (operation.kind === 'events')
    return status === 200 && type.startsWith(eventStreamType) ? undefined : `${status} ${type}`;
  if (status !== operation.status) return `status ${status}`;
  if (text === undefined) return undefined;
  const { error } = operation.answer.safeParse(text === '' ? undefined : JSON.parse(text));
  return error && z.prettifyError(error);
}
