import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installationToken } from '../../../test/support/installation.ts';
import { type Answer, createTestApi, type TestApi } from '../../../test/support/native-api.ts';
import { type Signed, type Signer, signedHeaders } from '../../../test/support/signed-request.ts';
import { sign, signatureBase } from '../../lib/http-signature.ts';

let api: TestApi;
let key: Signer;
let userId: string;
beforeAll(async () => {
  api = await createTestApi();
  userId = await newUser();
  key = await newKey(userId);
});
afterAll(() => api.close());

async function make<Made>(path: string, body?: object): Promise<Made> {
  const answer = await api.call('POST', path, body);
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return answer.body as Made;
}

async function newUser(role = 'operator'): Promise<string> {
  return (await make<{ id: string }>('/users', { name: randomUUID().slice(0, 8), role })).id;
}

async function newKey(user: string): Promise<Signer> {
  return await make<Signer>(`/users/${user}/access-keys`);
}

type Headers = Record<string, string>;

async function send(request: Signed, headers: Headers): Promise<Answer> {
  const { method, path, body } = request;
  return await api.call(method, path, body, headers);
}

const whoami = { method: 'GET', path: '/whoami' };

function refused(answer: Answer): void {
  expect([answer.status, answer.body]).toMatchObject([401, { code: 'unauthenticated' }]);
}

async function call(token: string): Promise<Answer> {
  return await api.call('GET', '/whoami', undefined, { authorization: `Bearer ${token}` });
}

describe('a bearer token', () => {
  it.each(['Bearer', 'bearer', 'BEARER'])('is let in as %s', async (scheme) => {
    const answer = await api.call('GET', '/whoami', undefined, { authorization: `${scheme} ${api.token}` });
    expect(answer).toMatchObject({ status: 200, body: { kind: 'session', user: api.caller.userId, role: 'owner' } });
  });

  it("of the installation is an owner's of the account that administers it", async () => {
    expect(await call(installationToken)).toMatchObject({
      status: 200,
      body: { kind: 'installation', administers: true, role: 'owner', user: null },
    });
  });

  it('ends with its time, by logging out, and with its user', async () => {
    const token = await api.newToken();
    expect((await api.call('DELETE', '/sessions/self', undefined, { authorization: `Bearer ${token}` })).status).toBe(
      204,
    );
    refused(await call(token));

    const user = await newUser();
    const signer = await newKey(user);
    const login = { method: 'POST', path: '/sessions', body: {} };
    const { token: ofUser } = (await send(login, signedHeaders(signer, login))).body as { token: string };
    expect((await call(ofUser)).status).toBe(200);
    await api.call('PATCH', `/users/${user}`, { disabled: true });
    refused(await call(ofUser));

    const short = await make<{ token: string }>('/sessions', { seconds: 60 });
    api.installation.advance(61_000);
    refused(await call(short.token));
    api.installation.advance(-61_000);
  });
});

describe('a signed request', () => {
  it('is its user, with a query and with a body', async () => {
    expect(await send(whoami, signedHeaders(key, whoami))).toMatchObject({
      status: 200,
      body: { kind: 'user', user: userId, accessKey: key.id, role: 'operator' },
    });
    for (const request of [
      { method: 'GET', path: '/images?name=a%20b&limit=5' },
      { method: 'GET', path: '/images?' },
      { method: 'POST', path: '/images', body: { region: 'north', name: 'x', disks: [{ role: 'system', size: 1 }] } },
    ]) {
      expect((await send(request, signedHeaders(key, request))).status, request.path).toBeLessThan(300);
    }
  });

  it('works once', async () => {
    const headers = signedHeaders(key, whoami);
    expect((await send(whoami, headers)).status).toBe(200);
    refused(await send(whoami, headers));
  });

  it('works within the clock window only', async () => {
    for (const [off, status] of [
      [-290_000, 200],
      [290_000, 200],
      [-302_000, 401],
      [302_000, 401],
    ] as const) {
      expect((await send(whoami, signedHeaders(key, { ...whoami, at: Date.now() + off }))).status).toBe(status);
    }
  });

  const images = { method: 'GET', path: '/images?limit=1' };
  const created = { method: 'POST', path: '/images', body: { region: 'north', name: 'x', disks: [] } };
  it.each<[string, Signed, (headers: Headers) => [Signed, Headers]]>([
    ['another method', images, (headers) => [{ ...images, method: 'DELETE' }, headers]],
    ['another path', images, (headers) => [{ ...images, path: '/copies?limit=1' }, headers]],
    ['another query', images, (headers) => [{ ...images, path: '/images?limit=2' }, headers]],
    ['no query', images, (headers) => [{ ...images, path: '/images' }, headers]],
    ['a path that means the same', images, (headers) => [{ ...images, path: '/%69mages?limit=1' }, headers]],
    ['another host', images, (headers) => [images, { ...headers, host: 'elsewhere' }]],
    ['another body', created, (headers) => [{ ...created, body: { region: 'south' } }, headers]],
    ['no body', created, ({ 'content-digest': _, ...headers }) => [{ ...created, body: undefined }, headers]],
    ['a body that is not covered', { ...created, body: undefined }, (headers) => [created, headers]],
    [
      'a session token that is not covered',
      images,
      (headers) => [images, { ...headers, 'x-mimeo-session-token': 'x' }],
    ],
    ['a bearer token too', images, (headers) => [images, { ...headers, authorization: `Bearer ${api.token}` }]],
    ['no Signature', images, ({ signature: _, ...headers }) => [images, headers]],
    ['no Signature-Input', images, ({ 'signature-input': _, ...headers }) => [images, headers]],
    ['an empty Signature', images, (headers) => [images, { ...headers, signature: 'mimeo=::' }]],
    [
      'a Signature of another name',
      images,
      (headers) => [images, { ...headers, signature: `x${headers['signature']}` }],
    ],
  ])('with %s is refused', async (_, signed, change) => {
    const [request, headers] = change(signedHeaders(key, signed));
    refused(await send(request, headers));
  });

  /** Signed with the right key, but not as the API wants it. */
  function signedWith(change: (parameters: string) => string): Headers {
    const parameters = change((signedHeaders(key, whoami)['signature-input'] ?? '').slice('mimeo='.length));
    const values = { '@method': 'GET', '@authority': 'localhost', '@path': '/api/v1/whoami', '@query': '?' };
    const covered = [...(parameters.split(')')[0] ?? '').matchAll(/"([^"]+)"/g)].map(([, name = '']) => name);
    const base = signatureBase(
      covered.map((name) => [name, values[name as keyof typeof values]]),
      parameters,
    );
    const signature = sign(base, key.secret).toString('base64');
    return { 'signature-input': `mimeo=${parameters}`, signature: `mimeo=:${signature}:` };
  }

  it.each<[string, (input: string) => string]>([
    ['no method', (input) => input.replace('"@method" ', '')],
    ['no host', (input) => input.replace('"@authority" ', '')],
    ['no path', (input) => input.replace('"@path" ', '')],
    ['no query', (input) => input.replace(' "@query"', '')],
    ['a component twice', (input) => input.replace('"@path"', '"@path" "@path"')],
    ['a component of another message', (input) => input.replace('"@path"', '"@path";req')],
    ['no nonce', (input) => input.replace(/;nonce="[^"]*"/, '')],
    ['a short nonce', (input) => input.replace(/;nonce="[^"]*"/, ';nonce="short"')],
    ['no time', (input) => input.replace(/;created=\d+/, '')],
    ['two times', (input) => input.replace(/;created=(\d+)/, ';created=$1;created=$1')],
    ['no algorithm', (input) => input.replace(/;alg="[^"]*"/, '')],
    ['another algorithm', (input) => input.replace('hmac-sha256', 'rsa-pss-sha512')],
    ['another key', (input) => input.replace(/keyid="[^"]*"/, 'keyid="MKAAAAAAAAAAAAAAAAAA"')],
    ['nonsense', () => 'nonsense'],
  ])('that covers or says %s is refused', async (_, change) => {
    expect(
      (
        await send(
          whoami,
          signedWith((input) => input),
        )
      ).status,
    ).toBe(200);
    refused(await send(whoami, signedWith(change)));
  });

  it('with two signatures is refused', async () => {
    const [one, other] = [signedHeaders(key, whoami), signedHeaders(key, whoami)];
    const both = (name: string) => `${one[name]}, ${other[name]?.replace('mimeo', 'other')}`;
    refused(await send(whoami, { 'signature-input': both('signature-input'), signature: both('signature') }));
  });

  it('with a header twice is refused', async () => {
    const headers = signedHeaders(key, whoami);
    const { hostname, port } = new URL(api.url);
    const lines = Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}`);
    const twice = [...lines, `signature: ${headers['signature']}`];
    const statusOf = (head: string[]) =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(Number(port), hostname).setEncoding('latin1');
        socket.once('error', reject).once('data', (answer: string) => {
          resolve(answer.slice(9, 12));
          socket.destroy();
        });
        socket.write(['GET /api/v1/whoami HTTP/1.1', ...head, 'connection: close', '', ''].join('\r\n'));
      });
    expect(await statusOf(twice)).toBe('401');
    expect(await statusOf(lines)).toBe('200');
  });

  it('stops working when its key is disabled, rotated, expired or deleted', async () => {
    const attempt = async (signer: Signer) => (await send(whoami, signedHeaders(signer, whoami))).status;
    const user = await newUser();
    const one = await newKey(user);
    expect(await attempt(one)).toBe(200);
    await api.call('PATCH', `/access-keys/${one.id}`, { disabled: true });
    expect(await attempt(one)).toBe(401);
    await api.call('PATCH', `/access-keys/${one.id}`, { disabled: false });
    expect(await attempt(one)).toBe(200);
    const two = await make<Signer>(`/access-keys/${one.id}/rotate`, { graceSeconds: 60 });
    expect([await attempt(one), await attempt(two)]).toEqual([200, 200]);
    const three = await make<Signer>(`/access-keys/${two.id}/rotate`);
    expect([await attempt(two), await attempt(three)]).toEqual([401, 200]);
    api.installation.advance(61_000);
    expect(await attempt(one)).toBe(401);
    api.installation.advance(-61_000);
    await api.call('DELETE', `/access-keys/${three.id}`);
    expect(await attempt(three)).toBe(401);
  });

  it('with temporary credentials brings their token', async () => {
    interface Credentials {
      readonly token: string;
      readonly accessKey: { readonly id: string; readonly secret: string };
    }
    const { token, accessKey } = await make<Credentials>('/sessions', { credentials: true });
    const signer = { ...accessKey, token };
    expect(await send(whoami, signedHeaders(signer, whoami))).toMatchObject({
      status: 200,
      body: { kind: 'session', accessKey: accessKey.id },
    });
    // Neither is anything without the other.
    refused(await call(token));
    refused(await send(whoami, signedHeaders(accessKey, whoami)));
    refused(await send(whoami, signedHeaders({ ...signer, token: api.token }, whoami)));
  });

  it("is checked against the body's digest before anything is done", async () => {
    const request = { method: 'POST', path: '/users', body: { name: 'never-made', role: 'viewer' } };
    const owner = await newKey(await newUser('owner'));
    const headers = signedHeaders(owner, request);
    refused(await send({ ...request, body: { name: 'forged-name', role: 'owner' } }, headers));
    expect((await api.call('GET', '/users/forged-name')).status).toBe(404);
  });
});

describe('the rate limit', () => {
  let limited: TestApi;
  beforeAll(async () => {
    limited = await createTestApi({ limits: { requestsPerMinute: 30 } });
  });
  afterAll(() => limited.close());
  const wrong = { authorization: 'Bearer wrong' };

  it('counts down for each principal, and then says how long to wait', async () => {
    const other = await limited.newToken('owner', await limited.installation.newCaller());
    for (let left = 29; left >= 0; left -= 1) {
      const { status, headers } = await limited.call('GET', '/whoami');
      expect([status, headers['ratelimit-limit'], headers['ratelimit-remaining']]).toEqual([200, '30', String(left)]);
    }
    const answer = await limited.call('GET', '/whoami');
    expect(answer).toMatchObject({ status: 429, body: { code: 'rate.limited' } });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect((await limited.call('GET', '/nothing')).status).toBe(429);
    // Another token of the same user is no way around it, and no other account suffers.
    const again = { authorization: `Bearer ${await limited.newToken()}` };
    expect((await limited.call('GET', '/whoami', undefined, again)).status).toBe(429);
    expect((await limited.call('GET', '/whoami', undefined, { authorization: `Bearer ${other}` })).status).toBe(200);
  });

  it('is narrower for who has failed to prove who it is', async () => {
    for (let failed = 0; failed < 3; failed += 1) refused(await limited.call('GET', '/whoami', undefined, wrong));
    const answer = await limited.call('GET', '/%zz', undefined, wrong);
    expect(answer).toMatchObject({ status: 429, body: { code: 'rate.limited' } });
    expect(answer.headers).toHaveProperty('retry-after');
  });
});
