/** What stands before all operations: the order of its checks, what it makes of a signature, whom it keeps waiting. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createAliyunClient } from '../../../test/support/aliyun-client.ts';
import { createHuaweiClient } from '../../../test/support/huawei-client.ts';
import { createTestJdcloud, type TestJdcloud, type TestJdcloudOptions } from '../../../test/support/jdcloud-api.ts';
import {
  createJdcloudClient,
  type JdcloudClient,
  type JdcloudClientOptions,
  type JdcloudRequest,
  type JdcloudSigning,
  jdcloudDate,
} from '../../../test/support/jdcloud-client.ts';
import { expectFault } from '../../../test/support/jdcloud-faults.ts';
import { exchange } from '../../../test/support/raw-exchange.ts';
import { signedHeaders } from '../../../test/support/signed-request.ts';
import { findAccessKey, updateAccessKey } from '../../app/tenants/access-keys.ts';
import { createSession, deleteSession } from '../../app/tenants/sessions.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { commonFaults } from './common-faults.ts';

let jdcloud: TestJdcloud;
beforeAll(async () => {
  jdcloud = await createTestJdcloud();
});
afterAll(() => jdcloud.close());

const images = '/v1/regions/north/images';
const list = { query: { imageSource: 'private' } };
/** Answers that the sources are missing, once a request is let in. */
const copy = '/v1/regions/north/images:copyImages';
const forms: readonly JdcloudSigning[] = ['jdcloud2', 'jdcloud3'];

const { apiNotFound, authorizationMissing, badRequest, credentialMissing, credentialsInvalid, dateMissing } =
  commonFaults;
const { forbidden, keyInvalid, parameterMissing, regionInvalid, signatureWrong, signedHeadersMissing } = commonFaults;
const { throttled, tooLarge, urlTooLong } = commonFaults;

function signing(change: Partial<JdcloudClientOptions> = {}): JdcloudClient {
  return createJdcloudClient({ url: jdcloud.url, ...jdcloud.key, ...change });
}

function changed(request: JdcloudRequest, headers: Readonly<Record<string, string>>): JdcloudRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}

function without(request: JdcloudRequest, name: string): JdcloudRequest {
  const { [name]: _, ...headers } = request.headers;
  return { ...request, headers };
}

/** With another `Authorization`, made of its own. */
function rewritten(request: JdcloudRequest, change: (authorization: string) => string): JdcloudRequest {
  return changed(request, { authorization: change(request.headers['authorization'] ?? '') });
}

async function withOther<Result>(
  options: TestJdcloudOptions,
  work: (other: TestJdcloud) => Promise<Result>,
): Promise<Result> {
  const other = await createTestJdcloud({ on: jdcloud.installation, ...options });
  try {
    return await work(other);
  } finally {
    await other.close();
  }
}

describe('the gate looks', () => {
  it('at the size of the URL, whether the caller is named, and at the size of the body, in this order', async () => {
    const body = 'x'.repeat(256 * 1024 + 1);
    const long = `${copy}?${'x'.repeat(8192 - copy.length)}`;
    const nobody = (path: string) => ({ method: 'POST', path, headers: {}, body });
    expectFault(await jdcloud.client.send(nobody(long)), urlTooLong);
    expectFault(await jdcloud.client.send(nobody(copy)), authorizationMissing);
    expectFault(await signing({ accessKeyId: 'none' }).call('POST', copy, { body }), tooLarge);
    const most = `{"name":"${'x'.repeat(256 * 1024 - 11)}"}`;
    expectFault(await jdcloud.client.call('POST', copy, { body: most }), parameterMissing, 'sourceImageIds');
    const allowed = {
      query: { imageSource: 'private', x: 'x'.repeat(8192 - `${images}?imageSource=private&x=`.length) },
    };
    expect((await jdcloud.client.call('GET', images, allowed)).status).toBe(200);
  });

  it('at the parts of Authorization, the key, the date, the signature, one after the other', async () => {
    const { accessKeyId } = jdcloud.key;
    const wrong = signing({ secret: 'wrong' }).sign('GET', images, { ...list, date: '20000101T000000Z' });
    const strip = (text: string) => text.replace(/\/20000101.*SignedHeaders=/, ', Headers=');
    let request = changed(without(wrong, 'x-jdcloud-date'), { authorization: 'none' });
    expectFault(await jdcloud.client.send(request), authorizationMissing);
    request = rewritten(without(wrong, 'x-jdcloud-date'), strip);
    expectFault(await jdcloud.client.send(request), credentialMissing);
    request = rewritten(without(wrong, 'x-jdcloud-date'), (text) => text.replace('SignedHeaders', 'Headers'));
    expectFault(await jdcloud.client.send(request), signedHeadersMissing);
    // Whether it is said to be signed or not.
    for (const signed of ['x-jdcloud-date;', '']) {
      request = rewritten(without(wrong, 'x-jdcloud-date'), (text) => text.replace('x-jdcloud-date;', signed));
      expectFault(await jdcloud.client.send(request), dateMissing);
    }
    expectFault(await jdcloud.client.send(without(wrong, 'x-jdcloud-nonce')), signedHeadersMissing);
    request = rewritten(wrong, (text) => text.replace(accessKeyId, 'none'));
    expectFault(await jdcloud.client.send(request), keyInvalid);
    expectFault(await jdcloud.client.send(wrong), credentialsInvalid);
    expectFault(await signing({ secret: 'wrong' }).call('GET', images, list), signatureWrong);
  });

  it('who sends it, for the operation, at what the caller may do, where, and only then at what is asked', async () => {
    const viewer = await jdcloud.newKey('viewer');
    const body = '{';
    const nowhere = copy.replace('north', 'atlantis');
    expectFault(
      await signing({ secret: 'wrong' }).call('POST', '/v1/regions/atlantis/nothing', { body }),
      signatureWrong,
    );
    expectFault(await signing(viewer).call('POST', '/v1/regions/atlantis/nothing', { body }), apiNotFound);
    expectFault(await signing(viewer).call('POST', nowhere, { body }), forbidden, 'copy.create');
    expectFault(await signing().call('POST', nowhere, { body }), regionInvalid, 'atlantis');
    expectFault(await signing().call('POST', copy, { body }), badRequest, 'the body is no JSON');
    expectFault(await signing().call('POST', copy, { body: '{}' }), parameterMissing, 'sourceImageIds');
  });
});

describe('an answer', () => {
  it('has its id in the body and in a header, and its type', async () => {
    const { status, headers, body } = await jdcloud.client.call('GET', images, list);
    expect({ status, body }).toEqual({
      status: 200,
      body: { requestId: headers['x-jdcloud-request-id'], result: { images: [], totalCount: 0 } },
    });
    expect(body.requestId).toMatch(/^[0-9a-f]{32}$/);
    expect(headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
    const again = await jdcloud.client.call('GET', images, list);
    expect(again.body.requestId).not.toBe(body.requestId);
  });

  it('that says no has exactly what the documents have', async () => {
    const { status, body } = await signing({ secret: 'wrong' }).call('GET', images, list);
    const error = { code: 401, status: 'ACCESS_ERROR', message: 'sign result is not same [gw]' };
    expect([status, Object.keys(body), body.error]).toEqual([401, ['requestId', 'error'], error]);
  });

  it('to an unknown path, method or service is the same', async () => {
    for (const [method, path, service = 'vm'] of [
      ['GET', '/v1/regions/north/nothing'],
      ['GET', '/v1/regions/north'],
      ['GET', `${images}/`],
      ['GET', images.replace('v1', 'v2')],
      ['GET', images.replace('images', 'Images')],
      ['POST', images],
      ['DELETE', images],
      ['POST', copy.replace('copyImages', 'copyimages')],
      ['GET', images, 'disk'],
      ['GET', '/v1/regions/north/snapshots', 'vm'],
      ['GET', images, 'rds'],
    ] as const) {
      expectFault(await signing({ service }).call(method, path, list), apiNotFound);
    }
    for (const method of ['PUT', 'PATCH', 'OPTIONS']) {
      expectFault(await jdcloud.client.call(method, images), apiNotFound);
    }
    const head = await jdcloud.client.call('HEAD', images);
    expect([head.status, head.body]).toEqual([404, '']);
    expect(head.headers['x-jdcloud-request-id']).toMatch(/^[0-9a-f]{32}$/);
  });

  it('to what is no HTTP request for an operation is one of the table', async () => {
    const request = jdcloud.client.sign('GET', images);
    for (const path of ['%ff', '%', '%2', '%zz', '%2541%zz']) {
      expectFault(await jdcloud.client.send({ ...request, path: `${images}/${path}` }), badRequest);
    }
    const { status, text } = await exchange(
      jdcloud.url,
      `POST ${copy} HTTP/1.1\r\nHost: a\r\nAuthorization: none\r\nContent-Length: 5\r\nContent-Type: a;;b\r\n\r\nhello`,
    );
    expect([status, JSON.parse(text).error.status]).toEqual([400, 'HTTP_BAD_REQUEST']);
  });
});

describe('what clients send', () => {
  async function raw(request: JdcloudRequest, more: readonly string[] = []) {
    const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
    const lines = [`${request.method} ${request.path} HTTP/1.1`, ...headers, ...more, '', request.body ?? ''];
    const { status, text } = await exchange(jdcloud.url, lines.join('\r\n'));
    return { status, body: JSON.parse(text) };
  }

  it('may have a type, and a length, without a body', async () => {
    for (const form of forms) {
      const get = signing({ signing: form }).sign('GET', images, list);
      expect((await raw(get)).status).toBe(200);
      expect((await raw(get, ['Content-Length: 0'])).status).toBe(200);
      const gone = signing({ signing: form }).sign('DELETE', `${images}/img-0000000000`);
      expect((await raw(gone, ['Content-Length: 0'])).body.error.status).toBe('NOT_FOUND');
      expect((await raw(gone)).body.error.status).toBe('NOT_FOUND');
      const post = signing({ signing: form }).sign('POST', copy);
      expect((await raw(post, ['Content-Length: 0'])).body.error.message).toBe('Parameter SourceImageIds missing');
    }
  });

  it('may be a body of any type, which is read as JSON', async () => {
    for (const type of ['application/json;charset=UTF-8', 'text/plain', 'application/x-www-form-urlencoded']) {
      const answer = await jdcloud.client.call('POST', copy, { body: {}, headers: { 'content-type': type } });
      expectFault(answer, parameterMissing, 'sourceImageIds');
    }
    for (const body of ['[]', '7', '"a"', 'a=b', '{}{}']) {
      expectFault(await jdcloud.client.call('POST', copy, { body }), badRequest);
    }
    expectFault(await jdcloud.client.call('POST', copy, { body: 'null' }), parameterMissing, 'sourceImageIds');
  });

  it('has colons and slashes in several forms', async () => {
    for (const form of forms) {
      for (const [from, to] of [
        [/%3A|:/, '%3a'],
        [/%3A|:/, ':'],
        [/%3A|:/, '%3A'],
        ['/images', '//images'],
        ['/images', '%2Fimages'],
      ] as const) {
        // Of one second and one body, one algorithm's signatures are the same.
        const request = signing({ signing: form }).sign('POST', copy, { body: { name: `${from} ${to}` } });
        const answer = await jdcloud.client.send({ ...request, path: request.path.replace(from, to) });
        expectFault(answer, parameterMissing, 'sourceImageIds');
      }
    }
  });

  it('may have headers beyond those that are signed, whose names are anything', async () => {
    const request = signing({ signing: 'jdcloud3' }).sign('GET', images, list);
    const more = { 'jdcloud3-hmac-sha256': 'JDCLOUD3-HMAC-SHA256', 'x-jdcloud-content-sha256': 'not looked at' };
    expect((await jdcloud.client.send(changed(request, more))).status).toBe(200);
  });

  it('may be in another region than the credential says', async () => {
    // Clients say jdcloud-api where an operation has no region.
    const request = jdcloud.client.sign('POST', '/v1/x');
    expect(request.headers['authorization']).toContain('/jdcloud-api/vm/');
    expectFault(await jdcloud.client.send(request), apiNotFound);
  });
});

describe.each(forms)('a signature (%s)', (form) => {
  const client = () => signing({ signing: form });

  it('covers method, path, query, signed headers and body', async () => {
    const request = client().sign('POST', copy, { body: { name: 'a' }, query: { a: '1' }, headers: { 'x-a': '1' } });
    const { path } = request;
    for (const change of [
      { method: 'DELETE', path: path.replace(/(:|%3A)copyImages/, '/img-a') },
      { path: path.replace('north', 'south') },
      { path: path.replace('?a=1', '') },
      { path: path.replace('?a=1', '?a=2') },
      { path: `${path}&b` },
      { body: '{"name": "a"}' },
      { body: '{"name":"a"}\n' },
      { body: undefined },
      { headers: { ...request.headers, 'x-a': '2' } },
      { headers: { ...request.headers, 'content-type': 'text/plain' } },
      { headers: { ...request.headers, host: 'other' } },
    ]) {
      expectFault(await jdcloud.client.send({ ...request, ...change }), signatureWrong);
    }
    expectFault(await jdcloud.client.send(request), parameterMissing, 'sourceImageIds');
  });

  it('covers the date and the credential', async () => {
    const request = client().sign('GET', images, list);
    const date = request.headers['x-jdcloud-date'] ?? '';
    const other = date.replace(/\d\dZ$/, (second) => (second === '00Z' ? '01Z' : '00Z'));
    expectFault(await jdcloud.client.send(changed(request, { 'x-jdcloud-date': other })), signatureWrong);
    for (const [from, to] of [
      ['/north/', '/south/'],
      ['/vm/', '/disk/'],
      [/[0-9a-f]{64}$/, '0'.repeat(64)],
      [/, Signature=.*/, ''],
    ] as const) {
      const answer = await jdcloud.client.send(rewritten(request, (text) => text.replace(from, to)));
      expectFault(answer, signatureWrong);
    }
  });

  it('needs no header but one', async () => {
    const request = client().sign('GET', images, { ...list, headers: { 'content-type': 'application/json' } });
    expect((await jdcloud.client.send(rewritten(request, (text) => text.replaceAll(', ', ' , ')))).status).toBe(200);
    const none = rewritten(request, (text) => text.replace(/SignedHeaders=[^,]+/, 'SignedHeaders='));
    expectFault(await jdcloud.client.send(none), signedHeadersMissing);
    expectFault(await jdcloud.client.send(without(request, 'content-type')), signedHeadersMissing);
  });
});

describe('time', () => {
  const off = (ms: number) => ({ clock: () => Date.now() + ms });

  it.each(forms)('may be 15 minutes off either way (%s)', async (form) => {
    for (const ms of [-895_000, 895_000]) {
      expect((await signing({ signing: form, ...off(ms) }).call('GET', images, list)).status).toBe(200);
    }
    for (const [ms, side] of [
      [-905_000, 'behind'],
      [905_000, 'ahead of'],
    ] as const) {
      const about = `x-jdcloud-date is 15 min ${side} the server's clock: set your clock, or sign the request anew`;
      expectFault(await signing({ signing: form, ...off(ms) }).call('GET', images, list), credentialsInvalid, about);
    }
  });

  it('may be as far off as the setting says', async () => {
    await withOther({ limits: { clockMs: 10_000 } }, async ({ url }) => {
      expect((await signing({ url, ...off(-8000) }).call('GET', images, list)).status).toBe(200);
      const late = await signing({ url, ...off(-13_000) }).call('GET', images, list);
      expect(late.body.error.message).toMatch(/: x-jdcloud-date is 1[345] s behind the server's clock: /);
    });
  });

  it('is a moment, of the same day as the credential', async () => {
    const malformed = 'x-jdcloud-date has to be UTC, such as 20260131T235959Z';
    const today = jdcloudDate().slice(0, 8);
    for (const date of ['20260230T000000Z', new Date().toISOString(), today, `${today}T000000Z,${today}T000000Z`]) {
      const answer = await jdcloud.client.call('GET', images, { ...list, date });
      expectFault(answer, credentialsInvalid, malformed);
    }
    expectFault(await jdcloud.client.call('GET', images, { ...list, date: '' }), credentialMissing);
    const other = 'the day of x-jdcloud-date is not the one in Credential';
    for (const day of ['20000101', today.slice(0, 6), today.slice(0, 7), `${today}T`, 'x']) {
      const request = rewritten(jdcloud.client.sign('GET', images, list), (text) =>
        text.replace(`/${today}/`, `/${day}/`),
      );
      expectFault(await jdcloud.client.send(request), credentialsInvalid, other);
    }
  });
});

describe('a request that comes again', () => {
  const used = 'this signature came 3 times before: sign the request anew';

  it.each([
    ['POST', copy, 'jdcloud2', 400],
    ['POST', copy, 'jdcloud3', 400],
    ['DELETE', `${images}/img-0000000000`, 'jdcloud3', 404],
    ['GET', images, 'jdcloud2', 200],
  ] as const)('is let in three times: %s %s (%s)', async (method, path, form, status) => {
    const client = signing({ signing: form });
    // Without a nonce that is signed, others of the same second would be the same one.
    const asked = method === 'GET' ? list : { headers: { 'x-test': randomUUID() } };
    const request = client.sign(method, path, asked);
    for (let times = 0; times < 3; times += 1) expect((await client.send(request)).status).toBe(status);
    expectFault(await client.send(request), credentialsInvalid, used);
    // A nonce that is not signed makes it no other one.
    const again = await client.send(changed(request, { 'x-jdcloud-nonce': randomUUID() }));
    expectFault(again, form === 'jdcloud2' ? signatureWrong : credentialsInvalid);
  });

  it('is let in always if it reads and its nonce is not signed', async () => {
    const request = signing({ signing: 'jdcloud3' }).sign('GET', images, list);
    for (let times = 0; times < 5; times += 1) expect((await jdcloud.client.send(request)).status).toBe(200);
  });

  it('at several servers counts for all of them, and at once as one after the other', async () => {
    await withOther({}, async ({ url }) => {
      // Both listen to it.
      const request = signing({ host: 'images.test' }).sign('POST', copy);
      const there = signing({ url });
      const answers = await Promise.all([1, 2, 3, 4].map((n) => (n % 2 ? there : jdcloud.client).send(request)));
      const statuses = answers.map(({ status }) => status).sort();
      expect(statuses).toEqual([400, 400, 400, 401]);
    });
  });

  it('is not used up by one with a wrong signature', async () => {
    const request = jdcloud.client.sign('POST', copy);
    for (let times = 0; times < 4; times += 1) {
      expectFault(await jdcloud.client.send({ ...request, body: '{}' }), signatureWrong);
    }
    expectFault(await jdcloud.client.send(request), parameterMissing);
  });

  it('is refused for its date as soon as its signature is forgotten', async () => {
    const { advance } = jdcloud.installation;
    const request = jdcloud.client.sign('POST', copy);
    for (let times = 0; times < 3; times += 1) expectFault(await jdcloud.client.send(request), parameterMissing);
    const ask = async (ms: number) => {
      advance(ms);
      const answer = await jdcloud.client.send(request);
      advance(-ms);
      return answer;
    };
    expectFault(await ask(895_000), credentialsInvalid, used);
    expect((await ask(905_000)).body.error.message).toMatch(/x-jdcloud-date is 15 min behind/);
  });
});

describe('a key', () => {
  it('signs no more once it is disabled, and is written down as used while it does', async () => {
    const { installation, caller } = jdcloud;
    const key = await jdcloud.newKey();
    const find = async () => (await findAccessKey(installation.context, caller, key.accessKeyId)).lastUsedAt;
    expectFault(await signing({ ...key, secret: 'wrong' }).call('GET', images, list), signatureWrong);
    expect(await find()).toBeNull();
    expect((await signing(key).call('GET', images, list)).status).toBe(200);
    await vi.waitFor(async () => expect(await find()).not.toBeNull());
    await updateAccessKey(installation.context, caller, key.accessKeyId, { disabled: true });
    expectFault(await signing(key).call('GET', images, list), keyInvalid);
    await updateAccessKey(installation.context, caller, key.accessKeyId, { disabled: false });
    expect((await signing(key).call('GET', images, list)).status).toBe(200);
  });

  it.each(['none', "'", 'a'.repeat(129), 'é', 'null', '__proto__'])(
    'that cannot be is none: %s',
    async (accessKeyId) => {
      expectFault(await signing({ accessKeyId }).call('GET', images, list), keyInvalid);
    },
  );
});

describe('temporary credentials', () => {
  async function temporary() {
    const { context } = jdcloud.installation;
    const session = await createSession(context, jdcloud.caller, { name: 'gate', credentials: true });
    const key = { accessKeyId: session.accessKey?.id ?? '', secret: session.accessKey?.secret ?? '' };
    return { ...session, key };
  }

  it.each(forms)('sign with their token, and with no other (%s)', async (form) => {
    const { id, key, token } = await temporary();
    const other = await temporary();
    const ask = async (change: Partial<JdcloudClientOptions>) =>
      await signing({ ...key, signing: form, ...change }).call('GET', images, list);
    expect((await ask({ sessionToken: token })).status).toBe(200);
    for (const sessionToken of [`${token}x`, other.token, 'none']) {
      expectFault(await ask({ sessionToken }), keyInvalid);
    }
    expectFault(await ask({}), keyInvalid);
    expectFault(await ask({ ...jdcloud.key, sessionToken: token }), keyInvalid);
    await deleteSession(jdcloud.installation.context, jdcloud.caller, id);
    expectFault(await ask({ sessionToken: token }), keyInvalid);
  });

  it('have to sign their token', async () => {
    const { key, token } = await temporary();
    const request = signing(key).sign('GET', images, list);
    const about = 'x-jdcloud-session-token has to be one of the SignedHeaders';
    const answer = await jdcloud.client.send(changed(request, { 'x-jdcloud-session-token': token }));
    expectFault(answer, credentialsInvalid, about);
  });

  it('are not what x-jdcloud-security-token is about', async () => {
    const headers = { 'x-jdcloud-security-token': 'YWJj' };
    expect((await jdcloud.client.call('GET', images, { ...list, headers })).status).toBe(200);
    const request = jdcloud.client.sign('GET', images, list);
    expect((await jdcloud.client.send(changed(request, headers))).status).toBe(200);
    const { key, token } = await temporary();
    const asToken = { 'x-jdcloud-security-token': token };
    expectFault(await signing(key).call('GET', images, { ...list, headers: asToken }), keyInvalid);
  });
});

describe('another protocol', () => {
  it('has signatures that are none here', async () => {
    const { url, key } = jdcloud;
    const huawei = (form: 'huawei' | 'otc') => createHuaweiClient({ url, form, ...key }).sign('GET', images).headers;
    const { accessKeyId, secret } = key;
    const aliyun = createAliyunClient({ url, accessKeyId, secret } as Parameters<typeof createAliyunClient>[0]);
    const native = signedHeaders({ id: accessKeyId, secret }, { method: 'GET', path: '/images' });
    for (const headers of [
      huawei('huawei'),
      huawei('otc'),
      aliyun.sign('DescribeImages', {}, { signing: 'acs3' }).headers,
      native,
      { authorization: `Bearer ${secret}` },
      { authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/north/vm/aws4_request` },
    ]) {
      expectFault(
        await jdcloud.client.send({ method: 'GET', path: images, headers, body: undefined }),
        authorizationMissing,
      );
    }
  });
});

describe('a client that signs another host', () => {
  it('is let in by the names that are configured', async () => {
    await withOther({ hosts: ['vm.jdcloud-api.com', 'disk.jdcloud-api.com'] }, async ({ url }) => {
      for (const form of forms) {
        for (const [host, status] of [
          ['vm.jdcloud-api.com', 200],
          ['disk.jdcloud-api.com', 200],
          ['images.jdcloud-api.com', 401],
        ] as const) {
          const request = signing({ url, host, signing: form }).sign('GET', images, list);
          const answer = await signing({ url }).send(changed(request, { host: new URL(url).host }));
          expect([host, answer.status]).toEqual([host, status]);
        }
      }
    });
  });
});

describe('a wrong signature', () => {
  it('is told of in the log, with what should have been signed and without tokens', async () => {
    const lines: string[] = [];
    const logger = createLogger('debug', { write: (line) => void lines.push(line) });
    await withOther({ logger }, async ({ url }) => {
      const { context } = jdcloud.installation;
      const { token, accessKey } = await createSession(context, jdcloud.caller, { name: 'gate', credentials: true });
      const key = { accessKeyId: accessKey?.id ?? '', secret: 'wrong', sessionToken: token };
      const headers = { 'x-jdcloud-security-token': 'second-factor' };
      const answer = await signing({ url, ...key }).call('GET', images, { query: { a: 'b c' }, headers });
      expectFault(answer, signatureWrong);
      const [line = ''] = lines.filter((each) => each.includes('canonicalRequest'));
      const { canonicalRequest, accessKeyId } = JSON.parse(line);
      expect(accessKeyId).toBe(key.accessKeyId);
      expect(canonicalRequest).toMatch(
        /^GET\n\/v1\/regions\/north\/images\na=b%20c\ncontent-type:application\/json\nhost:/,
      );
      expect(canonicalRequest).toMatch(
        /\nx-jdcloud-security-token:\[redacted\]\nx-jdcloud-session-token:\[redacted\]\n\n.*\n[0-9a-f]{64}$/,
      );
      for (const secret of [token, 'second-factor']) expect(lines.join('')).not.toContain(secret);
    });
  });
});

describe('how often one may ask', () => {
  it('is counted for a user; one too many waits', async () => {
    await withOther({ limits: { requestsPerMinute: 3 } }, async (other) => {
      const client = await other.newClient();
      const statuses = [];
      for (let count = 0; count < 3; count += 1) statuses.push((await client.call('GET', images, list)).status);
      expect(statuses).toEqual([200, 200, 200]);
      const late = await client.call('GET', images, list);
      expectFault(late, throttled);
      expect(Number(late.headers['retry-after'])).toBeGreaterThan(0);
      expect((await other.client.call('GET', images, list)).status).toBe(200);
    });
  });

  it('is counted for an address as long as it fails to prove who it is', async () => {
    await withOther({ limits: { requestsPerMinute: 20 } }, async ({ url, client }) => {
      const wrong = signing({ url, secret: 'wrong' });
      const ask = async () => (await wrong.call('GET', images, list)).status;
      expect([await ask(), await ask(), await ask()]).toEqual([401, 401, 429]);
      expect((await client.call('GET', images, list)).status).toBe(200);
    });
  });
});
