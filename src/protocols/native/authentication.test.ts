import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { createTestApi, type TestApi } from '../../../test/support/native-api.ts';
import { type Signer, signedHeaders } from '../../../test/support/signed-request.ts';
import { verifySignature } from './signature.ts';

vi.mock(import('./signature.ts'), { spy: true });

let api: TestApi;
let key: Signer;
let temporary: Signer;
beforeAll(async () => {
  api = await createTestApi();
  key = (await api.call('POST', '/users/self/access-keys')).body as Signer;
  const session = (await api.call('POST', '/sessions', { credentials: true })).body as {
    readonly token: string;
    readonly accessKey: Signer;
  };
  temporary = { ...session.accessKey, token: session.token };
});
afterAll(() => api.close());
beforeEach(() => void vi.mocked(verifySignature).mockClear());

/** Signs with what stands for the secret that there is not. */
const unknown: Signer = { id: 'MKAAAAAAAAAAAAAAAAAA', secret: '-'.repeat(40) };

it.each<[string, () => Signer]>([
  ['a wrong secret', () => ({ ...key, secret: unknown.secret })],
  ['a key that is not there', () => unknown],
  ['temporary credentials that are not there', () => ({ ...unknown, token: randomUUID() })],
  ['the token of other temporary credentials', () => ({ ...temporary, token: randomUUID() })],
])('%s takes the work of verifying a signature before it is refused', async (_, signer) => {
  const request = { method: 'GET', path: '/whoami' };
  const { status } = await api.call('GET', request.path, undefined, signedHeaders(signer(), request));
  expect(status).toBe(401);
  expect(vi.mocked(verifySignature)).toHaveBeenCalledOnce();
});
