/** JD Cloud's own examples of both algorithms, to the digit. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../lib/hex.ts';
import type { JdcloudRequest } from '../request.ts';
import { readAuthorization } from './authorization.ts';
import { canonicalRequests } from './canonical-request.ts';
import { signingKey, verifySignature } from './verify-signature.ts';

const sha256 = (text: string) => createHash('sha256').update(text, 'latin1').digest('hex');
/** As they come over the wire: a byte is a character. */
const asBytes = (text: string) => Buffer.from(text).toString('latin1');

describe("the documents' example of JDCLOUD2-HMAC-SHA256", () => {
  const date = '20190214T104514Z';
  const names = ['x-jdcloud-date', 'x-jdcloud-nonce', 'x-my-header', 'x-my-header_blank'];
  const request: JdcloudRequest = {
    method: 'POST',
    url: '/v1/resource:action?p1=p1&p0=p0&o=%&u=u',
    headers: new Map([
      ['x-jdcloud-date', date],
      ['x-jdcloud-nonce', 'testnonce'],
      ['x-my-header', 'test'],
      // It has a blank before it on the wire, which Node takes away.
      ['x-my-header_blank', 'blank'],
      [
        'authorization',
        // Blanks as in the document.
        `JDCLOUD2-HMAC-SHA256   Credential=TESTAK/20190214/cn-north-1/test/jdcloud2_request,   SignedHeaders=${names.join(';')},   Signature=2a98f83c074e7bee260bfc8ef64f009c07595bd93f7f0c3f4e156bf6479ed9bf`,
      ],
    ]),
    body: Buffer.from('body data'),
  };
  const authorization = readAuthorization(request.headers);

  it('has its canonical request', () => {
    const text = canonicalRequests(request, authorization)({ host: undefined, bareKeys: true });
    expect(text.split('\n')).toEqual([
      'POST',
      '/v1/resource%3Aaction',
      'o=%25&p0=p0&p1=p1&u=u',
      `x-jdcloud-date:${date}`,
      'x-jdcloud-nonce:testnonce',
      'x-my-header:test',
      'x-my-header_blank:blank',
      '',
      'x-jdcloud-date;x-jdcloud-nonce;x-my-header;x-my-header_blank',
      'e51832a118eeff7ad976d635b7d04538e362e4c21bd0f6253580b0a83a209074',
    ]);
    expect(sha256(text)).toBe('fb2e317056269590681d091f8eb22272967c0b922b2deda887312215ea4eed4c');
  });

  it('has its key', () => {
    expect(toHex(signingKey(authorization, 'TESTSK'))).toBe(
      'a4e50bcb6001be0008696b173c30172b5ce22a77db00d21c6a9d69de2ba33b7d',
    );
  });

  it('has its signature, under no other secret', () => {
    const signing = { secret: 'TESTSK', hosts: [] };
    expect(verifySignature(request, authorization, signing)).toEqual({ isRight: true });
    expect(verifySignature(request, authorization, { ...signing, secret: 'TESTSk' })).toMatchObject({ isRight: false });
  });
});

describe("the Python SDK's examples of JDCLOUD3-HMAC-SHA256", () => {
  const date = '20190917T064708Z';

  function isRight(url: string, signature: string, nonce = 'X-Jdcloud-Nonce'): boolean {
    const credential = 'ak/20190917/cn-north-1/apigatewaytestproductline/jdcloud3_request';
    const names = 'content-type;host;x-jdcloud-date;x-jdcloud-nonce';
    const headers = new Map([
      ['content-type', 'application/json'],
      ['host', 'apigw-internal-dev.cn-north-1.jcloudcs.com:8000'],
      ['x-jdcloud-date', date],
      ['x-jdcloud-nonce', nonce],
      [
        'authorization',
        `JDCLOUD3-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
      ],
    ]);
    const request = { method: 'GET', url: asBytes(url), headers, body: new Uint8Array() };
    const signing = { secret: 'sk', hosts: [] };
    return verifySignature(request, readAuthorization(headers), signing).isRight;
  }

  const slashes = '33df199719f9edc6de860e6b53c61d4824e1f389e6030fd37ddc977fda29e467';
  it.each([
    ['/v1/regions/cn-north-1/instances/中文:GET', '936ed2dcb6fb4271ad640e0f46f1fe61763a0bad8bb4f4eb1224261f969612fa'],
    ['', '44c5ec30b6185516986ae171d8276552bc0f37f6a536a44e4f578958fc1c12be'],
    ['v1', '92cd3ed582c13af58b4c81ddad150c350e656c6cc9e78ec154d7385e499b91b6'],
    ['v1/', '035689ae2ce6a3603928ac3d60a6d2fbfb550d33c5da983342a6356419ccd914'],
    ['/v1/%2/%2f/%2b%f', '6610271450ea321baab326f8debc51a2e4dd7e73b04200275a1d9b3897045caf'],
    ['%2Fv1%2Fregions%2F%2F%2Fcn-north-1%2Finstances', slashes],
    ['/v1%2Fregions/cn-north-1%2F%2F%2Finstances', slashes],
    [
      '/v1%2Fregions/cn-north-1%2F%2F%2Finstances/ + /+/ +/+ /%2B%20%2B%2F%2F',
      '7286237483a7fcc51ff7621c9a5c586a0ec85fd06cbf91c20adde2ec3b5e4d97',
    ],
  ])('the path %j', (path, signature) => {
    expect(isRight(path, signature)).toBe(true);
    expect(isRight(`${path}x`, signature)).toBe(false);
  });

  const emptyNames = '43efb5fb00e86faf35d8bf0bed3b72e84cfc98ee4754065e29c3caa7bcaa12cb';
  it.each([
    ['=a&a=a', emptyNames],
    ['=&a=a', emptyNames],
    [
      'aa=aa&aa%3Daa=&aa=aa%3D&aa=&aa=aaa&aaa=aaa&aaa=aa&aaa=a&ab=aa&ab=aa&cc=&cc=&bb=aa&bb=',
      '8ccc3c9af11e964b3c5d6020d2af49e97e27fbb23e2b8f57bdc84815e471d54b',
    ],
    [
      ' =blank&%20=blank&+= 2&%2b= 1&blank= &blank=+&blank=%20',
      '78c0a4db84050d773533c78c1a0f73bf974faf5df881e39b18c3e0de8110324e',
    ],
    [
      ' =blank&%2=blank&+=jia0&%2b=jia1&%2B=jia2&blank= %2b%2f%2/&blank=+&%2/blank=%0%f',
      '972987a6f95be456935cde8be8f106114e2ad27465a507644e61f021a98a7218',
    ],
    ['中文参数=中文参数值', '7e3094d23adde49fcc99b7d0de911d7ecaa7767590edd57769d7bdbaca919276'],
  ])('the query %j', (query, signature) => {
    expect(isRight(`/v1/regions/cn-north-1/instances?${query}`, signature)).toBe(true);
    expect(isRight(`/v1/regions/cn-north-1/instances?${query}&x=`, signature)).toBe(false);
  });

  it.each([
    ['aaa', '12ed9fbf2f8ebe6afcdd23853c9e58f37642f8a0361765557d2e4915f1e995e4'],
    ['X-Jdcloud- -Nonce', '5d955d1de475eac2b4378473ca0adce8fddd13f45d2be53bc2ffb6eee6450ba4'],
    // Not one blank, as the other algorithm would have it.
    ['X-Jdcloud-  -Nonce', 'a03bb8d755cb93e4d8846fe5fcad180f319fa50356f63e8afdc749bd1a95695f'],
  ])('the header %j', (nonce, signature) => {
    expect(isRight('/v1/regions/cn-north-1/instances', signature, nonce)).toBe(true);
    expect(isRight('/v1/regions/cn-north-1/instances', signature, `${nonce}.`)).toBe(false);
  });
});
