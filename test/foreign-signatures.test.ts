/** One port, four ways to prove who one is: each protocol takes its own, and none takes another's, though the key is the same. */
import { randomUUID } from 'node:crypto';
import { request as overHttp } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { signRequest } from '../src/lib/http-signature.ts';
import { createInstallation, type Installation } from './acceptance/mimeo.ts';
import { createAliyunClient } from './support/aliyun-client.ts';
import { createHuaweiClient } from './support/huawei-client.ts';
import { createJdcloudClient } from './support/jdcloud-client.ts';

const region = 'cn-north-1';

/** What each protocol is asked, and how it says that nobody has proved who he is. */
const targets = {
  native: { path: '/api/v1/images', refusal: /^401 .*"unauthenticated"/ },
  aliyun: {
    path: `/?Action=DescribeImages&Version=2014-05-26&Format=JSON&RegionId=${region}`,
    refusal: /^400 .*"MissingParameter"/,
  },
  huawei: { path: '/v2/cloudimages', refusal: /^401 .*"APIGW\.0301"/ },
  jdcloud: { path: `/v1/regions/${region}/images?imageSource=private`, refusal: /^401 .*"ACCESS_ERROR"/ },
} as const;

type Protocol = keyof typeof targets;

interface Signed {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

let mimeo: Installation;
let url: string;
let key: { readonly accessKeyId: string; readonly secret: string };
let token: string;
beforeAll(async () => {
  mimeo = await createInstallation();
  ({ url } = await mimeo.start({ MIMEO_REGIONS: region }));
  const made = await mimeo.json<{ id: string; secret: string }>('access-key', 'create', '--user', 'owner');
  key = { accessKeyId: made.id, secret: made.secret };
  ({ token } = await mimeo.json<{ token: string }>('session', 'create'));
}, 60_000);
afterAll(() => mimeo.remove());

/** A GET of the path, as each protocol's clients sign it. */
const signers: Readonly<Record<string, { readonly of: Protocol; readonly sign: (path: string) => Signed }>> = {
  'RFC 9421': {
    of: 'native',
    sign: (path) => ({
      path,
      headers: signRequest({
        method: 'GET',
        url: new URL(path, url),
        keyId: key.accessKeyId,
        secret: key.secret,
        created: Math.floor(Date.now() / 1000),
        nonce: randomUUID(),
      }),
    }),
  },
  'a bearer token': { of: 'native', sign: (path) => ({ path, headers: { authorization: `Bearer ${token}` } }) },
  'ACS3-HMAC-SHA256': {
    of: 'aliyun',
    sign(path) {
      const parameters = Object.fromEntries(new URL(path, url).searchParams);
      const signed = createAliyunClient({ url, ...key }).sign('DescribeImages', parameters, {
        method: 'GET',
        signing: 'acs3',
      });
      return path.startsWith('/?') ? signed : { ...signed, path };
    },
  },
  'SDK-HMAC-SHA256 of Huawei': { of: 'huawei', sign: signedByHuawei('huawei') },
  'SDK-HMAC-SHA256 of OTC': { of: 'huawei', sign: signedByHuawei('otc') },
  'X-Auth-Token': { of: 'huawei', sign: (path) => ({ path, headers: { 'x-auth-token': token } }) },
  'JDCLOUD2-HMAC-SHA256': { of: 'jdcloud', sign: signedByJdcloud('jdcloud2') },
  'JDCLOUD3-HMAC-SHA256': { of: 'jdcloud', sign: signedByJdcloud('jdcloud3') },
};

function signedByHuawei(form: 'huawei' | 'otc') {
  return (path: string): Signed => {
    const { pathname, searchParams } = new URL(path, url);
    return createHuaweiClient({ url, form, ...key }).sign('GET', pathname, { query: Object.fromEntries(searchParams) });
  };
}

function signedByJdcloud(signing: 'jdcloud2' | 'jdcloud3') {
  return (path: string): Signed => {
    const { pathname, searchParams } = new URL(path, url);
    return createJdcloudClient({ url, ...key, signing }).sign('GET', pathname, {
      query: Object.fromEntries(searchParams),
    });
  };
}

/** Status and body of the answer. */
async function send({ path, headers }: Signed): Promise<string> {
  const { hostname, port } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const request = overHttp({ method: 'GET', path, headers, hostname, port });
  request.on('error', reject);
  request.on('response', (response) => {
    text(response).then((body) => resolve(`${response.statusCode} ${body}`), reject);
  });
  request.end();
  return await promise;
}

const pairs = Object.entries(signers).flatMap(([name, signer]) =>
  Object.keys(targets).map((protocol) => [name, protocol as Protocol, signer] as const),
);

it.each(pairs)('%s at the door of %s', async (_, protocol, { of, sign }) => {
  const { path, refusal } = targets[protocol];
  const answer = await send(sign(path));
  expect(answer).toMatch(of === protocol ? /^200 / : refusal);
});
