/** What stands before all operations: in which order it looks, what it makes of a signature, and whom it keeps waiting. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestHuawei, type TestHuawei, type TestHuaweiOptions } from '../../../test/support/huawei-api.ts';
import {
  createHuaweiClient,
  type HuaweiAnswer,
  type HuaweiClient,
  type HuaweiClientOptions,
  type HuaweiForm,
  type HuaweiRequest,
} from '../../../test/support/huawei-client.ts';
import { expectFault } from '../../../test/support/huawei-faults.ts';
import { makePlainImage } from '../../../test/support/plain-image.ts';
import { exchange } from '../../../test/support/raw-exchange.ts';
import { createSession } from '../../app/tenants/sessions.ts';
import { commonFaults } from './common-faults.ts';
import type { Fault } from './fault.ts';
import { imageFaults } from './image-faults.ts';
import { copyFaults } from './ims/copy-faults.ts';
import { jobFaults } from './ims/find-job.ts';

let huawei: TestHuawei;
/** Of an image in the north. */
let copyPath: string;
beforeAll(async () => {
  huawei = await createTestHuawei();
  const { id } = await makePlainImage(huawei.installation.context, huawei.caller);
  copyPath = `/v1/cloudimages/${id}/copy`;
});
afterAll(() => huawei.close());

const quota = '/v1/cloudimages/quota';
const forms = ['huawei', 'otc'] as const;

function signing(form: HuaweiForm, change: Partial<HuaweiClientOptions> = {}): HuaweiClient {
  return createHuaweiClient({ url: huawei.url, form, ...huawei.key, ...change });
}

async function signingAnew(form: HuaweiForm, change: Partial<HuaweiClientOptions> = {}): Promise<HuaweiClient> {
  return signing(form, { ...(await huawei.newKey()), ...change });
}

async function bearing(region: string, change: Partial<HuaweiClientOptions> = {}): Promise<HuaweiClient> {
  const token = await huawei.newToken(region);
  return createHuaweiClient({ url: huawei.url, form: 'token', token, ...change });
}

const nobody = () => createHuaweiClient({ url: huawei.url, form: 'token' });

/** Of the image service's operations, or of a path that is nobody's. */
function refused(answer: HuaweiAnswer<unknown>, fault: Fault, about?: string): void {
  expectFault(answer, fault, { service: 'ims', ...(about !== undefined && { about }) });
}

function changed(request: HuaweiRequest, headers: Readonly<Record<string, string>>): HuaweiRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}

async function withOther<Result>(
  options: TestHuaweiOptions,
  work: (other: TestHuawei) => Promise<Result>,
): Promise<Result> {
  const other = await createTestHuawei({ on: huawei.installation, ...options });
  try {
    return await work(other);
  } finally {
    await other.close();
  }
}

describe('the gate looks', () => {
  it('for the operation before it asks who sends the request', async () => {
    for (const [method, path] of [
      ['GET', '/v1/nothing'],
      ['PUT', quota],
      ['POST', '/v2/cloudimages'],
      ['GET', `${quota}/`],
      ['GET', '/V1/cloudimages/quota'],
      ['HEAD', '/v1/nothing'],
      ['OPTIONS', quota],
    ] as const) {
      const answer = await nobody().call(method, path);
      if (method === 'HEAD') expect(answer.status).toBe(404);
      else expectFault(answer, commonFaults.apiNotFound, { service: undefined });
    }
  });

  it('for it before it looks at what comes along', async () => {
    const headers = { 'content-type': 'application/json' };
    for (const [method, body] of [
      ['GET', undefined],
      ['GET', '{'],
      ['POST', ''],
      ['POST', '{'],
      ['POST', 'x'.repeat(256 * 1024 + 1)],
    ] as const) {
      const answer = await nobody().call(method, '/v1/nothing', { headers, body });
      expectFault(answer, commonFaults.apiNotFound, { service: undefined });
    }
  });

  it('whether anybody says who he is before it reads a body, and at its size before it asks whether that is so', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(256 * 1024) });
    refused(await nobody().call('POST', copyPath, { body }), commonFaults.tokenMissing);
    const liar = createHuaweiClient({ url: huawei.url, form: 'token', token: 'none' });
    refused(await liar.call('POST', copyPath, { body }), commonFaults.tooLarge);
    const name = 'x'.repeat(256 * 1024 - '{"name":""}'.length);
    refused(await huawei.client.call('POST', copyPath, { body: { name } }), copyFaults.nameTooLong);
  });

  it('who sends it, what he may do, where, and only then at what he says', async () => {
    const viewer = await huawei.newKey('viewer');
    const away = { host: 'ims.atlantis.example.test', projectId: 'nowhere' };
    const ask = async (client: HuaweiClient) => await client.call('POST', copyPath, { body: '{' });
    refused(await ask(signing('huawei', { ...viewer, ...away, secret: 'wrong' })), commonFaults.signatureWrong);
    refused(await ask(signing('huawei', { ...viewer, ...away })), commonFaults.forbidden);
    refused(await ask(signing('huawei', away)), commonFaults.backendNotFound);
    refused(await ask(signing('huawei', { projectId: 'nowhere' })), commonFaults.projectDenied);
    refused(await ask(huawei.client), commonFaults.bodyInvalid);
    refused(await huawei.client.call('POST', copyPath, { body: {} }), copyFaults.nameMissing);
    const other = copyPath.replace(/[\w-]{36}/, '00000000-0000-4000-8000-000000000000');
    refused(await huawei.client.call('POST', other, { body: { name: 'a' } }), imageFaults.imageNotFound);
  });

  it('at a key: whether it is locked, there, in time, and right', async () => {
    const { accessKeyId, secret } = await huawei.newKey();
    const hourAgo = () => Date.now() - 3_600_000;
    const ask = async (change: Partial<HuaweiClientOptions>) => await signing('huawei', change).call('GET', quota);
    refused(await ask({ accessKeyId: 'MKNONE', clock: hourAgo }), commonFaults.keyNotFound, 'MKNONE');
    refused(await ask({ accessKeyId, secret: 'wrong', clock: hourAgo }), commonFaults.signatureExpired);
    for (let failures = 0; failures < 6; failures += 1) {
      refused(await ask({ accessKeyId, secret: 'wrong' }), commonFaults.signatureWrong);
    }
    refused(await ask({ accessKeyId, secret, clock: hourAgo }), commonFaults.keyLocked);
  });
});

describe.each(forms)('a signature in the form of %s', (form) => {
  const ok = { name: 'copy' };

  it('covers method, path, query and body', async () => {
    const client = await signingAnew(form);
    const request = client.sign('POST', copyPath, { body: ok, query: { a: '1' } });
    for (const change of [
      { method: 'PUT', path: copyPath.replace('copy', 'upload') },
      { path: `${copyPath}?a=2` },
      { path: copyPath },
      { body: Buffer.from('{"name": "copy"}') },
      { body: Buffer.from('{"name":"copy"}\n') },
    ]) {
      refused(await client.send({ ...request, ...change }), commonFaults.signatureWrong);
      // A right one in between: no key is locked here.
      expect((await client.call('GET', quota)).status).toBe(200);
    }
    expect((await client.send(request)).status).toBe(200);
  });

  it('is of the bytes as they are, not of what they mean', async () => {
    for (const body of ['{"name":"a"}\n', ' { "name" : "b" } ', '{"name":"\\u0063"}', '{"name":"Gr\u00f6\u00dfe"}']) {
      expect((await signing(form).call('POST', copyPath, { body })).status).toBe(200);
    }
    // Node's SDK sends a body with GET, and signs it.
    expect((await signing(form).call('GET', quota, { body: '{}' })).status).toBe(200);
    expect((await signing(form).call('GET', '/v3/projects', { body: '{}' })).status).toBe(200);
  });

  it('needs neither the host nor what is added after signing', async () => {
    const projectId = await huawei.projectOf('south');
    const options = { unsigned: ['host', 'x-project-id', 'x-domain-id', 'accept-encoding'] };
    const { headers } = signing(form, { projectId }).sign('GET', quota, options);
    expect(headers['authorization']).not.toMatch(/SignedHeaders=[^,]*(host|project)/);
    const answer = await signing(form, { projectId }).call('GET', '/v2/cloudimages', options);
    // The image is in the north's project.
    expect([answer.status, answer.body]).toEqual([200, { images: [] }]);
  });

  it.each<[string, (authorization: string) => string, string]>([
    ['without a date', (text) => text.replace(/;?x-sdk-date/, ''), 'X-Sdk-Date is missing, or not signed'],
    [
      'of a header that is not there',
      (text) => text.replace('SignedHeaders=', 'SignedHeaders=a;'),
      'the signed header a is missing',
    ],
    [
      'with another algorithm',
      (text) => text.replace('HMAC-SHA256', 'HMAC-SM3'),
      'Authorization is not SDK-HMAC-SHA256',
    ],
    [
      'without its digits',
      (text) => text.replace(/[0-9a-f]{64}/, 'abc'),
      'Authorization is not "SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…", nor has it Credential=… for Access',
    ],
  ])('%s is none', async (_, change, about) => {
    const request = signing(form).sign('GET', quota);
    const authorization = change(request.headers['authorization'] ?? '');
    refused(await huawei.client.send(changed(request, { authorization })), commonFaults.signatureMalformed, about);
  });

  it('with a date that is none is refused', async () => {
    for (const date of ['20260230T000000Z', new Date().toISOString(), '']) {
      const request = signing(form).sign('GET', quota);
      const [, day] = /Credential=[^/]+\/(\d{8})/.exec(request.headers['authorization'] ?? '') ?? [];
      const authorization = (request.headers['authorization'] ?? '').replace(`/${day}/`, `/${date.slice(0, 8)}/`);
      const answer = await huawei.client.send(changed(request, { 'x-sdk-date': date, authorization }));
      expect(answer.status).toBe(401);
      expect(answer.body.error_msg).toMatch(/X-Sdk-Date is malformed|Credential is not|same day/);
    }
  });

  it('tells, refused, what should have been signed', async () => {
    const client = await signingAnew(form, { secret: 'wrong' });
    const { canonicalRequest = '' } = client.sign('GET', quota, { query: { a: 'b c' } });
    const request = client.sign('GET', quota, { query: { a: 'b c' } });
    const answer = await client.send(request);
    expect(request.canonicalRequest).toBe(canonicalRequest);
    refused(answer, commonFaults.signatureWrong, canonicalRequest.replaceAll('\n', '|'));
    expect(answer.body.error_msg).toContain('canonicalRequest:GET|/v1/cloudimages/quota/|a=b%20c|');
    expect(answer.body.error_msg).not.toContain(huawei.key.secret);
  });
});

describe('a body that is not signed', () => {
  const patch = 'application/openstack-images-v2.1-json-patch';
  /** A command whose body is another one than was signed. */
  async function tampered(contentType: string | undefined, form: HuaweiForm = 'huawei', unsigned: string[] = []) {
    const client = await signingAnew(form);
    const headers = contentType === undefined ? {} : { 'content-type': contentType };
    const request = client.sign('POST', copyPath, { body: { name: 'one' }, headers, unsigned, unsignedPayload: true });
    return await client.send({ ...request, body: Buffer.from('{"name":"another"}') });
  }

  it.each(forms)("is taken in %s's form of any type but JSON", async (form) => {
    expect((await tampered(patch, form)).status).toBe(200);
    expect((await tampered('application/octet-stream', form)).status).toBe(200);
    for (const type of ['application/json', 'application/json;charset=UTF-8', 'APPLICATION/JSON']) {
      refused(await tampered(type, form), commonFaults.signatureWrong);
    }
  });

  it('has to have its type signed', async () => {
    refused(await tampered(patch, 'huawei', ['content-type']), commonFaults.signatureWrong);
  });

  it('has to have a type', async () => {
    const client = await signingAnew('huawei');
    const request = client.sign('POST', copyPath, { body: {}, unsigned: ['content-type'], unsignedPayload: true });
    const { 'content-type': _, ...headers } = request.headers;
    refused(await client.send({ ...request, headers }), commonFaults.signatureWrong);
  });

  it('is none where the words are signed as those of nothing', async () => {
    const nothing = createHash('sha256').digest('hex');
    const headers = { 'content-type': 'application/octet-stream', 'x-sdk-content-sha256': nothing };
    const client = await signingAnew('huawei');
    const request = client.sign('GET', quota, { headers });
    const asPython = changed(request, { 'x-sdk-content-sha256': 'UNSIGNED-PAYLOAD' });
    // Another header than was signed.
    refused(await client.send(asPython), commonFaults.signatureWrong);
    expect((await client.send(request)).status).toBe(200);
    refused(await client.send({ ...request, body: Buffer.from('{}') }), commonFaults.signatureWrong);
  });
});

describe('time', () => {
  const off = (ms: number) => ({ clock: () => Date.now() + ms });

  it.each(forms)('may be 15 minutes off either way in the form of %s', async (form) => {
    for (const ms of [-895_000, 895_000]) {
      expect((await signing(form, off(ms)).call('GET', quota)).status).toBe(200);
    }
    for (const ms of [-905_000, 905_000]) {
      const answer = await signing(form, off(ms)).call('GET', quota);
      refused(answer, commonFaults.signatureExpired);
      expect(answer.body.error_msg).toMatch(
        /: calc aksk signature fail:signature expired, signature time:\d{8}T\d{6}Z,server time:\d{8}T\d{6}Z$/,
      );
    }
  });

  it('may be as far off as the setting says', async () => {
    await withOther({ limits: { clockMs: 10_000 } }, async ({ url }) => {
      expect((await signing('huawei', { url, ...off(-8000) }).call('GET', quota)).status).toBe(200);
      refused(await signing('huawei', { url, ...off(-13_000) }).call('GET', quota), commonFaults.signatureExpired);
    });
  });

  it('lets a request be sent again until it is up: the protocol has no nonce', async () => {
    const { advance } = huawei.installation;
    const request = signing('huawei').sign('GET', quota);
    for (let times = 0; times < 3; times += 1) expect((await huawei.client.send(request)).status).toBe(200);
    advance(16 * 60_000);
    const late = await huawei.client.send(request);
    advance(-16 * 60_000);
    refused(late, commonFaults.signatureExpired);
  });
});

describe('wrong signatures', () => {
  const wrongly = async (key: Pick<HuaweiClientOptions, 'accessKeyId'>, times: number) => {
    for (let count = 0; count < times; count += 1) {
      const form = forms[count % 2] as HuaweiForm;
      refused(await signing(form, { ...key, secret: 'wrong' }).call('GET', quota), commonFaults.signatureWrong);
    }
  };

  it('lock a key when they are more than five in a row, for five minutes, in every service', async () => {
    const { advance } = huawei.installation;
    const key = await huawei.newKey();
    await wrongly(key, 6);
    for (const [secret, path] of [
      [key.secret, quota],
      ['wrong', quota],
      [key.secret, '/v3/auth/catalog'],
    ] as const) {
      const answer = await signing('huawei', { ...key, secret }).call('GET', path);
      refused(answer, commonFaults.keyLocked);
    }
    const ask = async (ms: number) => {
      advance(ms);
      const answer = await signing('huawei', { ...key, clock: () => Date.now() + ms }).call('GET', quota);
      advance(-ms);
      return answer.status;
    };
    expect(await ask(299_000)).toBe(401);
    expect(await ask(301_000)).toBe(200);
  });

  it('count again from none after a right one', async () => {
    const key = await huawei.newKey();
    for (let round = 0; round < 2; round += 1) {
      await wrongly(key, 5);
      expect((await signing('huawei', key).call('GET', quota)).status).toBe(200);
    }
  });

  it('of one key lock no other, nor a token', async () => {
    const key = await huawei.newKey();
    const { context } = huawei.installation;
    const { token } = await createSession(
      context,
      { ...huawei.caller, accessKeyId: key.accessKeyId },
      { name: 'gate' },
    );
    await wrongly(key, 6);
    expect((await huawei.client.call('GET', quota)).status).toBe(200);
    const bearer = createHuaweiClient({ url: huawei.url, form: 'token', token });
    expect((await bearer.call('GET', quota)).status).toBe(200);
  });
});

describe('temporary credentials', () => {
  it.each(forms)('sign with their token, and are no token themselves, in the form of %s', async (form) => {
    const { context } = huawei.installation;
    const { token, accessKey } = await createSession(context, huawei.caller, { name: 'gate', credentials: true });
    const key = { accessKeyId: accessKey?.id ?? '', secret: accessKey?.secret ?? '' };
    for (const unsigned of [[], ['x-security-token']]) {
      const answer = await signing(form, { ...key, securityToken: token }).call('GET', quota, { unsigned });
      expect(answer.status).toBe(200);
    }
    for (const securityToken of [`${token}x`, await huawei.newToken('north')]) {
      refused(await signing(form, { ...key, securityToken }).call('GET', quota), commonFaults.keyNotFound);
    }
    const bearer = createHuaweiClient({ url: huawei.url, form: 'token', token });
    refused(await bearer.call('GET', quota), commonFaults.tokenInvalid);
  });
});

describe('how often one may ask', () => {
  it('is counted for a user, whatever he proves himself by; one too many waits', async () => {
    await withOther({ limits: { requestsPerMinute: 3 } }, async (other) => {
      const token = await other.newToken('north');
      const bearer = createHuaweiClient({ url: other.url, form: 'token', token });
      const statuses = [];
      for (let count = 0; count < 3; count += 1) statuses.push((await bearer.call('GET', quota)).status);
      expect(statuses).toEqual([200, 200, 200]);
      const late = await bearer.call('GET', quota);
      refused(late, commonFaults.throttled);
      expect(Number(late.headers['retry-after'])).toBeGreaterThan(0);
      expect((await other.client.call('GET', quota)).status).toBe(200);
    });
  });

  it('is counted for an address as long as it fails to prove who it is', async () => {
    await withOther({ limits: { requestsPerMinute: 20 } }, async (other) => {
      const wrong = createHuaweiClient({ url: other.url, form: 'token', token: 'wrong' });
      const ask = async () => (await wrong.call('GET', quota)).body.error_code;
      expect([await ask(), await ask(), await ask()]).toEqual(['APIGW.0301', 'APIGW.0301', 'APIGW.0308']);
      const password = { user: { name: 'nobody', password: 'wrong', domain: { name: 'none' } } };
      const body = { auth: { identity: { methods: ['password'], password } } };
      const answer = await wrong.call('POST', '/v3/auth/tokens', { body });
      expectFault(answer, commonFaults.throttled, { service: 'iam' });
      expect((await other.client.call('GET', quota)).status).toBe(200);
    });
  });
});

describe('what is malformed', () => {
  const raw = (lines: readonly string[], body = '') =>
    exchange(huawei.url, [...lines, `Content-Length: ${body.length}`, '', body].join('\r\n'));

  it.each(['X-Auth-Token', 'X-Sdk-Date', 'Authorization', 'X-Project-Id', 'Content-Type'])(
    '%s that comes twice',
    async (name) => {
      const token = await huawei.newToken('north');
      const lines = [`GET ${quota} HTTP/1.1`, 'Host: 127.0.0.1', `X-Auth-Token: ${token}`];
      const { status, text } = await raw([...lines, `${name}: application/json`, `${name}: application/json`]);
      const message = commonFaults.badRequest.message.replace('%s', 'a header came twice');
      expect([status, JSON.parse(text)]).toMatchObject([400, { error_code: 'APIGW.0106', error_msg: message }]);
    },
  );

  it.each(['{', '[]', '"copy"', '7', 'name=copy', '{"name":"a"}{}'])(
    'a body that is no JSON object: %s',
    async (body) => {
      refused(await huawei.client.call('POST', copyPath, { body }), commonFaults.bodyInvalid);
    },
  );

  it('a body that is no UTF-8', async () => {
    const body = Buffer.from([...Buffer.from('{"name":"'), 0xff, ...Buffer.from('"}')]);
    refused(await huawei.client.call('POST', copyPath, { body }), commonFaults.bodyInvalid);
  });

  it('a body of another service, which says so in its own words', async () => {
    const answer = await nobody().call('POST', '/v3/auth/tokens', { body: '{' });
    expect([answer.status, answer.body]).toMatchObject([400, { error: { code: 400, title: 'Bad Request' } }]);
  });

  it('a path that is not percent-encoded as it should be', async () => {
    for (const path of ['/v1/%zz', '/v1/cloudimages/%ff/copy', '/v2/images/%c3']) {
      const { status, text, headers } = await raw([`GET ${path} HTTP/1.1`, 'Host: 127.0.0.1']);
      const requestId = headers.get('x-request-id');
      expect([status, JSON.parse(text)]).toMatchObject([400, { error_code: 'APIGW.0106', request_id: requestId }]);
    }
  });

  it('an id that is much too long, which is refused as what it is', async () => {
    const answer = await huawei.client.call('GET', `/v1/cloudimages/job/${'a'.repeat(8000)}`);
    refused(answer, jobFaults.jobNotFound);
  });

  it('is no reason to ask for a body: what has none may say that it is JSON, or bytes', async () => {
    for (const type of ['application/json', 'application/octet-stream', 'text/plain']) {
      const answer = await huawei.client.call('GET', quota, { headers: { 'content-type': type } });
      expect(answer.status).toBe(200);
    }
  });
});

describe('region and project', () => {
  /** Of the images that are listed there is the one in the north, or none. */
  async function sees(client: HuaweiClient, headers: Readonly<Record<string, string>> = {}): Promise<boolean> {
    const { status, body } = await client.call('GET', '/v2/cloudimages', { query: { name: 'plain' }, headers });
    expect(status).toBe(200);
    return body.images.length > 0;
  }

  it('come from the host name, before the configuration', async () => {
    expect(await sees(signing('huawei'))).toBe(true);
    expect(await sees(signing('huawei', { host: 'ims.north.example.test' }))).toBe(true);
    expect(await sees(signing('huawei', { host: 'IMS.South.example.test:443' }))).toBe(false);
    expect(await sees(signing('otc', { host: 'ims.south.otc.t-systems.com' }))).toBe(false);
    // No service's name.
    expect(await sees(signing('huawei', { host: 'mimeo.south.example.test' }))).toBe(true);
  });

  it('come from the project of the header, or of the token, before the configuration', async () => {
    const [north, south] = [await huawei.projectOf('north'), await huawei.projectOf('south')];
    expect(await sees(signing('huawei', { projectId: south }))).toBe(false);
    expect(await sees(signing('otc', { projectId: north }))).toBe(true);
    expect(await sees(await bearing('south'))).toBe(false);
    expect(await sees(await bearing('south'), { 'x-project-id': south })).toBe(false);
    expect(await sees(signing('huawei', { projectId: '' }))).toBe(true);
  });

  it('do not come from what nobody trusted has forwarded', async () => {
    const forwarded = { 'x-forwarded-host': 'ims.south.example.test', forwarded: 'host=ims.south.example.test' };
    expect(await sees(signing('huawei'), forwarded)).toBe(true);
  });

  it('have to agree', async () => {
    const south = { host: 'ims.south.example.test' };
    const projectId = await huawei.projectOf('north');
    refused(await signing('huawei', { ...south, projectId }).call('GET', quota), commonFaults.projectDenied);
    refused(await (await bearing('north', south)).call('GET', quota), commonFaults.projectDenied);
    const headers = { 'x-project-id': projectId };
    refused(await (await bearing('south')).call('GET', quota, { headers }), commonFaults.projectDenied);
    const nowhere = signing('huawei', { host: 'ims.atlantis.example.test' });
    refused(await nowhere.call('GET', quota), commonFaults.backendNotFound);
  });
});

describe('a body that does not come', () => {
  it('is not waited for longer than the setting says', async () => {
    await withOther({ limits: { requestSeconds: 1 } }, async ({ url }) => {
      const head = [`POST ${copyPath} HTTP/1.1`, 'Host: 127.0.0.1', 'X-Auth-Token: x', 'Content-Length: 9', '', '{"n'];
      const { status, text, headers } = await exchange(url, head.join('\r\n'));
      expect([status, JSON.parse(text).error_code]).toEqual([400, 'APIGW.0106']);
      expect(headers.get('connection')).toBe('close');
    });
  });
});
