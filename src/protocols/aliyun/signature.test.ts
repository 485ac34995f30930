import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAliyunClient, type AliyunRequest as Sent, type Signing } from '../../../test/support/aliyun-client.ts';
import { acs3StringToSign, readAcs3Signature } from './acs3-signature.ts';
import { canonicalQuery, percentEncode } from './percent-encoding.ts';
import { type AliyunRequest, readRequest } from './request.ts';
import { readRpcSignature } from './rpc-signature.ts';

const url = 'http://127.0.0.1:7420';
const secret = 'testsecret';
const client = createAliyunClient({ url, accessKeyId: 'testid', secret, securityToken: 'STS/tok+en==' });

/** As Node would hand it over. */
function received({ method, path, headers, body }: Sent): AliyunRequest {
  const rawHeaders = Object.entries({ host: '127.0.0.1:7420', ...headers }).flat();
  const raw = { method, url: path, rawHeaders } as IncomingMessage;
  return readRequest({ raw, body: body === undefined ? undefined : Buffer.from(body) });
}

function verify(request: AliyunRequest): void {
  const signature = request.scheme === 'acs3' ? readAcs3Signature(request) : readRpcSignature(request);
  // Who it is says which secret it has to be.
  signature.verify(signature.accessKeyId === 'testid' ? secret : 'of somebody else');
}

describe("the reference's vectors", () => {
  it.each([
    [
      'OLeaidS1JvxuMvnyHOwuJ+uX5qY=',
      'Action=DescribeRegions&Format=XML&Timestamp=2016-02-23T12%3A46%3A24Z&SignatureNonce=3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf',
    ],
    [
      '9NaGiOspFP5UPcwX8Iwt2YJXXuk=',
      'Action=DescribeDedicatedHosts&Format=JSON&RegionId=cn-beijing&Timestamp=2023-03-13T08%3A34%3A30Z&SignatureNonce=edb2b34af0af9a6d14deaf7c1a5315eb',
    ],
  ])('RPC: %s', (signature, query) => {
    const common = 'AccessKeyId=testid&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&Version=2014-05-26';
    const ask = (given: string) =>
      received({
        method: 'GET',
        path: `/?${query}&${common}&Signature=${encodeURIComponent(given)}`,
        headers: {},
        body: undefined,
      });
    verify(ask(signature));
    expect(() => verify(ask(signature.toLowerCase()))).toThrow('SignatureDoesNotMatch');
  });

  it('ACS3', () => {
    const host = 'ecs.cn-shanghai.aliyuncs.com';
    const names = [
      'host',
      'x-acs-action',
      'x-acs-content-sha256',
      'x-acs-date',
      'x-acs-signature-nonce',
      'x-acs-version',
    ];
    const hash = '06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0';
    const request = received({
      method: 'POST',
      path: '/?ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai',
      headers: {
        host,
        'x-acs-action': 'RunInstances',
        'x-acs-version': '2014-05-26',
        'x-acs-date': '2023-10-26T10:22:32Z',
        'x-acs-signature-nonce': '3156853299f313e23d1673dc12e1703d',
        'x-acs-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
        authorization: `ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=${names.join(';')},Signature=${hash}`,
      },
      body: undefined,
    });
    expect(acs3StringToSign(request, names)).toBe(
      'ACS3-HMAC-SHA256\n7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259',
    );
    const signature = readAcs3Signature(request);
    expect(signature).toMatchObject({ accessKeyId: 'YourAccessKeyId', timestamp: '2023-10-26T10:22:32Z' });
    signature.verify('YourAccessKeySecret');
    expect(() => signature.verify('yourAccessKeySecret')).toThrow('SignatureDoesNotMatch');
  });
});

const text = fc.string({ unit: 'binary', maxLength: 12 });
const signings: readonly Signing[] = ['rpc-sha1', 'rpc-sha256', 'acs3'];
/** What tells something by itself is the client's to say. */
const isFree = (name: string) =>
  name !== '' && !/^(Action|Version|Format|AccessKeyId|SecurityToken|Timestamp|Signature.*)$/.test(name);
const parameters = fc.dictionary(text.filter(isFree), text, { maxKeys: 6, noNullPrototype: true });
const options = fc.record({
  signing: fc.constantFrom(...signings),
  method: fc.constantFrom('GET' as const, 'POST' as const),
  inBody: fc.boolean(),
});
const signed = fc.tuple(parameters, options).map(([given, { method, ...rest }]) => {
  // A form comes with POST alone.
  const sent = client.sign('CopyImage', given, { ...rest, method: rest.inBody ? 'POST' : method });
  return { given, sent };
});

describe('whatever the parameters are', () => {
  it('encoding and decoding undo each other', () => {
    fc.assert(
      fc.property(text, (each) => {
        expect(decodeURIComponent(percentEncode(each))).toBe(each);
        expect(percentEncode(each)).toMatch(/^([A-Za-z0-9\-_.~]|%[0-9A-F]{2})*$/);
      }),
    );
    fc.assert(
      fc.property(parameters, (given) => {
        const { query } = received({
          method: 'GET',
          path: `/?${canonicalQuery(new Map(Object.entries(given)))}`,
          headers: {},
          body: undefined,
        });
        expect(Object.fromEntries(query)).toEqual(given);
      }),
    );
  });

  it('a signed request verifies, and says what was signed', () => {
    fc.assert(
      fc.property(signed, ({ given, sent }) => {
        const request = received(sent);
        verify(request);
        expect(request).toMatchObject({ action: 'CopyImage', version: '2014-05-26', unclear: undefined });
        expect(Object.fromEntries(request.values)).toMatchObject(given);
      }),
    );
  });

  it('a request that says anything else does not verify', () => {
    const meaning = ({ values, headers, body, scheme, ...rest }: AliyunRequest) =>
      JSON.stringify([
        rest.method,
        [...rest.query].sort(),
        [...values].sort(),
        [...headers].sort(),
        scheme === 'acs3' ? [...body] : [],
      ]);
    const place = fc.constantFrom('path' as const, 'body' as const, 'headers' as const, 'method' as const);
    const change = fc.record({ place, at: fc.nat(), to: fc.constantFrom(...'aZ0%+&=;~ /') });
    fc.assert(
      fc.property(signed, change, ({ sent }, { place: where, at, to }) => {
        const changed = changeOf(sent, where, at, to);
        fc.pre(meaning(received(changed)) !== meaning(received(sent)));
        expect(() => {
          const request = received(changed);
          if (request.unclear !== undefined) throw new Error(request.unclear);
          verify(request);
        }).toThrow();
      }),
      { numRuns: 500 },
    );
  });
});

/** One character of it becomes another. */
function changeOf(sent: Sent, place: 'path' | 'body' | 'headers' | 'method', at: number, to: string): Sent {
  const replaced = (from: string) => {
    const index = at % Math.max(1, from.length);
    return from.slice(0, index) + to + from.slice(index + 1);
  };
  if (place === 'method') return { ...sent, method: sent.method === 'GET' ? 'POST' : 'GET' };
  if (place === 'path') return { ...sent, path: `/?${replaced(sent.path.slice(2))}` };
  if (place === 'body') return { ...sent, body: sent.body === undefined ? undefined : replaced(sent.body) };
  const names = Object.keys(sent.headers).filter((name) => name.startsWith('x-acs-') || name === 'authorization');
  const name = names[at % Math.max(1, names.length)];
  return name === undefined
    ? sent
    : { ...sent, headers: { ...sent.headers, [name]: replaced(sent.headers[name] ?? '') } };
}
