import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { HuaweiRequest } from '../request.ts';
import { readHeaders } from './headers.ts';
import { readSignature, SignatureSyntaxError } from './read-signature.ts';

const accessKeyId = 'AKEXAMPLE0123456789';
const secret = 'SKexample/abcdefghijklmnopqrstuvwxyz0123';

const huaweiHeaders = {
  'Content-Type': 'application/json',
  Host: 'ims.eu-de.example.test',
  'X-Project-Id': '0123456789abcdef0123456789abcdef',
  'X-Sdk-Date': '20260101T000000Z',
};
const otcHeaders = {
  Accept: 'application/json',
  'Content-Type': 'application/json',
  Host: 'ims.eu-de.example.test',
  'User-Agent': 'golangsdk/2.0.0',
  'X-Sdk-Date': '20260101T000000Z',
};

interface Vector {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | null;
  readonly credential: string;
  readonly signature: string;
}

function received({ method, url, headers, body = '', credential, signature }: Vector): HuaweiRequest {
  const signed = Object.keys(headers).map((name) => name.toLowerCase());
  const authorization = `SDK-HMAC-SHA256 ${credential}, SignedHeaders=${signed.join(';')}, Signature=${signature}`;
  const rawHeaders = Object.entries({ ...headers, Authorization: authorization }).flat();
  return {
    method,
    url,
    headers: readHeaders(rawHeaders) ?? new Map(),
    body: body === null ? null : Buffer.from(body),
  };
}

const verify = (request: HuaweiRequest, key = secret) => readSignature(request)?.verify(key);
const right = { isRight: true, mustHash: null };
const wrong = expect.objectContaining({ isRight: false });

const copy = { method: 'POST', url: '/v1/cloudimages/465076de-dc36-4aec-80f5-ef9d8009428f/copy' };
const huawei = `Access=${accessKeyId}`;
const otc = `Credential=${accessKeyId}/20260101///sdk_request`;

const post: Vector = {
  ...copy,
  headers: huaweiHeaders,
  body: '{"name":"copy1"}',
  credential: huawei,
  signature: '64daf21bd7a49d5621f4cf0eb118ed8e98ca302517f0148267f88d5ada67327f',
};
const list: Vector = {
  method: 'GET',
  url: '/v2/cloudimages?__imagetype=gold&sort_key=name&limit=1&tag=k%3Dv+w',
  headers: huaweiHeaders,
  credential: huawei,
  signature: '9e888d04d7d284d4f1d154af232a765bfcc5219d5f9eb3a029f018052dfec1c8',
};
const go = (method: string, url: string, signature: string, more: Partial<Vector> = {}): Vector => ({
  method,
  url,
  signature,
  headers: otcHeaders,
  credential: otc,
  ...more,
});
const goPost = go('POST', copy.url, '3a5316debdb1cf7b3d86b2ce9cce99e5c71470c7ef02a75aee60308513f33ff6', {
  body: '{"name":"copy1"}',
});
const goList = go(
  'GET',
  '/v2/cloudimages?limit=1&Name=b+c&__imagetype=gold&tag=k%3Dv&tag=other&%7Bx=1&a%2Fb=',
  '3fb28a28c536d72a5f77420ce7d1210bba6f2c917400a56649756a7038c2095d',
);
const goBare = go(
  'POST',
  '/v2/images?b=2&A=x+y%2F&b=1',
  'f85e5ab79a6461d1f54f02e85e07e975319d06f4fed82bb744e8cb357b07fa18',
);

describe('vectors', () => {
  it.each<[string, Vector]>([
    ["a command by Node's and Python's SDK", post],
    ["a list by Python's SDK", list],
    ["a command by OTC's Go client", goPost],
    ["OTC: a list in the order of its case-insensitive names, a repeated one's first value", goList],
    ['OTC: a POST without a body, whose query is signed for it', goBare],
    [
      'OTC: a POST with an empty body',
      go('POST', '/v2/images?b=2&A=x', '225cdeba0e730386f2dc303679b21909196d7db8f312a34477208288ab7985a2'),
    ],
    [
      'OTC: escapes in the path, runs of blanks in a header',
      go(
        'DELETE',
        '/v2/p/images/i/tags/a%20b%C3%A9',
        '73a293eeb588804e7d4ec160bfd49fc8a8fadc42d106a56aeb22c9a4f87cc197',
        { headers: { ...otcHeaders, 'User-Agent': 'a  tool   golangsdk/2.0.0' } },
      ),
    ],
  ])('%s', (_, vector) => {
    expect(verify(received(vector))).toEqual(right);
    expect(verify(received(vector), `${secret}4`)).toEqual(wrong);
  });

  it('say who signed, when, and what', () => {
    const headers = { ...huaweiHeaders, 'X-Security-Token': 'token' };
    expect(readSignature(received({ ...post, headers }))).toMatchObject({
      accessKeyId,
      date: '20260101T000000Z',
      signedHeaders: ['content-type', 'host', 'x-project-id', 'x-sdk-date', 'x-security-token'],
      securityToken: 'token',
    });
    expect(readSignature(received(goPost))).toMatchObject({ accessKeyId, securityToken: undefined });
  });

  it('refused, tell what should have been signed', () => {
    const canonicalRequest = (vector: Vector, key = secret) => {
      const verdict = verify(received(vector), key);
      return verdict?.isRight === false ? verdict.canonicalRequest : '';
    };
    expect(canonicalRequest({ ...post, body: '{}' }).split('\n')).toEqual([
      'POST',
      '/v1/cloudimages/465076de-dc36-4aec-80f5-ef9d8009428f/copy/',
      '',
      'content-type:application/json',
      'host:ims.eu-de.example.test',
      'x-project-id:0123456789abcdef0123456789abcdef',
      'x-sdk-date:20260101T000000Z',
      '',
      'content-type;host;x-project-id;x-sdk-date',
      '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    ]);
    const hash = (text: string) => createHash('sha256').update(text).digest('hex');
    expect(hash(canonicalRequest(post, 'another'))).toBe(
      'ef77f9e680ef79adf1f3ad2c60ae93655387fb9921078c49683c6ba417347b18',
    );
    expect(hash(canonicalRequest(goPost, 'another'))).toBe(
      'b944c97b7eae0e85725a5ae61d8eb494d2c6332d28fde2d86498fdc096218902',
    );
  });
});

it.each<[string, Vector]>([
  ['a command', post],
  ['a list', list],
  ["a command in OTC's form", goPost],
  ["a list in OTC's form", { ...goList, url: goList.url.replace('&tag=other', '') }],
  ["a POST without a body in OTC's form", goBare],
])('no character of %s can be another', (_, vector) => {
  const changes = [...variants(vector.url)].map((url) => ({ url }));
  const bodies = [...variants(vector.body ?? '')].map((body) => ({ body }));
  const headers = Object.entries(vector.headers).flatMap(([name, value]) =>
    [...variants(value)].map((each) => ({ headers: { ...vector.headers, [name]: each } })),
  );
  for (const change of [...changes, ...bodies, ...headers, { method: 'PUT' }, { body: `${vector.body ?? ''} ` }]) {
    expect(isRight(received({ ...vector, ...change })), JSON.stringify(change)).toBe(false);
  }
  expect(isRight(received(vector))).toBe(true);
});

function* variants(text: string): Generator<string> {
  for (let index = 0; index < text.length; index += 1) yield `${text.slice(0, index)}q${text.slice(index + 1)}`;
}

function isRight(request: HuaweiRequest): boolean {
  try {
    return verify(request)?.isRight ?? false;
  } catch (error) {
    if (error instanceof SignatureSyntaxError) return false;
    throw error;
  }
}

describe('what a signature leaves open', () => {
  it('headers that were added after signing', () => {
    const headers = new Map([...received(goPost).headers, ['x-project-id', 'p'], ['accept-encoding', 'gzip']]);
    expect(verify({ ...received(goPost), headers })).toEqual(right);
  });

  it('how the query was ordered and escaped, and the slash at the end of the path', () => {
    const url = '/v2/cloudimages/?%74ag=k%3dv%20w&limit=1&&sort_key=name&__imagetype=gold';
    expect(verify(received({ ...list, url }))).toEqual(right);
  });

  it("a repeated name's further values in OTC's form, but of no request that changes something", () => {
    expect(verify(received({ ...goList, url: goList.url.replace('tag=other', 'tag=another') }))).toEqual(right);
    expect(verify(received({ ...goBare, url: `${goBare.url}&b=3` }))).toEqual(wrong);
    expect(verify(received({ ...goPost, url: `${goPost.url}?a=1` }))).toEqual(wrong);
    const listed = received({ ...list, url: `${list.url}&limit=2` });
    expect(verify(listed)).toEqual(wrong);
  });

  it('no slash: %2F is another path', () => {
    expect(verify(received({ ...post, url: post.url.replace('/copy', '%2Fcopy') }))).toEqual(wrong);
  });
});

describe('a signature that cannot be read', () => {
  const request = received(post);
  const changed = (name: string, value: string): HuaweiRequest => ({
    ...request,
    headers: new Map([...request.headers, [name, value]]),
  });
  const digits = 'a'.repeat(64);
  const withNames = (names: string) =>
    changed('authorization', `SDK-HMAC-SHA256 Access=ak, SignedHeaders=${names}, Signature=${digits}`);
  const withCredential = (credential: string) =>
    changed('authorization', `SDK-HMAC-SHA256 Credential=${credential}, SignedHeaders=x-sdk-date, Signature=${digits}`);
  const without = (name: string): HuaweiRequest => ({
    ...request,
    headers: new Map([...request.headers].filter(([each]) => each !== name)),
  });

  it.each<[string, HuaweiRequest]>([
    ['another algorithm', changed('authorization', 'SDK-HMAC-SM3 Access=a, SignedHeaders=b, Signature=c')],
    ['another scheme', changed('authorization', 'Bearer abc')],
    ['nothing but the algorithm', changed('authorization', 'SDK-HMAC-SHA256 ')],
    ['a short digest', changed('authorization', 'SDK-HMAC-SHA256 Access=a, SignedHeaders=x-sdk-date, Signature=ab')],
    ['the date is not signed', withNames('content-type;host')],
    ['a signed header is missing', withNames('content-type;host;x-other;x-sdk-date')],
    ['the date is missing', without('x-sdk-date')],
    ['a name twice', withNames('host;host;x-sdk-date')],
    ['names in upper case', withNames('Host;x-sdk-date')],
    ['an empty name', withNames('host;;x-sdk-date')],
    ['a credential without its scope', withCredential('ak')],
    ['a credential without a key', withCredential('/20260101///sdk_request')],
    ['a scope that goes on', withCredential('ak/20260101///sdk_request/x')],
    ['a scope for something else', withCredential('ak/20260101///aws4_request')],
    ['a scope of another day', withCredential('ak/20260102///sdk_request')],
    ['a path that the router would end earlier', { ...request, url: `${post.url}#x=1` }],
    ['an escape that is none', { ...request, url: '/v1/%zz' }],
    ['bytes beyond ASCII', { ...request, url: '/v1/\u00c3\u00a9' }],
    ['a whole URL', { ...request, url: `http://ims.eu-de.example.test${post.url}` }],
  ])('%s', (_, odd) => {
    expect(() => readSignature(odd)).toThrow(SignatureSyntaxError);
  });

  it('is not there without Authorization', () => {
    expect(readSignature(without('authorization'))).toBeUndefined();
  });
});
