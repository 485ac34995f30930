/** The OpenAPI 3.1 document of the native API, made from its operations. */
import { z } from 'zod';
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponseObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { actions } from '../../domain/authorization.ts';
import { problemType } from '../shared/problem-document.ts';
import { eventStreamType } from './event-stream.ts';
import { nothing, type Operation } from './operation.ts';
import { problemSchema } from './problem.ts';
import { type ProblemCode, statusOf } from './protocol-error.ts';

const json = 'application/json';

/** What every operation can answer. */
const always: readonly ProblemCode[] = [
  'request.invalid',
  'unauthenticated',
  'rate.limited',
  'internal',
  'database-unavailable',
];
const withBody: readonly ProblemCode[] = ['request.timeout', 'request.too-large', 'request.media-type'];
/** Those that most operations can answer, alone in their status. */
const common: readonly ProblemCode[] = [...always, ...withBody, 'forbidden'];

/** Every problem that an operation can answer. */
export function problemsOf(operation: Operation): ProblemCode[] {
  const { action, method, refusals } = operation;
  const isReplayed = operation.kind === 'json' && operation.idempotent === true;
  return [
    ...always,
    ...(action === null ? [] : (['forbidden'] as const)),
    ...(method === 'GET' || method === 'HEAD' ? [] : withBody),
    ...(isReplayed ? (['request.idempotency-mismatch'] as const) : []),
    ...refusals,
  ];
}

export function createOpenApiDocument(operations: readonly Operation[]) {
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Mimeo',
      version: '1',
      description:
        'Keeps virtual-machine images in regions and copies them. docs/native-api.md is the overview, docs/errors.md lists ' +
        'the problems. No text holds U+0000 or half of a surrogate pair.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/api/v1' }],
    security: [{ bearer: [] }, { signature: [], signatureInput: [] }],
    paths: pathsOf(operations),
    components: {
      schemas: { Problem: problemSchema },
      headers: answerHeaders,
      responses: Object.fromEntries(common.map((code) => [nameOf(code), problemResponse([code])])),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: "A session's token, or the installation's own." },
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'Signature',
          description: 'RFC 9421, hmac-sha256 with an access key or temporary credentials; see docs/native-api.md.',
        },
        signatureInput: { type: 'apiKey', in: 'header', name: 'Signature-Input' },
      },
    },
  });
}

function pathsOf(operations: readonly Operation[]): ZodOpenApiPathsObject {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method.toLowerCase()]: describe(operation) };
  }
  return paths;
}

function describe(operation: Operation): ZodOpenApiOperationObject {
  const { id, summary, action, params = {}, query = z.object({}), path } = operation;
  const { body, example } = operation.kind === 'json' ? operation : {};
  return {
    operationId: id,
    summary,
    tags: [path.split('/')[1] ?? ''],
    ...(action !== null && { 'x-mimeo-action': action, 'x-mimeo-role': actions[action].least }),
    requestParams: { path: z.object(params), query, header: requestHeaders(operation) },
    ...(body && {
      requestBody: { required: !body.safeParse(undefined).success, content: { [json]: { schema: body, example } } },
    }),
    ...(operation.kind === 'content' &&
      operation.takes.length > 0 && { requestBody: { required: true, content: binaryOf(operation.takes) } }),
    responses: { ...answersOf(operation), ...problemResponses(operation) },
  };
}

/** Bytes, which have no schema. */
function binaryOf(types: readonly string[]) {
  return Object.fromEntries(types.map((type) => [type, { schema: { contentMediaType: type } }]));
}

function requestHeaders(operation: Operation): z.ZodObject {
  if (operation.kind === 'content') return operation.headers ?? z.object({});
  const { idempotent = undefined, conditional = undefined } = operation.kind === 'json' ? operation : {};
  return z.object({
    ...(idempotent && { 'idempotency-key': idempotencyKey }),
    ...(conditional && (operation.method === 'GET' ? { 'if-none-match': tags } : { 'if-match': tags })),
  });
}

const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,64}$/)
  .optional();
const tags = z.string().optional().meta({ description: 'Entity tags, as `ETag` gives them, or `*`.' });

function answersOf(operation: Operation): ZodOpenApiResponsesObject {
  const { answer } = operation;
  const body = answer === nothing ? {} : { content: { [json]: { schema: answer } } };
  if (operation.kind === 'events') {
    const description = `Events \`${operation.event}\`; the data of each is a ${answer.meta()?.id}.`;
    return { 200: { description, headers, content: { [eventStreamType]: { schema: { type: 'string' } } } } };
  }
  if (operation.kind === 'content') {
    const bytes = operation.gives.length === 0 ? body : { content: binaryOf(operation.gives) };
    return Object.fromEntries(
      operation.statuses.map((status) => {
        const isBare = status === 204 || status === 304;
        return [status, { description: phraseOf(status), headers, ...(isBare ? {} : bytes) }];
      }),
    );
  }
  const { conditional, idempotent, status, method } = operation;
  const all = {
    ...headers,
    ...(conditional && { ETag: { $ref: '#/components/headers/ETag' } }),
    ...(idempotent && { 'Idempotency-Replayed': { $ref: '#/components/headers/Idempotency-Replayed' } }),
  };
  return {
    [status]: { description: phraseOf(status), headers: all, ...body },
    ...(conditional && method === 'GET' && { 304: { description: phraseOf(304), headers: all } }),
  };
}

function phraseOf(status: number): string {
  return (
    { 204: 'Done, without a body.', 206: 'The range that was asked for.', 304: 'It has not changed.' }[status] ??
    'Done.'
  );
}

/** The problems by status. */
function problemResponses(operation: Operation): ZodOpenApiResponsesObject {
  const byStatus = Map.groupBy(new Set(problemsOf(operation)), statusOf);
  const ascending = [...byStatus].sort(([one], [other]) => one - other);
  return Object.fromEntries(
    ascending.map(([status, codes]) => {
      const [code] = codes;
      const isCommon = codes.length === 1 && code !== undefined && common.includes(code);
      return [status, isCommon ? { $ref: `#/components/responses/${nameOf(code)}` } : problemResponse(codes)];
    }),
  );
}

function problemResponse(codes: readonly ProblemCode[]): ZodOpenApiResponseObject {
  const schema = { allOf: [{ $ref: '#/components/schemas/Problem' }, { properties: { code: { enum: [...codes] } } }] };
  return { description: codes.map((code) => `\`${code}\``).join(', '), content: { [problemType]: { schema } } };
}

/** `request.too-large` → `RequestTooLarge`. */
function nameOf(code: ProblemCode): string {
  return code.replaceAll(/(?:^|[.-])([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function header(description: string, schema: { readonly type: 'string' | 'integer' }) {
  return { description, schema };
}

const answerHeaders = {
  'X-Request-Id': header('What the log calls the request.', { type: 'string' }),
  'RateLimit-Limit': header('Requests a minute.', { type: 'integer' }),
  'RateLimit-Remaining': header('How many of them are left.', { type: 'integer' }),
  'RateLimit-Reset': header('Seconds until all are there again.', { type: 'integer' }),
  'Retry-After': header('Seconds to wait, when there is none left.', { type: 'integer' }),
  ETag: header("The thing's revision.", { type: 'string' }),
  'Idempotency-Replayed': header('`true`: this was made by an earlier request with the same key.', { type: 'string' }),
};

const headers = Object.fromEntries(
  ['X-Request-Id', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'].map((name) => [
    name,
    { $ref: `#/components/headers/${name}` },
  ]),
);
