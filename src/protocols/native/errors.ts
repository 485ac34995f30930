/** Any error to the problem document that is answered. */
import { failureOf } from '../../app/failure-of.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { type ProblemDocument, problemDocument } from '../shared/problem-document.ts';
import { problemOfFailure, problemOfRefusal } from './problem.ts';
import { ProtocolError, protocolError } from './protocol-error.ts';

export interface ErrorAnswer {
  readonly problem: ProblemDocument;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the answer needs to know of the request. */
interface Circumstances {
  readonly request: string;
  readonly bodyBytes: number;
}

export function toAnswer(error: unknown, { request, bodyBytes }: Circumstances): ErrorAnswer {
  if (error instanceof ProtocolError) return error;
  if (error instanceof RefusalError) return plain(problemOfRefusal(error));
  const failure = failureOf(error);
  if (failure !== undefined && failure.code !== 'internal') return plain(problemOfFailure(failure));
  const { statusCode = 500 } = error as { statusCode?: number };
  // What Fastify itself and its hooks refuse.
  if (statusCode === 408) return protocolError('request.timeout', {}, { connection: 'close' });
  if (statusCode === 413) return protocolError('request.too-large', { limit: bodyBytes });
  if (statusCode === 415) return protocolError('request.media-type', {});
  if (statusCode < 500) return plain(problemOfRefusal(malformed(error)));
  return plain(problemDocument('internal', 500, 'internal error', { requestId: request }));
}

function plain(answer: ProblemDocument): ErrorAnswer {
  return { problem: answer, headers: {} };
}

/** Malformed JSON, names that would reach an object's prototype, a URL that cannot be decoded. */
function malformed(error: unknown): RefusalError {
  const isUrl = (error as { code?: string }).code === 'FST_ERR_BAD_URL';
  const facts = isUrl
    ? { field: 'url', rule: 'is malformed' }
    : { field: 'body', rule: 'is not JSON of the right length' };
  return new RefusalError('request.invalid', facts, { cause: error });
}
