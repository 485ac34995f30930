/** Where clients sign something else than they send, and how long that takes to find out. */
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createJdcloudClient, type JdcloudSigning } from '../../../../test/support/jdcloud-client.ts';
import type { JdcloudRequest } from '../request.ts';
import { type Authorization, readAuthorization } from './authorization.ts';
import { canonicalRequests, type Reading } from './canonical-request.ts';
import { signingKey, verifySignature } from './verify-signature.ts';

const date = '20260101T000000Z';
const secret = 'sk';

interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly host?: string;
  readonly signing?: JdcloudSigning;
  readonly headers?: Readonly<Record<string, string>>;
}

function sign({
  method = 'GET',
  path = '/v1/regions/north/images',
  query,
  host = 'own.test',
  signing,
  headers,
}: Call = {}) {
  const key = { accessKeyId: 'ak', secret, host };
  const client = createJdcloudClient({ url: 'http://own.test', ...key, ...(signing && { signing }) });
  const request = client.sign(method, path, { date, ...(query && { query }), ...(headers && { headers }) });
  return {
    method,
    url: request.path,
    headers: new Map(Object.entries(request.headers)),
    body: Buffer.from(request.body ?? ''),
  };
}

function sentTo(request: JdcloudRequest, host: string): JdcloudRequest {
  return { ...request, headers: new Map([...request.headers, ['host', host]]) };
}

function verify(request: JdcloudRequest, hosts: readonly string[] = []) {
  return verifySignature(request, readAuthorization(request.headers), { secret, hosts });
}

describe('a host', () => {
  it('that is signed may be another name of the server', () => {
    const request = sentTo(sign({ host: 'vm.jdcloud-api.com' }), '127.0.0.1:7420');
    expect(verify(request).isRight).toBe(false);
    expect(verify(request, ['disk.jdcloud-api.com']).isRight).toBe(false);
    expect(verify(request, ['disk.jdcloud-api.com', 'vm.jdcloud-api.com']).isRight).toBe(true);
  });

  it('may be that which it was sent to, whatever the names are', () => {
    expect(verify(sign(), ['vm.jdcloud-api.com']).isRight).toBe(true);
    expect(verify(sign({ host: '127.0.0.1:7420' })).isRight).toBe(true);
    expect(verify(sentTo(sign({ host: '127.0.0.1:7420' }), '127.0.0.1')).isRight).toBe(false);
  });
});

describe('what has no "=" in the query', () => {
  it.each(['jdcloud2', 'jdcloud3'] as const)(
    'need not be signed of a read (%s), which is how Python sends "a&b"',
    (signing) => {
      const request = sign({ signing, query: { imageName: 'a' } });
      expect(verify({ ...request, url: request.url.replace('=a', '=a&b') }).isRight).toBe(true);
      expect(verify({ ...request, url: request.url.replace('=a', '=a&b=') }).isRight).toBe(false);
      expect(verify({ ...request, url: request.url.replace('=a', '&a') }).isRight).toBe(false);
    },
  );

  it('may be signed with another name of the server', () => {
    const request = sentTo(sign({ query: { imageName: 'a' }, host: 'vm.jdcloud-api.com' }), 'own.test');
    const url = request.url.replace('=a', '=a&b');
    expect(verify({ ...request, url }, ['vm.jdcloud-api.com']).isRight).toBe(true);
  });

  it.each(['POST', 'DELETE'])('has to be signed of a %s', (method) => {
    const request = sign({ method, query: { deleteSnapshot: 'true' } });
    expect(verify(request).isRight).toBe(true);
    expect(verify({ ...request, url: request.url.replace('?', '?deleteSnapshot&') }).isRight).toBe(false);
  });
});

describe('a path', () => {
  const signed = sign({ method: 'POST', path: '/v1/regions/north/images/img-a:share' });

  it('is the same however its colon and its slashes are written', () => {
    for (const colon of ['%3A', '%3a', ':']) {
      for (const slash of ['/', '//', '%2F', '/%2f//']) {
        const url = signed.url.replace('%3A', colon).replace('/images/', `${slash}images/`);
        expect(verify({ ...signed, url }).isRight).toBe(true);
      }
    }
    expect(verify({ ...signed, url: signed.url.replace('%3A', '%253A') }).isRight).toBe(false);
    expect(verify({ ...signed, url: `${signed.url}/` }).isRight).toBe(false);
  });

  it('has a plus that is a space in one algorithm alone', () => {
    for (const [signing, isSpace] of [
      ['jdcloud2', false],
      ['jdcloud3', true],
    ] as const) {
      const request = sign({ signing, path: '/v1/a b' });
      expect(verify({ ...request, url: '/v1/a%20b' }).isRight).toBe(true);
      expect(verify({ ...request, url: '/v1/a+b' }).isRight).toBe(isSpace);
    }
  });
});

describe('a request that is refused', () => {
  it('tells what should have been signed, as the reference reads it', () => {
    const { url, ...request } = sign({ method: 'GET', query: { a: 'b c' }, host: 'other.test' });
    const verdict = verify(sentTo({ ...request, url: `${url}&d` }, 'own.test'), ['alias.test']);
    const [, , query, , host] = (verdict.isRight ? '' : verdict.canonicalRequest).split('\n');
    expect([query, host]).toEqual(['a=b%20c&d=', 'host:own.test']);
  });

  it.each(['', '00', 'A'.repeat(64), 'é'.repeat(32), `${'0'.repeat(64)}0`])('with the signature %j', (signature) => {
    const request = sign();
    const authorization = (request.headers.get('authorization') ?? '').replace(/[0-9a-f]{64}$/, signature);
    const headers = new Map([...request.headers, ['authorization', authorization]]);
    expect(verify({ ...request, headers }).isRight).toBe(false);
  });

  it.each([
    ['day', '/20260101/', '/20260102/'],
    ['region', '/north/', '/south/'],
    ['service', '/vm/', '/disk/'],
  ])('since its scope has another %s', (_, from, to) => {
    const request = sign();
    const authorization = (request.headers.get('authorization') ?? '').replace(from, to);
    expect(
      verify({ ...request, headers: new Map([...request.headers, ['authorization', authorization]]) }).isRight,
    ).toBe(false);
  });

  it('with the signature of the other algorithm', () => {
    const request = sign();
    const authorization = (request.headers.get('authorization') ?? '')
      .replace('JDCLOUD2', 'JDCLOUD3')
      .replace('jdcloud2', 'jdcloud3');
    expect(
      verify({ ...request, headers: new Map([...request.headers, ['authorization', authorization]]) }).isRight,
    ).toBe(false);
  });
});

it('takes seconds for none of what a header or a query of 64 KiB may hold', { timeout: 5000 }, () => {
  const long = 1 << 16;
  const request = sign({ headers: { 'x-long': 'a' } });
  for (const hostile of [' ', '\t', 'a ', '%', '%a', '=', '&', '+', '/', ';', ',']) {
    const filled = hostile.repeat(long / hostile.length);
    const headers = new Map([...request.headers, ['x-long', `${filled}b`], ['host', `${filled}b`]]);
    expect(verify({ ...request, headers }).isRight).toBe(false);
    expect(verify({ ...request, url: `${request.url}/${filled}b?${filled}b` }).isRight).toBe(false);
    const authorization = `JDCLOUD2-HMAC-SHA256 ${filled}`;
    expect(() => readAuthorization(new Map([['authorization', authorization]]))).toThrow();
  }
});

it('signs bytes, not what they mean', () => {
  // Were they decoded as UTF-8, both would be U+FFFD.
  const [one, other] = ['%ff', '%fe'].map((value) => ({ ...sign(), url: `/v1/regions/north/images?a=${value}` }));
  const reading: Reading = { host: 'own.test', bareKeys: true };
  const authorization = readAuthorization(one?.headers ?? new Map());
  const texts = [one, other].map((each) => canonicalRequests(each as JdcloudRequest, authorization)(reading));
  expect(texts.map((each) => each.split('\n')[2])).toEqual(['a=%FF', 'a=%FE']);
});

it('makes the key of the steps that the documents have', () => {
  const step = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
  const { scheme, scope }: Authorization = readAuthorization(sign({ signing: 'jdcloud3' }).headers);
  const key = step(step(step(step('JDCLOUD3sk', '20260101'), 'north'), 'vm'), 'jdcloud3_request');
  expect(Buffer.from(signingKey({ scheme, scope }, secret)).equals(key)).toBe(true);
});
