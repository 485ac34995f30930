import { httpbis } from 'http-message-signatures';
import { expect, it } from 'vitest';
import { contentDigest, sign, signatureBase, signRequest } from './http-signature.ts';

it("signs RFC 9421's own example (B.2.5)", () => {
  const key = Buffer.from(
    'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==',
    'base64',
  );
  const base = signatureBase(
    [
      ['date', 'Tue, 20 Apr 2021 02:07:55 GMT'],
      ['@authority', 'example.com'],
      ['content-type', 'application/json'],
    ],
    '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
  );
  expect(sign(base, key).toString('base64')).toBe('pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=');
});

it("makes RFC 9530's own digest (appendix D)", () => {
  expect(contentDigest('{"hello": "world"}\n')).toBe('sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:');
});

it.each(['http://localhost:7420/api/v1/images?name=a%20b&limit=5', 'http://mimeo.example/api/v1/copies'])(
  'makes what another implementation verifies: %s',
  async (address) => {
    const url = new URL(address);
    const request = {
      method: 'post',
      url,
      digest: contentDigest('{}'),
      keyId: 'MKTEST',
      secret: 'a secret',
      sessionToken: 'a token',
      created: Math.floor(Date.now() / 1000),
      nonce: 'sixteen-letters-',
    };
    const verify = (headers: Record<string, string>) =>
      httpbis.verifyMessage(
        {
          keyLookup: async () => ({
            algs: ['hmac-sha256'],
            verify: async (data, signature) => sign(data.toString(), request.secret).equals(signature),
          }),
          requiredFields: ['@method', '@authority', '@path', '@query', 'content-digest', 'x-mimeo-session-token'],
          requiredParams: ['created', 'keyid', 'nonce', 'alg'],
        },
        { method: request.method, url, headers },
      );
    const headers = signRequest(request);
    expect(await verify(headers)).toBe(true);
    expect(await verify({ ...headers, 'x-mimeo-session-token': 'another' })).toBe(false);
  },
);
