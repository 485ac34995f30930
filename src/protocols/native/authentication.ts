/**
 * Who sends a request, by one of the three ways of docs/native-api.md, "Who calls". Deny by default: whatever is missing,
 * doubled, malformed or wrong comes to the same `undefined`.
 */
import type { FastifyRequest } from 'fastify';
import { authenticateToken, findSigningKey, rememberNonce } from '../../app/authenticate.ts';
import type { AppContext } from '../../app/context.ts';
import type { Principal } from '../../domain/principal.ts';
import { headerPairs } from '../shared/raw-request.ts';
import { readSignature, verifySignature } from './signature.ts';

/** Of these a request has one at most: what another reader takes for the other must not be signed by it. */
const singleHeaders: ReadonlySet<string> = new Set([
  'host',
  'authorization',
  'signature',
  'signature-input',
  'content-digest',
  'x-mimeo-session-token',
]);

/**
 * Stands for the secret of a key that is not there, and is as long: without the work of verifying, an answer that comes 0.17 ms
 * sooner would tell which keys there are. What stays, 0.07 ms, is reading and opening the row of one that is there.
 */
const noSecret = '-'.repeat(40);

export interface AuthenticationOptions {
  readonly context: AppContext;
  /** How far `created` may be off. */
  readonly clockMs: number;
}

export async function authenticate(
  request: FastifyRequest,
  { context, clockMs }: AuthenticationOptions,
): Promise<Principal | undefined> {
  const { headers } = request;
  const names = headerPairs(request.raw.rawHeaders).map(([name]) => name);
  const single = names.filter((name) => singleHeaders.has(name));
  if (new Set(single).size < single.length) return undefined;
  const { authorization } = headers;
  const isSigned = 'signature' in headers || 'signature-input' in headers;
  if (authorization !== undefined) {
    // With both it would not be clear which of two principals is meant.
    return isSigned ? undefined : await authenticateBearer(context, authorization);
  }
  return isSigned ? await authenticateSigned(request, context, clockMs) : undefined;
}

/**
 * Whose the credential is now with which `authenticate` let the request in. Not its signature, which works once: what is
 * asked is whether whoever it was can still do something.
 */
export async function authenticateAgain(request: FastifyRequest, context: AppContext): Promise<Principal | undefined> {
  const { authorization } = request.headers;
  if (authorization !== undefined) return await authenticateBearer(context, authorization);
  const signature = readSignature(request);
  return signature && (await findSigningKey(context, signature.keyId, sessionTokenOf(request)))?.principal;
}

function sessionTokenOf({ headers }: FastifyRequest): string | undefined {
  const token = headers['x-mimeo-session-token'];
  return typeof token === 'string' ? token : undefined;
}

async function authenticateBearer(context: AppContext, authorization: string): Promise<Principal | undefined> {
  const [, token] = /^bearer ([\w.~+/=-]{1,512})$/i.exec(authorization) ?? [];
  return token === undefined ? undefined : await authenticateToken(context, token);
}

async function authenticateSigned(
  request: FastifyRequest,
  context: AppContext,
  clockMs: number,
): Promise<Principal | undefined> {
  const signature = readSignature(request);
  if (signature === undefined) return undefined;
  const { keyId, nonce, created } = signature;
  if (Math.abs(context.clock.now() - created) > clockMs) return undefined;
  const key = await findSigningKey(context, keyId, sessionTokenOf(request));
  const isRight = await verifySignature(request, key?.secret ?? noSecret);
  if (key === undefined || !isRight) return undefined;
  // Only now: nobody but the key's holder can use its nonces up. From then on `created` alone refuses the request.
  if (!(await rememberNonce(context, keyId, nonce, created + clockMs + 1))) return undefined;
  key.noteUse();
  return key.principal;
}
