/** How logging in by a password or an access key is kept from being guessed, and from being shut for others. */
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestKey } from '../../../../test/support/dialect-api.ts';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import { createHuaweiClient, type HuaweiAnswer } from '../../../../test/support/huawei-client.ts';
import { expectFault } from '../../../../test/support/huawei-faults.ts';
import { createInstallation, type Installation, never, until } from '../../../../test/support/installation.ts';
import type { Caller } from '../../../app/context.ts';
import { createAgency } from '../../../app/tenants/agencies.ts';
import { setPassword } from '../../../app/tenants/passwords.ts';
import type { Passwords } from '../../../lib/passwords.ts';
import { commonFaults } from '../common-faults.ts';
import { toHexId } from '../ids.ts';
import { tokenFaults } from './token-faults.ts';

const right = 'correct horse';

/** What was looked at. */
let looks: string[] = [];
/** Until then it is looked at. */
let hold: Promise<void> | undefined;
/** In no time, so that there can be many. */
const passwords: Passwords = {
  hash: async (text) => `hash of ${text}`,
  async verify(text, hash, signal) {
    looks.push(text);
    const gone = new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    await Promise.race([hold, gone]);
    return hash === `hash of ${text}`;
  },
};

let installation: Installation;
let huawei: TestHuawei;
/** A user with a password, whom nobody has tried to be. */
let user: Caller;
beforeAll(async () => {
  const made = await createInstallation();
  installation = { ...made, context: { ...made.context, passwords } };
  huawei = await createTestHuawei({
    on: installation,
    trustedProxies: ['127.0.0.1'],
    settings: { acceptsKeyTokens: true },
  });
});
beforeEach(async () => {
  user = await installation.newCaller();
  await setPassword(installation.context, user, { user: 'self', password: right }, never);
  looks = [];
  hold = undefined;
});
afterAll(async () => {
  await huawei.close();
  await installation.close();
});

const home = '192.0.2.1';
const elsewhere = '192.0.2.2';

interface Asking {
  readonly from?: string;
  readonly url?: string;
}

async function ask(identity: object, { from = home, url = huawei.url }: Asking = {}) {
  const client = createHuaweiClient({ url, form: 'token' });
  const headers = { 'x-forwarded-for': from };
  return await client.call('POST', '/v3/auth/tokens', {
    headers,
    query: { nocatalog: 'yes' },
    body: { auth: { identity } },
  });
}

async function logIn(password: string, asking: Asking = {}, named: object = {}) {
  const who = { name: 'owner', domain: { name: user.accountName }, ...named };
  return await ask({ methods: ['password'], password: { user: { ...who, password } } }, asking);
}

async function byKey(access_key: string, secret_key: string, asking: Asking = {}) {
  return await ask({ methods: ['hw_ak_sk'], hw_ak_sk: { access_key, secret_key } }, asking);
}

async function repeat(times: number, work: (time: number) => Promise<unknown>): Promise<void> {
  for (let time = 0; time < times; time += 1) await work(time);
}

function expectRow(answer: HuaweiAnswer<unknown>, row: keyof typeof tokenFaults): void {
  expectFault(answer, tokenFaults[row], { service: 'iam' });
}

describe('a password can be guessed six times in five minutes', () => {
  it('whatever its user is called', async () => {
    const { accountId, accountName, accountNumber, userId } = user;
    const id = toHexId(userId as string);
    const names = [accountName, `${accountNumber}`]
      .map((name) => ({ name }))
      .flatMap((domain) => [{ domain }, { domain, name: userId }])
      .concat([{ domain: { id: accountId } }, { id, domain: undefined, name: undefined }] as never);
    await repeat(3, async () => {
      for (const name of names) await logIn('wrong', {}, name);
    });
    expect(looks).toHaveLength(6);
    for (const name of names) expectRow(await logIn(right, {}, name), 'locked');
  });

  it('at once, too', async () => {
    const release = Promise.withResolvers<void>();
    hold = release.promise;
    const first = [1, 2, 3, 4].map(() => logIn('wrong'));
    await until(() => looks.length === 4);
    // One address has so many places.
    expectRow(await logIn('wrong'), 'busy');
    release.resolve();
    for (const answer of await Promise.all(first)) expectRow(answer, 'passwordWrong');
    const answers = await Promise.all([1, 2, 3, 4].map(() => logIn('wrong')));
    expect(answers.filter(({ body }) => body.error.message === tokenFaults.locked.message)).toHaveLength(2);
    expect(looks).toHaveLength(6);
    expectRow(await logIn(right), 'locked');
  });

  it('however often its user logs in meanwhile', async () => {
    await repeat(5, () => logIn('wrong'));
    await repeat(10, async () => expect((await logIn(right)).status).toBe(201));
    expectRow(await logIn('wrong'), 'passwordWrong');
    expectRow(await logIn('wrong'), 'locked');
    installation.advance(5 * 60_000);
    expect((await logIn(right)).status).toBe(201);
  });

  it('though others are tried meanwhile who are not there', async () => {
    await repeat(6, () => logIn('wrong'));
    await repeat(20, (time) => logIn('wrong', {}, { name: `nobody-${time}` }));
    expectRow(await logIn(right), 'locked');
  });

  it('and a text that is too long for one is not looked at, nor counted', async () => {
    await repeat(8, async () => expectRow(await logIn('x'.repeat(257)), 'passwordWrong'));
    expect(looks).toEqual([]);
    expect((await logIn(right)).status).toBe(201);
  });
});

describe('a user is not locked out', () => {
  it('by wrong passwords from another network', async () => {
    await repeat(7, () => logIn('wrong', { from: elsewhere }));
    expectRow(await logIn(right, { from: elsewhere }), 'locked');
    expect((await logIn(right)).status).toBe(201);
    await repeat(7, (time) => logIn('wrong', { from: `2001:db8:0:7::${time + 1}` }));
    expectRow(await logIn(right, { from: '2001:db8:0:7:8::' }), 'locked');
    expect((await logIn(right, { from: '2001:db8:0:8::1' })).status).toBe(201);
  });

  it('unless they come from many of them', async () => {
    await repeat(101, (time) => logIn('wrong', { from: `198.51.100.${time % 20}` }));
    expect(looks).toHaveLength(101);
    expectRow(await logIn(right), 'locked');
    installation.advance(5 * 60_000);
    expect((await logIn(right)).status).toBe(201);
  });

  it('by what is said of him as a key', async () => {
    await repeat(7, async () => expectRow(await byKey(`password ${user.accountName} owner`, 'wrong'), 'keyWrong'));
    await repeat(7, async () => expectRow(await byKey(user.userId as string, 'wrong'), 'keyWrong'));
    expect((await logIn(right)).status).toBe(201);
  });
});

describe('an access key', () => {
  let key: TestKey;
  beforeEach(async () => {
    key = await huawei.newKey();
  });

  const sign = async (secret: string, from: string) => {
    const client = createHuaweiClient({ url: huawei.url, form: 'huawei', ...key, secret });
    return await client.call('GET', '/v3/regions', {
      headers: { 'x-forwarded-for': from },
      unsigned: ['x-forwarded-for'],
    });
  };

  it('is locked by wrong signatures and secrets together, and in another network it is not', async () => {
    await repeat(3, () => sign('wrong', elsewhere));
    await repeat(3, () => byKey(key.accessKeyId, 'wrong', { from: elsewhere }));
    expectFault(await sign(key.secret, elsewhere), commonFaults.keyLocked, { service: 'iam' });
    expectRow(await byKey(key.accessKeyId, key.secret, { from: elsewhere }), 'locked');
    expect((await sign(key.secret, home)).status).toBe(200);
    expect((await byKey(key.accessKeyId, key.secret)).status).toBe(201);
  });

  it('is guessed six times at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => sign('wrong', home)));
    const isLocked = ({ body }: (typeof answers)[number]) => body.error_msg.includes('reach the limit');
    expect(answers.filter((answer) => !isLocked(answer))).toHaveLength(6);
  });
});

describe('a log-in', () => {
  it('that hangs up leaves its place, and is no guess', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    hold = promise;
    const { hostname, port } = new URL(huawei.url);
    const who = { name: 'owner', domain: { name: user.accountName }, password: 'wrong' };
    const body = JSON.stringify({ auth: { identity: { methods: ['password'], password: { user: who } } } });
    const sockets = [1, 2, 3, 4].map(() => connect(Number(port), hostname));
    for (const socket of sockets) {
      socket.write(`POST /v3/auth/tokens HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    }
    const here = { from: '127.0.0.1' };
    await until(() => looks.length === 4);
    expectRow(await logIn(right, here), 'busy');
    hold = undefined;
    for (const socket of sockets) socket.destroy();
    await until(async () => (await logIn(right, here)).status === 201);
    await repeat(5, () => logIn('wrong', here));
    expect((await logIn(right, here)).status).toBe(201);
    resolve();
  });

  it('from an address that has failed too often is refused before it is looked at', async () => {
    const limited = await createTestHuawei({
      on: installation,
      trustedProxies: ['127.0.0.1'],
      limits: { requestsPerMinute: 30 },
    });
    try {
      const { url } = limited;
      await repeat(3, (time) => logIn('wrong', { url }, { name: `nobody-${time}` }));
      expect(looks).toHaveLength(3);
      const refused = await logIn(right, { url });
      expectFault(refused, commonFaults.throttled, { service: 'iam' });
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      expect(looks).toHaveLength(3);
      expect((await logIn(right, { url, from: elsewhere })).status).toBe(201);
    } finally {
      await limited.close();
    }
  });
});

describe('requests for tokens count as others of the user do', () => {
  let limited: TestHuawei;
  beforeAll(async () => {
    limited = await createTestHuawei({
      on: installation,
      limits: { requestsPerMinute: 3 },
      settings: { acceptsKeyTokens: true },
    });
  });
  afterAll(() => limited.close());

  it.each<[string, (url: string) => Promise<() => Promise<HuaweiAnswer<unknown>>>]>([
    ['password', async (url) => () => logIn(right, { url })],
    [
      'token',
      async (url) => {
        const id = await limited.newToken('north', user);
        return () => ask({ methods: ['token'], token: { id } }, { url });
      },
    ],
    [
      'hw_ak_sk',
      async (url) => {
        const { accessKeyId, secret } = await limited.newKey('owner', user);
        return () => byKey(accessKeyId, secret, { url });
      },
    ],
    [
      'assume_role',
      async (url) => {
        const host = await installation.newCaller();
        const agency = { name: 'images', description: '', trustedAccount: user.accountId, expiresAt: null };
        await createAgency(installation.context, host, { ...agency, grants: [{ role: 'viewer' }] });
        const client = createHuaweiClient({ url, form: 'token', token: await limited.newToken('north', user) });
        const assume_role = { agency_name: 'images', domain_name: host.accountName };
        const body = { auth: { identity: { methods: ['assume_role'], assume_role } } };
        return () => client.call('POST', '/v3/auth/tokens', { body });
      },
    ],
    [
      'a temporary key for a token',
      async (url) => {
        const id = await limited.newToken('north', user);
        const client = createHuaweiClient({ url, form: 'token' });
        const body = { auth: { identity: { methods: ['token'], token: { id } } } };
        return () => client.call('POST', '/v3.0/OS-CREDENTIAL/securitytokens', { body });
      },
    ],
  ])('by %s', async (_, prepare) => {
    const again = await prepare(limited.url);
    await repeat(3, async () => expect((await again()).status).toBe(201));
    expectFault(await again(), commonFaults.throttled, { service: 'iam' });
  });

  it('together, whatever they are made with', async () => {
    const { url } = limited;
    expect((await logIn(right, { url })).status).toBe(201);
    const id = String((await logIn(right, { url })).headers['x-subject-token']);
    expect((await ask({ methods: ['token'], token: { id } }, { url })).status).toBe(201);
    expectFault(await logIn(right, { url }), commonFaults.throttled, { service: 'iam' });
  });
});
