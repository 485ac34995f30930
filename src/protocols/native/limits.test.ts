import { randomBytes, randomUUID } from 'node:crypto';
import { type ClientRequest, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeImage } from '../../../test/support/installation.ts';
import { createTestApi, type TestApi } from '../../../test/support/native-api.ts';
import { type Signer, signedHeaders } from '../../../test/support/signed-request.ts';
import { lockImage } from '../../db/images.ts';

const rawMediaType = 'application/octet-stream';
let api: TestApi;
let limited: TestApi;
beforeAll(async () => {
  api = await createTestApi({ transfersAtOnce: 3, limits: { heartbeatMs: 20 } });
  limited = await createTestApi({ limits: { requestsPerMinute: 20 }, trustedProxies: ['127.0.0.0/8'] });
});
afterAll(async () => {
  await api.close();
  await limited.close();
});

interface Thing {
  readonly id: string;
}

async function make<Made = Thing>(path: string, body?: object, at = api): Promise<Made> {
  const answer = await at.call('POST', path, body);
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return answer.body as Made;
}

function newUser(role = 'operator', at = api): Promise<Thing> {
  return make('/users', { name: randomUUID().slice(0, 8), role }, at);
}

/** The token of a new user of the account. */
async function newUsersToken(at: TestApi): Promise<string> {
  return await at.newToken('operator', { ...at.caller, userId: (await newUser('operator', at)).id });
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

async function anotherAccount(): Promise<Record<string, string>> {
  return bearer(await api.newToken('owner', await api.installation.newCaller()));
}

/** Where a copy is watched that stays queued, since nobody works here. */
async function newWatch(): Promise<string> {
  const { id } = await makeImage(api.installation.context, api.caller, [randomBytes(4096)]);
  const { copies } = await make<{ copies: Thing[] }>('/copies', { images: [id], regions: ['south'] });
  return `/copies/${copies[0]?.id}/events`;
}

describe('a stream of events', () => {
  it.each<[string, (user: string, key: Signer) => Promise<unknown>]>([
    ['is disabled', (user) => api.call('PATCH', `/users/${user}`, { disabled: true })],
    ['has another role', (user) => api.call('PATCH', `/users/${user}`, { role: 'viewer' })],
    ['is deleted', (user) => api.call('DELETE', `/users/${user}`)],
    ['has lost the key', (_, key) => api.call('DELETE', `/access-keys/${key.id}`)],
  ])('ends when the user who signed for it %s', async (_, change) => {
    const path = await newWatch();
    const user = await newUser();
    const key = await make<Signer>(`/users/${user.id}/access-keys`);
    const watched = api.call('GET', path, undefined, signedHeaders(key, { method: 'GET', path }));
    await sleep(100);
    await change(user.id, key);
    const { status, body } = await watched;
    // It went on until then.
    expect([status, String(body).split(': still there').length > 2]).toEqual([200, true]);
  });

  it('ends with the session of its token', async () => {
    const path = await newWatch();
    const token = await newUsersToken(api);
    const watched = api.call('GET', path, undefined, bearer(token));
    await sleep(50);
    await api.call('DELETE', '/sessions/self', undefined, bearer(token));
    expect(await watched).toMatchObject({ status: 200 });
  });

  it('that is cut off at any moment gives its place back', async () => {
    const path = await newWatch();
    const { hostname, port, pathname } = new URL(`${api.url}${path}`);
    const head = [`GET ${pathname} HTTP/1.1`, 'host: localhost', `authorization: Bearer ${api.token}`, '', ''];
    const cutOff = async (ms: number) => {
      const socket = connect(Number(port), hostname).on('error', () => {});
      socket.write(head.join('\r\n'));
      await sleep(ms);
      socket.destroy();
    };
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(Array.from({ length: 24 }, (_, number) => cutOff(number / 4)));
    }
    await vi.waitFor(async () => {
      const gone = new AbortController();
      const watch = () => fetch(`${api.url}${path}`, { headers: bearer(api.token), signal: gone.signal });
      const streams = await Promise.all(Array.from({ length: 17 }, watch));
      gone.abort();
      expect(streams.map(({ status }) => status).sort()).toEqual([...Array(16).fill(200), 429]);
    }, 10_000);
  });

  it('is one of 64 of an account, however many users it has', async () => {
    const path = await newWatch();
    const gone = new AbortController();
    const watch = (token: string) => fetch(`${api.url}${path}`, { headers: bearer(token), signal: gone.signal });
    const tokens = await Promise.all(Array.from({ length: 5 }, () => newUsersToken(api)));
    // Held on to: a response that is collected as garbage closes its stream.
    const streams: Response[] = [];
    for (const token of tokens) streams.push(...(await Promise.all(Array.from({ length: 13 }, () => watch(token)))));
    expect(streams.filter(({ status }) => status === 429)).toHaveLength(1);
    gone.abort();
  });
});

describe('transfers of content', () => {
  const size = 100_000;

  async function newImage(headers: Record<string, string> = {}): Promise<string> {
    const disks = [{ role: 'system', size }];
    const { body } = await api.call('POST', '/images', { region: 'north', name: randomUUID(), disks }, headers);
    return `/images/${(body as Thing).id}/disks/0/content`;
  }

  /** Begins an upload, which then waits for more. */
  async function hang(headers = bearer(api.token)): Promise<ClientRequest> {
    const path = await newImage(headers);
    const sent = request(`${api.url}${path}`, {
      method: 'PUT',
      headers: { ...headers, 'content-type': rawMediaType, 'content-length': size },
      agent: false,
    });
    sent.on('error', () => {}).write(randomBytes(10));
    await expect
      .poll(async () => (await api.call('GET', path.replace(/\/disks.*/, ''), undefined, headers)).body)
      .toMatchObject({ state: 'uploading' });
    return sent;
  }

  async function put(headers = bearer(api.token)) {
    return await api.call('PUT', await newImage(headers), randomBytes(size), {
      ...headers,
      'content-type': rawMediaType,
    });
  }

  it('are so many of an account, so many of the server, and refused beyond', async () => {
    const { id } = await makeImage(api.installation.context, api.caller, [randomBytes(4096)]);
    const get = async () => {
      const answer = await fetch(`${api.url}/images/${id}/disks/0/content`, { headers: bearer(api.token) });
      await answer.arrayBuffer();
      return answer.status;
    };
    const other = await anotherAccount();
    const mine = [await hang(), await hang()];
    const busy = { status: 503, body: { code: 'transfers.busy' }, headers: { 'retry-after': '10' } };
    expect(await put()).toMatchObject(busy);
    expect(await get()).toBe(503);
    expect(await put(other)).toMatchObject({ status: 200 });
    const theirs = await hang(other);
    expect(await put(other)).toMatchObject(busy);
    mine[0]?.destroy();
    await expect.poll(get).toBe(200);
    // A download that has ended has given its place back.
    await expect.poll(async () => (await put()).status).toBe(200);
    mine[1]?.destroy();
    theirs.destroy();
  });
});

describe('plans', () => {
  it('are made one at a time for an account', async () => {
    const { context, newCaller } = api.installation;
    const plan = async (caller = api.caller, headers = {}) => {
      const { id } = await makeImage(context, caller, [randomBytes(4096)]);
      return { id, send: () => api.call('POST', '/copies/plan', { images: [id], regions: ['south'] }, headers) };
    };
    const { id, send } = await plan();
    const guest = await newCaller();
    const ofAnother = await plan(guest, bearer(await api.newToken('owner', guest)));
    const both = await context.db.transaction().execute(async (trx) => {
      await lockImage(trx, api.caller.accountId, id, 'update');
      const sent = [send(), send()];
      expect(await Promise.race(sent)).toMatchObject({ status: 429, body: { code: 'rate.limited' } });
      expect((await ofAnother.send()).status).toBe(200);
      return sent;
    });
    expect((await Promise.all(both)).map(({ status }) => status).sort()).toEqual([200, 429]);
    expect((await send()).status).toBe(200);
  });
});

describe('the address of a client', () => {
  async function addressOf(at: TestApi, forwarded: string): Promise<unknown> {
    const headers = { 'x-forwarded-for': forwarded };
    const image = { region: 'north', name: randomUUID(), disks: [{ role: 'system', size: 1 }] };
    const made = await at.call('POST', '/images', image, headers);
    const { body } = await at.call('GET', `/events?resource=${(made.body as Thing).id}`);
    return (body as { events: { address: string }[] }).events[0]?.address;
  }

  it('is told by trusted proxies alone, and only if it is one', async () => {
    expect(await addressOf(limited, '203.0.113.9')).toBe('203.0.113.9');
    // Only the nearest that is not trusted: those before it are what the client says.
    expect(await addressOf(limited, '198.51.100.1, 203.0.113.9, 127.0.0.2')).toBe('203.0.113.9');
    expect(await addressOf(limited, 'unknown')).toBe('127.0.0.1');
    expect(await addressOf(api, '203.0.113.9')).toBe('127.0.0.1');
  });

  it('that has failed too often is refused further failures, and nothing else', async () => {
    const attempt = async (token: string, forwarded: string) =>
      (await limited.call('GET', '/whoami', undefined, { ...bearer(token), 'x-forwarded-for': forwarded })).status;
    const failed = [];
    for (let count = 0; count < 3; count += 1) failed.push(await attempt('wrong', '203.0.113.1'));
    expect(failed).toEqual([401, 401, 429]);
    expect(await attempt(limited.token, '203.0.113.1')).toBe(200);
    expect(await attempt('wrong', '203.0.113.2')).toBe(401);
    expect(await attempt('wrong', '203.0.113.1')).toBe(429);
  });
});

describe('the rate limit of an account', () => {
  it('is that of four users, however many it has', async () => {
    const ask = (token: string) => limited.call('GET', '/whoami', undefined, bearer(token));
    const [last = '', ...tokens] = await Promise.all(Array.from({ length: 5 }, () => newUsersToken(limited)));
    let refused: Awaited<ReturnType<typeof ask>> | undefined;
    for (const token of tokens) {
      for (let count = 0; count < 20 && refused === undefined; count += 1) {
        const answer = await ask(token);
        if (answer.status === 429) refused = answer;
      }
    }
    expect(refused ?? (await ask(last))).toMatchObject({
      status: 429,
      headers: { 'ratelimit-limit': '80', 'ratelimit-remaining': '0', 'retry-after': expect.any(String) },
    });
    const guest = await limited.newToken('owner', await limited.installation.newCaller());
    expect((await ask(guest)).headers).toMatchObject({ 'ratelimit-limit': '20', 'ratelimit-remaining': '19' });
  });
});
