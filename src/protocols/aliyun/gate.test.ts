/** Every action, asked for by those who do not prove who they are. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestAliyun, type TestAliyun } from '../../../test/support/aliyun-api.ts';
import {
  type AliyunCallOptions,
  type AliyunClient,
  type AliyunClientOptions,
  type AliyunError,
  type AliyunRequest,
  createAliyunClient,
  timestamp,
} from '../../../test/support/aliyun-client.ts';
import { updateAccessKey } from '../../app/tenants/access-keys.ts';
import { createSession, deleteSession } from '../../app/tenants/sessions.ts';
import { signRequest } from '../../lib/http-signature.ts';
import { services } from './operation.ts';
import { operations } from './operations.ts';

let aliyun: TestAliyun;
/** Signs with a key that is disabled. */
let disabled: AliyunClient;
let usedNonce: string;
beforeAll(async () => {
  aliyun = await createTestAliyun();
  const key = await aliyun.newKey();
  await updateAccessKey(aliyun.installation.context, aliyun.caller, key.accessKeyId, { disabled: true });
  disabled = clientWith(key);
  usedNonce = randomUUID();
  expect((await aliyun.client.call('DescribeRegions', {}, { nonce: usedNonce })).status).toBe(200);
});
afterAll(() => aliyun.close());

function clientWith(change: Partial<AliyunClientOptions>): AliyunClient {
  return createAliyunClient({ url: aliyun.url, ...aliyun.key, ...change });
}

const unknown = 'MKAAAAAAAAAAAAAAAAAA';

/** Its code, with the status and the message that belong to it. */
async function refusal(request: AliyunRequest, to: AliyunClient = aliyun.client): Promise<string> {
  const { status, body, headers } = await to.send<AliyunError>(request);
  expect(headers.get('content-type')).toBe('application/json;charset=utf-8');
  expect(body).toEqual({
    RequestId: headers.get('x-acs-request-id'),
    HostId: new URL(aliyun.url).host,
    Code: expect.any(String),
    Message: expect.any(String),
    Recommend: expect.stringMatching(
      /^https:\/\/api\.aliyun\.com\/troubleshoot\?q=[\w.]+&product=(Ecs|Kms|Sts)&requestId=[0-9A-F-]{36}$/,
    ),
  });
  return `${status} ${body.Code}: ${body.Message.replace(/(server string to sign is:).*/s, '$1…').replace(/\[.*\]/s, '[…]')}`;
}

const notFound = '404 InvalidAccessKeyId.NotFound: Specified access key is not found.';
const missing = (name: string) =>
  `400 MissingParameter: The input parameter "${name}" that is mandatory for processing this request is not supplied.`;

const ways: Readonly<Record<string, AliyunCallOptions>> = {
  'an RPC GET': { method: 'GET' },
  'an RPC form': { signing: 'rpc-sha256', inBody: true },
  ACS3: { signing: 'acs3' },
};

describe.each(Object.entries(ways))('%s', (_, way) => {
  const mismatch =
    way.signing === 'acs3'
      ? '400 SignatureDoesNotMatch: Specified signature does not match our calculation. server StringToSign is […]'
      : '400 SignatureDoesNotMatch: Specified signature is not matched with our calculation. server string to sign is:…';

  it.each(operations.map((each) => [each.action, each] as const))('%s', async (action, { service }) => {
    const options = { ...way, version: services[service].version };
    const sign = (client: AliyunClient, more: AliyunCallOptions = {}) =>
      refusal(client.sign(action, { RegionId: 'north' }, { ...options, ...more }));

    expect(await sign(clientWith({ secret: 'wrong' }))).toBe(mismatch);
    const expired = '400 InvalidTimeStamp.Expired: Specified time stamp or date value is expired.';
    expect(await sign(aliyun.client, { timestamp: timestamp(-902_000) })).toBe(expired);
    expect(await sign(aliyun.client, { timestamp: timestamp(903_000) })).toBe(expired);
    expect(await sign(aliyun.client, { nonce: usedNonce })).toBe(
      '400 SignatureNonceUsed: Specified signature nonce was used already.',
    );
    expect(await sign(disabled)).toBe(notFound);
    expect(await sign(clientWith({ accessKeyId: unknown }))).toBe(notFound);
    expect(await sign(clientWith({ securityToken: 'mimeo_other' }))).toBe(
      '400 InvalidSecurityToken.MismatchWithAccessKey: Specified SecurityToken mismatch with the AccessKey.',
    );
  });
});

describe('credentials of other kinds', () => {
  const jdcloud =
    'JDCLOUD2-HMAC-SHA256 Credential=AK/20261121/cn-north-1/vm/jdcloud2_request, SignedHeaders=host, Signature=00';
  it.each(operations.map((each) => [each.action, each] as const))('are none to %s', async (action, { service }) => {
    const { version } = services[service];
    const path = `/?Action=${action}&Version=${version}&Format=JSON`;
    const { id, token } = await createSession(aliyun.installation.context, aliyun.caller, { name: 'x' });
    expect(id).toBeDefined();
    const native = signRequest({
      method: 'GET',
      url: new URL(path, aliyun.url),
      keyId: aliyun.key.accessKeyId,
      secret: aliyun.key.secret,
      created: Math.floor(Date.now() / 1000),
      nonce: randomUUID(),
    });
    for (const headers of [{}, native, { authorization: `Bearer ${token}` }, { authorization: jdcloud }]) {
      expect(await refusal({ method: 'GET', path, headers, body: undefined })).toBe(missing('AccessKeyId'));
    }
  });
});

describe('a nonce', () => {
  it('is not used up by whoever cannot sign', async () => {
    const nonce = randomUUID();
    const { status } = await clientWith({ secret: 'wrong' }).call('DescribeRegions', {}, { nonce });
    expect(status).toBe(400);
    expect((await aliyun.client.call('DescribeRegions', {}, { nonce })).status).toBe(200);
  });

  it('is used up by a request that is refused for another reason', async () => {
    const nonce = randomUUID();
    const ask = async () => (await aliyun.client.call('DescribeRegions', { ResourceType: 'x' }, { nonce })).body.Code;
    expect([await ask(), await ask()]).toEqual(['InvalidParameter', 'SignatureNonceUsed']);
  });

  it.each(['rpc-sha1', 'acs3'] as const)('that is empty works once, with %s', async (signing) => {
    const client = await aliyun.newClient();
    const ask = async () => (await client.call('DescribeRegions', {}, { nonce: '', signing })).body.Code;
    expect([await ask(), await ask()]).toEqual([undefined, 'SignatureNonceUsed']);
  });

  it("is a key's own", async () => {
    const other = await aliyun.newClient();
    expect((await other.call('DescribeRegions', {}, { nonce: usedNonce })).status).toBe(200);
  });

  it('is remembered by a server that was started anew', async () => {
    const restarted = await createTestAliyun({ on: aliyun.installation });
    const request = aliyun.client.sign('DescribeRegions', {}, { nonce: usedNonce });
    const { body } = await restarted.client.send(request);
    expect(body).toMatchObject({ Code: 'SignatureNonceUsed' });
    await restarted.close();
  });
});

describe('a timestamp', () => {
  it.each([
    ['890 s ago', () => timestamp(-890_000), 200],
    ['890 s ahead', () => timestamp(890_000), 200],
    ['without seconds', () => timestamp().replace(/:\d\dZ$/, 'Z'), 400],
    ['with milliseconds', () => new Date().toISOString(), 400],
    ['of a day that there is not', () => '2026-02-30T00:00:00Z', 400],
    ['of an hour that there is not', () => '2026-02-28T24:00:00Z', 400],
  ])('%s', async (_, at, status) => {
    for (const signing of ['rpc-sha1', 'acs3'] as const) {
      const answer = await aliyun.client.call('DescribeRegions', {}, { timestamp: at(), signing });
      expect([answer.status, answer.body.Code]).toEqual([
        status,
        status === 200 ? undefined : 'InvalidTimeStamp.Format',
      ]);
    }
  });

  it('may be as far off as the setting says', async () => {
    const strict = await createTestAliyun({ on: aliyun.installation, limits: { clockMs: 10_000 } });
    const ask = async (off: number) =>
      (await strict.client.call('DescribeRegions', {}, { timestamp: timestamp(off) })).body.Code;
    expect([await ask(-8000), await ask(-13_000)]).toEqual([undefined, 'InvalidTimeStamp.Expired']);
    await strict.close();
  });
});

describe('temporary credentials', () => {
  it('work with their token, which may not be empty, wrong or malformed', async () => {
    const { context } = aliyun.installation;
    const { accessKey, token } = await createSession(context, aliyun.caller, { name: 'sts', credentials: true });
    const { id: accessKeyId, secret } = accessKey as { readonly id: string; readonly secret: string };
    for (const way of Object.values(ways)) {
      const ask = async (securityToken: string) =>
        (await clientWith({ accessKeyId, secret, securityToken }).call('DescribeRegions', {}, way)).body.Code;
      expect(await ask(token)).toBeUndefined();
      expect(await ask('')).toBe('MissingSecurityToken');
      expect(await ask(`${token}x`)).toBe('InvalidSecurityToken.MismatchWithAccessKey');
      expect(await ask('a b')).toBe('InvalidSecurityToken.Malformed');
      // Empty: there is none, but it is signed (Packer).
      expect((await clientWith({ securityToken: '' }).call('DescribeRegions', {}, way)).status).toBe(200);
    }
  });

  it('are expired when their session has ended, and not found without their token', async () => {
    const { context } = aliyun.installation;
    const session = await createSession(context, aliyun.caller, { name: 'sts', credentials: true });
    const { id: accessKeyId, secret } = session.accessKey as { readonly id: string; readonly secret: string };
    await deleteSession(context, aliyun.caller, session.id);
    const ask = async (securityToken: string) =>
      (await clientWith({ accessKeyId, secret, securityToken }).call('DescribeRegions')).body.Code;
    expect(await ask(session.token)).toBe('InvalidSecurityToken.Expired');
    expect(await ask('')).toBe('InvalidAccessKeyId.NotFound');
  });
});

describe('an RPC request', () => {
  /** What is asked for, changed after it was signed. */
  async function changed(change: (query: URLSearchParams) => void): Promise<string> {
    const request = aliyun.client.sign('DescribeRegions', {}, { method: 'GET' });
    const query = new URLSearchParams(request.path.slice(2));
    change(query);
    return await refusal({ ...request, path: `/?${query}` });
  }

  it.each([
    'AccessKeyId',
    'Signature',
    'SignatureMethod',
    'SignatureVersion',
    'SignatureNonce',
    'Timestamp',
    'Action',
    'Version',
  ])('without %s', async (name) => {
    expect(await changed((query) => query.delete(name))).toBe(missing(name));
  });

  it.each([
    ['SignatureMethod', 'HMAC-MD5'],
    ['SignatureMethod', 'constructor'],
    ['SignatureVersion', '2.0'],
    ['SignatureType', 'BEARERTOKEN'],
  ])('with %s %s', async (name, value) => {
    expect(await changed((query) => query.set(name, value))).toBe(
      `400 InvalidParamater: The specified parameter "${name}" is not valid.`,
    );
  });

  it('that is refused learns the whole string that was to be signed', async () => {
    const request = aliyun.client.sign(
      'DescribeRegions',
      { Tag: 'a b' },
      { method: 'GET', nonce: 'n', timestamp: '2026-11-21T00:00:00Z' },
    );
    aliyun.installation.advance(Date.parse('2026-11-21T00:00:00Z') - Date.now());
    const wrong = request.path.replace(/Signature=[^&]*/, 'Signature=AAAA');
    const { body } = await aliyun.client.send<AliyunError>({ ...request, path: wrong });
    aliyun.installation.advance(Date.now() - Date.parse('2026-11-21T00:00:00Z'));
    const signed = [
      `AccessKeyId%3D${aliyun.key.accessKeyId}`,
      'Action%3DDescribeRegions',
      'Format%3DJSON',
      'SignatureMethod%3DHMAC-SHA1',
      'SignatureNonce%3Dn',
      'SignatureVersion%3D1.0',
      'Tag%3Da%2520b',
      'Timestamp%3D2026-11-21T00%253A00%253A00Z',
      'Version%3D2014-05-26',
    ];
    expect(body.Message.split(':')[1]).toBe(`GET&%2F&${signed.join('%26')}`);
  });

  it('names its action where it is signed', async () => {
    const request = aliyun.client.sign('DescribeRegions');
    const answer = (action: string) => refusal({ ...request, headers: { 'x-acs-action': action } });
    expect(await answer('DeleteImage')).toBe(
      '400 InvalidParameter: The specified parameter "Action or Version" is not valid.',
    );
    expect(await changed((query) => query.delete('Action'))).toBe(missing('Action'));
    expect((await aliyun.client.send({ ...request, headers: { 'x-acs-action': 'DescribeRegions' } })).status).toBe(200);
  });

  it('says everything once', async () => {
    const invalid = (name: string) => `400 InvalidParameter: The specified parameter "${name}" is not valid.`;
    const twice = (query: URLSearchParams) => {
      for (const region of ['north', 'south']) query.append('RegionId', region);
    };
    expect(await changed(twice)).toBe(invalid('RegionId'));
    const form = aliyun.client.sign('DescribeRegions', { RegionId: 'north' }, { inBody: true });
    expect(await refusal({ ...form, path: '/?RegionId=south' })).toBe(invalid('RegionId'));
    expect((await aliyun.client.send({ ...form, path: '/?RegionId=north' })).status).toBe(200);
  });
});

describe('an ACS3 request', () => {
  const incomplete =
    '400 IncompleteSignature: The request signature does not conform to Aliyun standards. server string to sign is:…';
  const sign = () => aliyun.client.sign('DescribeRegions', {}, { signing: 'acs3' });

  function without(name: string): AliyunRequest {
    const request = sign();
    const { [name]: _, ...headers } = request.headers;
    const authorization = (headers['authorization'] ?? '').replace(`;${name}`, '');
    return { ...request, headers: { ...headers, ...(name !== 'authorization' && { authorization }) } };
  }

  it.each(['x-acs-content-sha256', 'x-acs-date', 'x-acs-signature-nonce'])('without %s', async (name) => {
    expect(await refusal(without(name))).toBe(missing(name));
  });

  it.each(['x-acs-action', 'x-acs-version'])('without %s', async (name) => {
    expect(await refusal(without(name))).toBe(missing(name === 'x-acs-action' ? 'Action' : 'Version'));
  });

  it.each<[string, (authorization: string) => string]>([
    ['no host', (text) => text.replace('=host;', '=')],
    ['no x-acs-date', (text) => text.replace('x-acs-date;', '')],
    ['no x-acs-action', (text) => text.replace('x-acs-action;', '')],
    ['a header that is not there', (text) => text.replace('=host;', '=host;x-acs-extra;')],
    ['a header twice', (text) => text.replace('=host;', '=host;host;')],
    ['nothing', (text) => text.replace(/SignedHeaders=[^,]*/, 'SignedHeaders=')],
  ])('whose signature covers %s', async (_, change) => {
    const request = sign();
    const authorization = change(request.headers['authorization'] ?? '');
    expect(await refusal({ ...request, headers: { ...request.headers, authorization } })).toBe(incomplete);
  });

  it('whose signature does not cover the token', async () => {
    const request = sign();
    expect(await refusal({ ...request, headers: { ...request.headers, 'x-acs-security-token': 'x' } })).toBe(
      incomplete,
    );
  });

  it.each(['ACS3-RSA-SHA256', 'ACS3-HMAC-SM3'])('signed with %s', async (algorithm) => {
    const request = sign();
    const authorization = (request.headers['authorization'] ?? '').replace('ACS3-HMAC-SHA256', algorithm);
    expect(await refusal({ ...request, headers: { ...request.headers, authorization } })).toBe(
      '400 InvalidParamater: The specified parameter "Authorization" is not valid.',
    );
  });

  it('whose body is another one', async () => {
    const request = aliyun.client.sign('DescribeRegions', { RegionId: 'north' }, { signing: 'acs3', inBody: true });
    expect(await refusal({ ...request, body: 'RegionId=south' })).toMatch(/^400 SignatureDoesNotMatch: /);
    expect((await aliyun.client.send(request)).status).toBe(200);
  });
});
