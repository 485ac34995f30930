import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeImage, until } from '../../../test/support/installation.ts';
import { type Answer, createTestApi, type TestApi } from '../../../test/support/native-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi({ limits: { requestSeconds: 1 } });
});
afterAll(() => api.close());

const anImage = { region: 'north', name: 'made over HTTP', disks: [{ role: 'system', size: 4096 }] };
const json = { 'content-type': 'application/json' };

type Thing = Readonly<Record<string, unknown>> & { readonly id: string };

async function make<Made = Thing>(path: string, body?: object): Promise<Made> {
  const answer = await api.call('POST', path, body);
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return answer.body as Made;
}

function available() {
  return makeImage(api.installation.context, api.caller, [randomBytes(4096)]);
}

function expectProblem(answer: Answer, status: number, code: string, facts: object = {}): void {
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json\b/);
  expect(answer.body).toMatchObject({ type: `urn:mimeo:problem:${code}`, code, status, ...facts });
  expect(answer.status).toBe(status);
}

type Request = [method: string, path: string, body?: unknown, headers?: Record<string, string>];

describe('a request that cannot be meant', () => {
  const copies = { images: ['x'], regions: ['south'] };
  const disk = { role: 'system', size: 1 };
  it.each<[string, Request, object]>([
    ['malformed JSON', ['POST', '/images', '{"name":', json], { field: 'body' }],
    ['an empty body of JSON', ['POST', '/images', '', json], { field: 'body' }],
    ['no body', ['POST', '/images'], { field: 'body' }],
    ['a body of null', ['POST', '/images', 'null', json], { field: 'body' }],
    ['a body that is a list', ['POST', '/images', [anImage]], { field: 'body' }],
    ['a body where there is none', ['POST', '/copies/x/cancel', { force: true }], { field: 'force' }],
    ["an object's prototype", ['POST', '/images', '{"__proto__":{"a":1}}', json], { field: 'body' }],
    ["an object's constructor", ['POST', '/images', '{"constructor":{"prototype":{}}}', json], { field: 'body' }],
    ['an unknown field', ['POST', '/images', { ...anImage, colour: 'red' }], { field: 'colour' }],
    [
      'an unknown field inside',
      ['POST', '/images', { ...anImage, disks: [{ ...disk, speed: 9 }] }],
      { field: 'disks.0.speed' },
    ],
    ['a missing field', ['POST', '/images', { region: 'north', disks: anImage.disks }], { field: 'name' }],
    ['a name of another type', ['POST', '/images', { ...anImage, name: 7 }], { field: 'name' }],
    ['a name that is too long', ['POST', '/images', { ...anImage, name: 'x'.repeat(129) }], { field: 'name' }],
    [
      'a description that is too long',
      ['POST', '/images', { ...anImage, description: 'x'.repeat(1025) }],
      { field: 'description' },
    ],
    [
      '21 tags',
      ['POST', '/images', { ...anImage, tags: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [i, ''])) }],
      { field: 'tags' },
    ],
    ['no disks', ['POST', '/images', { ...anImage, disks: [] }], { field: 'disks' }],
    [
      '65 disks',
      ['POST', '/images', { ...anImage, disks: Array.from({ length: 65 }, () => disk) }],
      { field: 'disks' },
    ],
    [
      'a disk of nothing',
      ['POST', '/images', { ...anImage, disks: [{ ...disk, size: 0 }] }],
      { field: 'disks.0.size' },
    ],
    [
      'a disk beyond 64 TiB',
      ['POST', '/images', { ...anImage, disks: [{ ...disk, size: 2 ** 46 + 1 }] }],
      { field: 'disks.0.size' },
    ],
    ['half a byte', ['POST', '/images', { ...anImage, disks: [{ ...disk, size: 1.5 }] }], { field: 'disks.0.size' }],
    ['an unknown kind', ['POST', '/images', { ...anImage, kind: 'floppy' }], { field: 'kind' }],
    ['U+0000', ['POST', '/images', { ...anImage, description: 'a\0b' }], { field: 'description' }],
    [
      'half of a surrogate pair',
      ['POST', '/images', '{"region":"north","name":"\\ud800","disks":[]}', json],
      { field: 'name' },
    ],
    ['U+0000 in a tag', ['POST', '/images', { ...anImage, tags: { a: 'a\0b' } }], { field: 'tags.a' }],
    ['U+0000 in a query', ['GET', '/images?name=a%00b'], { field: 'name' }],
    ['U+0000 in a path', ['GET', '/images/%00'], { field: 'image' }],
    ['U+0000 in the path of a content', ['GET', '/images/%00/disks/0/content'], { field: 'id' }],
    ['visibility that comes of sharing', ['PATCH', '/images/x', { visibility: 'shared' }], { field: 'visibility' }],
    ['an unknown query', ['GET', '/images?colour=red'], { field: 'colour' }],
    ['an unknown query where there is none', ['GET', '/whoami?colour=red'], { field: 'colour' }],
    ['an unknown state', ['GET', '/images?state=lost'], { field: 'state.0' }],
    ['an unknown sort', ['GET', '/images?sort=colour'], { field: 'sort' }],
    ['a time that is none', ['GET', '/images?createdAfter=yesterday'], { field: 'createdAfter' }],
    ['one query twice', ['GET', '/images?name=a&name=b'], { field: 'name' }],
    ['a limit of 0', ['GET', '/images?limit=0'], { field: 'limit' }],
    ['a limit of 1001', ['GET', '/images?limit=1001'], { field: 'limit' }],
    ['a limit beyond all numbers', ['GET', '/events?limit=1e999'], { field: 'limit' }],
    ['a limit that is no number', ['GET', '/copies?limit=many'], { field: 'limit' }],
    ['an event before all', ['GET', '/events?after=-1'], { field: 'after' }],
    ['an event beyond all numbers', ['GET', '/events?after=1e300'], { field: 'after' }],
    ['a cursor that is nonsense', ['GET', '/images?cursor=nonsense'], { field: 'cursor' }],
    ['a cursor that is nothing', ['GET', '/users?cursor='], { field: 'cursor' }],
    ['a copy without regions', ['POST', '/copies', { images: ['x'] }], { field: 'regions' }],
    ['a copy of nothing', ['POST', '/copies', { images: [], regions: ['south'] }], { field: 'images' }],
    ['one name for two copies', ['POST', '/copies', { ...copies, images: ['x', 'y'], name: 'z' }], { field: 'name' }],
    ['a user called self', ['POST', '/users', { name: 'self', role: 'viewer' }], { field: 'name' }],
    ['a role that is none', ['POST', '/users', { name: 'x', role: 'king' }], { field: 'role' }],
    ['a password of seven', ['PUT', '/users/self/password', { password: '1234567' }], { field: 'password' }],
    ['a grace time of years', ['POST', '/access-keys/x/rotate', { graceSeconds: -1 }], { field: 'graceSeconds' }],
    ['a session of years', ['POST', '/sessions', { seconds: 1e9 }], { field: 'seconds' }],
    ['an agency that grants nothing', ['POST', '/agencies', { name: 'x', grants: [] }], { field: 'grants' }],
    [
      'an agency that has ended',
      ['POST', '/agencies', { name: 'x', grants: [{ role: 'viewer' }], expiresAt: '2020-01-01T00:00:00Z' }],
      { field: 'expiresAt' },
    ],
    [
      'a webhook for what never happens',
      ['POST', '/webhooks', { url: 'https://a.example/', types: ['image.sung'] }],
      { field: 'types' },
    ],
    ['a disk index that is none', ['GET', '/images/x/disks/one/content'], {}],
    ['a disk index that is too large', ['GET', '/images/x/disks/64/content'], {}],
    ['a dry run that is neither', ['POST', '/store/collect', { dryRun: 'perhaps' }], { field: 'dryRun' }],
    [
      'an idempotency key of 65 characters',
      ['POST', '/images', anImage, { 'idempotency-key': 'x'.repeat(65) }],
      { field: 'Idempotency-Key' },
    ],
    ['an empty idempotency key', ['POST', '/images', anImage, { 'idempotency-key': '' }], { field: 'Idempotency-Key' }],
    [
      'an idempotency key for a secret',
      ['POST', '/sessions', {}, { 'idempotency-key': 'x' }],
      { field: 'Idempotency-Key' },
    ],
    ['an If-Match that is no tag', ['PATCH', '/images/x', {}, { 'if-match': '3' }], { field: 'If-Match' }],
    ['a malformed URL', ['GET', '/images/%E0%A4%A'], { field: 'url' }],
  ])('%s is refused as request.invalid', async (_, request, facts) => {
    expectProblem(await api.call(...request), 400, 'request.invalid', { rule: expect.any(String), ...facts });
  });

  it.each<[string, Request]>([
    ['text where JSON belongs', ['POST', '/images', 'name=x', { 'content-type': 'text/plain' }]],
    ['XML', ['POST', '/copies', '<a/>', { 'content-type': 'application/xml' }]],
    ['JSON in another alphabet', ['POST', '/copies', '{}', { 'content-type': 'application/json; charset=utf-16' }]],
    ['a patch of JSON', ['PATCH', '/images/x', '{}', { 'content-type': 'application/merge-patch+json' }]],
    ["JSON for a disk's bytes", ['PUT', '/images/x/disks/0/content', { a: 1 }]],
    ["a disk's bytes where JSON belongs", ['POST', '/images', 'x', { 'content-type': 'application/octet-stream' }]],
  ])('%s is refused as request.media-type', async (_, request) => {
    expectProblem(await api.call(...request), 415, 'request.media-type');
  });

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    '%s is taken',
    async (type) => {
      expect((await api.call('POST', '/images', JSON.stringify(anImage), { 'content-type': type })).status).toBe(201);
    },
  );

  it('more than a mebibyte of JSON is refused', async () => {
    const body = { ...anImage, description: 'x'.repeat(1024 * 1024) };
    expectProblem(await api.call('POST', '/images', body), 413, 'request.too-large', { limit: 1024 * 1024 });
  });

  it('a body that does not arrive is given up', async () => {
    const headers = { authorization: `Bearer ${api.token}`, ...json, 'content-length': '100' };
    const { status, text } = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const slow = httpRequest(`${api.url}/images`, { method: 'POST', headers }, (response) => {
        response.setEncoding('utf8').once('data', (text: string) => {
          resolve({ status: response.statusCode, text });
          slow.destroy();
        });
      });
      slow.once('error', reject);
      slow.write('{');
    });
    expect([status, JSON.parse(text).code]).toEqual([408, 'request.timeout']);
  });

  it.each([
    ['GET', '/nothing'],
    ['GET', '/images/x/disks/0'],
    ['POST', '/image'],
  ])('%s %s is no route', async (method, path) => {
    const facts = { method, path: `/api/v1${path}` };
    expectProblem(await api.call(method, `${path}?token=secret`), 404, 'route.not-found', facts);
  });

  it.each([
    ['PATCH', '/images', 'GET, HEAD, OPTIONS, POST'],
    ['DELETE', '/copies/x', 'GET, HEAD, OPTIONS'],
    ['GET', '/copies/x/cancel', 'OPTIONS, POST'],
    ['HEAD', '/copies/x/events', 'GET, OPTIONS'],
    ['POST', '/images/x/disks/0/content', 'GET, HEAD, OPTIONS, PATCH, PUT'],
  ])('%s %s is told which methods there are', async (method, path, allow) => {
    const answer = await api.call(method, path, method === 'PATCH' ? 'not read' : undefined);
    expect([answer.status, sorted(answer.headers['allow'])]).toEqual([405, allow]);
    if (method !== 'HEAD') expectProblem(answer, 405, 'method.not-allowed', { method });
    const options = await api.call('OPTIONS', path);
    expect([options.status, sorted(options.headers['allow'])]).toEqual([204, allow]);
  });

  function sorted(allow: unknown): string {
    return String(allow).split(', ').sort().join(', ');
  }

  it('an error of ours tells nothing but where to look it up', async () => {
    const { db } = api.installation.context;
    await db.schema.alterTable('copies').renameTo('elsewhere').execute();
    const answer = await api.call('GET', '/copies');
    await db.schema.alterTable('elsewhere').renameTo('copies').execute();
    expect(answer.body).toEqual({
      type: 'urn:mimeo:problem:internal',
      code: 'internal',
      title: 'internal error',
      status: 500,
      requestId: answer.headers['x-request-id'],
    });
  });
});

describe('answers', () => {
  it('are not to be kept, and have an id', async () => {
    for (const [method, path] of [
      ['GET', '/regions'],
      ['HEAD', '/regions'],
      ['GET', '/nothing'],
      ['GET', '/images/%00'],
    ] as const) {
      const { headers } = await api.call(method, path);
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('an image, under each id, and gone after DELETE', async () => {
    const created = await api.call('POST', '/images', { ...anImage, tags: { team: 'x' } });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      owner: { id: api.caller.accountId, name: api.caller.accountName, number: String(api.caller.accountNumber) },
      region: 'north',
      name: 'made over HTTP',
      description: '',
      kind: 'system-disk',
      rootDevice: 'cloud-disk',
      state: 'queued',
      visibility: 'private',
      protected: false,
      tags: { team: 'x' },
      revision: 1,
      disks: [{ index: 0, role: 'system', format: null, size: 4096, dataBytes: null, digest: null }],
    });
    const image = created.body as { id: string; aliyunId: string; jdcloudId: string };
    for (const id of [image.id, image.aliyunId, image.jdcloudId]) {
      expect(await api.call('GET', `/images/${id}`)).toMatchObject({ status: 200, body: image });
    }
    expect(await api.call('DELETE', `/images/${image.id}`)).toMatchObject({ status: 204, body: Buffer.alloc(0) });
    expect(await api.call('DELETE', `/images/${image.id}`)).toMatchObject({ status: 404 });
  });

  it('the document that describes them', async () => {
    const { status, body } = await api.call('GET', '/openapi.json');
    expect([status, body]).toMatchObject([200, { openapi: '3.1.1', paths: { '/images': { get: expect.anything() } } }]);
  });

  it('in pages, with the cursor of the same list only', async () => {
    const names = ['page-a', 'page-b', 'page-c'];
    for (const name of names) await make('/images', { ...anImage, name, tags: { paged: 'yes' } });
    interface Page {
      images: { name: string }[];
      nextCursor: string | null;
    }
    const list = async (query: string) => (await api.call('GET', `/images?tag=paged:yes&${query}`)).body as Page;
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let page = 0; page < 3 && cursor !== null; page += 1) {
      const { images, nextCursor }: Page = await list(`sort=-name&limit=1${cursor && `&cursor=${cursor}`}`);
      seen.push(...images.map(({ name }) => name));
      cursor = nextCursor;
    }
    expect([seen, cursor]).toEqual([names.toReversed(), null]);
    const { nextCursor } = await list('sort=-name&limit=1');
    for (const path of [
      `/images?tag=paged:yes&sort=name&cursor=${nextCursor}`,
      `/images?tag=paged&sort=-name&cursor=${nextCursor}`,
      `/users?cursor=${nextCursor}`,
    ]) {
      expectProblem(await api.call('GET', path), 400, 'request.invalid', { field: 'cursor' });
    }
  });

  it('states and tags that are asked for together', async () => {
    await make('/images', { ...anImage, name: 'filtered', tags: { a: '1', b: '2' } });
    const found = await api.call('GET', '/images?state=queued&state=failed&tag=a&tag=b:2');
    expect(found.body).toMatchObject({ images: [{ name: 'filtered' }], nextCursor: null });
    expect((await api.call('GET', '/images?tag=a&tag=b:3')).body).toMatchObject({ images: [] });
  });
});

describe('conditions', () => {
  it('If-Match lets a change through while nobody else has made one', async () => {
    const { id } = await make('/images', anImage);
    const path = `/images/${id}`;
    const shown = await api.call('GET', path);
    expect(shown.headers['etag']).toBe('"1"');
    const changed = await api.call('PATCH', path, { name: 'new' }, { 'if-match': '"1"' });
    expect([changed.status, changed.headers['etag']]).toEqual([200, '"2"']);
    for (const stale of ['"1"', 'W/"2"', '"two"']) {
      const facts = { image: id, revision: 2 };
      expectProblem(
        await api.call('PATCH', path, { name: 'x' }, { 'if-match': stale }),
        412,
        'precondition.failed',
        facts,
      );
      expectProblem(
        await api.call('DELETE', path, undefined, { 'if-match': stale }),
        412,
        'precondition.failed',
        facts,
      );
    }
    expect((await api.call('PATCH', path, { name: 'any' }, { 'if-match': '*' })).status).toBe(200);
    expect((await api.call('DELETE', path, undefined, { 'if-match': '"3"' })).status).toBe(204);
  });

  it('If-None-Match saves what has not changed', async () => {
    const { id } = await make('/images', anImage);
    for (const known of ['"1"', 'W/"1"', '"7", "1"', '*']) {
      const answer = await api.call('GET', `/images/${id}`, undefined, { 'if-none-match': known });
      expect([answer.status, answer.headers['etag'], answer.body]).toEqual([304, '"1"', Buffer.alloc(0)]);
    }
    expect((await api.call('GET', `/images/${id}`, undefined, { 'if-none-match': '"2"' })).status).toBe(200);
  });
});

describe('an idempotency key', () => {
  it('makes one thing of two requests', async () => {
    const source = await available();
    for (const [path, body] of [
      ['/images', anImage],
      ['/copies', { images: [source.id], regions: ['south'] }],
      ['/users', { name: 'once', role: 'viewer' }],
      ['/projects', { region: 'south', name: 'once' }],
      ['/agencies', { name: 'once', grants: [{ role: 'viewer' }] }],
      ['/resource-groups', { name: 'once' }],
    ] as const) {
      const headers = { 'idempotency-key': `key-of${path}` };
      const first = await api.call('POST', path, body, headers);
      expect([first.status, first.headers['idempotency-replayed']]).toEqual([
        path === '/copies' ? 202 : 201,
        undefined,
      ]);
      const again = await api.call('POST', path, body, headers);
      expect([again.status, again.headers['idempotency-replayed']]).toEqual([first.status, 'true']);
      expect(again.body).toEqual(first.body);
      const other = await api.call(
        'POST',
        path,
        { ...body, ...('name' in body ? { name: 'else' } : { description: 'else' }) },
        headers,
      );
      expectProblem(other, 422, 'request.idempotency-mismatch', { token: `key-of${path}` });
      const { id } = first.body as { id?: string };
      if (id !== undefined) expect((await api.call('DELETE', `${path}/${id}`)).status).toBe(204);
    }
  });
});

describe('copies', () => {
  it('are asked for together, planned, listed and told as events', async () => {
    const { id } = await available();
    const body = { images: [id], regions: ['south', 'north'], name: 'copied' };
    const plan = await api.call('POST', '/copies/plan', body);
    expect(plan.body).toMatchObject({
      allowed: true,
      items: [
        { image: id, region: 'south', bytesTotal: 4096, bytesToMove: expect.any(Number) },
        { image: id, region: 'north', bytesToMove: 0 },
      ],
    });
    const { request, copies } = await make<{ request: string; copies: Thing[] }>('/copies', body);
    expect(copies).toMatchObject([
      { sourceImageId: id, destinationRegion: 'south', state: 'queued', percent: 0, request },
      { destinationRegion: 'north', request },
    ]);
    expect((await api.call('GET', `/copies?request=${request}&sort=createdAt&state=queued`)).body).toMatchObject({
      copies: expect.arrayContaining(copies),
      nextCursor: null,
    });

    const watched = api.call('GET', `/copies/events?request=${request}`);
    await sleep(50);
    for (const copy of copies) await api.call('POST', `/copies/${copy.id}/cancel`);
    const { status, headers, body: stream } = await watched;
    expect([status, headers['content-type']]).toEqual([200, 'text/event-stream']);
    const told = String(stream).trim().split('\n\n');
    expect(told.length).toBeGreaterThanOrEqual(2);
    for (const event of told) expect(event).toMatch(/^event: copy\ndata: \{.*\}$/);
    const states = told.map((event) => JSON.parse(event.replace(/^event: copy\ndata: /, '')).state);
    expect(states.filter((state) => state === 'cancelled')).toHaveLength(2);

    const { id: first = '' } = copies[0] ?? {};
    const retried = await api.call('POST', `/copies/${first}/retry`);
    expect(retried).toMatchObject({ status: 202, body: { retryOf: first, state: 'queued' } });
    await api.call('POST', `/copies/${(retried.body as Thing).id}/cancel`);
  });

  it('are watched by 16 at most, and no longer than the client stays', async () => {
    const { copies } = await make<{ copies: Thing[] }>('/copies', {
      images: [(await available()).id],
      regions: ['south'],
    });
    const path = `/copies/${copies[0]?.id}/events`;
    const gone = new AbortController();
    const headers = { authorization: `Bearer ${api.token}` };
    const watch = () => fetch(`${api.url}${path}`, { headers, signal: gone.signal });
    const streams = await Promise.all(Array.from({ length: 16 }, watch));
    expect(streams.map(({ status }) => status)).toEqual(Array(16).fill(200));
    expectProblem(await api.call('GET', path), 429, 'rate.limited');
    gone.abort();
    await expect
      .poll(async () => {
        const one = new AbortController();
        const { status } = await fetch(`${api.url}${path}`, { headers, signal: one.signal });
        one.abort();
        return status;
      })
      .toBe(200);
    await api.call('POST', `/copies/${copies[0]?.id}/cancel`);
  });
});

describe('what the account has', () => {
  it('users, keys, sessions, projects, agencies and groups can be made, shown, changed and deleted', async () => {
    const user = await make('/users', { name: 'ann', role: 'viewer' });
    expect((await api.call('PATCH', '/users/ann', { role: 'operator' })).body).toMatchObject({
      ...user,
      role: 'operator',
    });
    const key = await make<Thing & { secret: string }>('/users/ann/access-keys', { description: 'laptop' });
    const { secret, ...shown } = key;
    expect(secret.length).toBeGreaterThan(30);
    expect((await api.call('GET', '/users/ann/access-keys')).body).toEqual({ accessKeys: [shown] });
    const ann = async () => (await api.call('GET', '/users/ann')).body;
    expect(await ann()).toMatchObject({ hasPassword: false });
    expect((await api.call('PUT', '/users/ann/password', { password: 'correct horse' })).status).toBe(204);
    expect(await ann()).toMatchObject({ hasPassword: true });
    expect((await api.call('DELETE', '/users/ann/password')).status).toBe(204);
    expect(await ann()).toMatchObject({ hasPassword: false });
    expect((await api.call('DELETE', '/users/ann')).status).toBe(204);

    const project = await make('/projects', { region: 'south', name: 'staging' });
    expect((await api.call('GET', '/projects?region=south')).body).toMatchObject({
      projects: expect.arrayContaining([project]),
    });
    expect((await api.call('DELETE', `/projects/${project.id}`)).status).toBe(204);

    const agency = await make('/agencies', {
      name: 'helpers',
      grants: [{ role: 'viewer' }, { role: 'owner', title: 'Security Administrator', isGlobal: true }],
      expiresAt: '2099-01-01T00:00:00+01:00',
    });
    expect(agency).toMatchObject({
      grants: [
        { projectId: null, role: 'viewer', title: '', isGlobal: false },
        { projectId: null, role: 'owner', title: 'Security Administrator', isGlobal: true },
      ],
      expiresAt: '2098-12-31T23:00:00.000Z',
    });
    expect((await api.call('PATCH', '/agencies/helpers', { expiresAt: null })).body).toMatchObject({ expiresAt: null });
    expect((await api.call('DELETE', '/agencies/helpers')).status).toBe(204);

    const group = await make('/resource-groups', { name: 'base' });
    expect((await api.call('PATCH', `/resource-groups/${group.id}`, { disabled: true })).body).toMatchObject({
      disabled: true,
    });
    expect((await api.call('GET', '/resource-groups')).body).toMatchObject({ resourceGroups: [{ id: group.id }] });
  });

  it('events, of which a follower misses none', async () => {
    interface Page {
      events: { id: number; type: string }[];
    }
    const newest = (await api.call('GET', '/events?limit=1')).body as Page;
    const { id } = await make('/images', anImage);
    await api.call('PATCH', `/images/${id}`, { name: 'seen' });
    const follow = async () =>
      ((await api.call('GET', `/events?resource=${id}&after=${newest.events[0]?.id}`)).body as Page).events;
    // What is younger than somebody's open transaction is not shown yet, and other tests have such.
    await until(async () => (await follow()).length === 2);
    expect((await follow()).map(({ type }) => type)).toEqual(['image.create', 'image.update']);
    expect((await api.call('GET', '/events?type=image.*&outcome=succeeded&limit=1')).body).toMatchObject({
      events: [{ actor: { user: api.caller.userId }, protocol: 'native' }],
      nextCursor: expect.any(String),
    });
  });

  it('shares, from the invitation to the answer', async () => {
    const { id } = await available();
    const guest = await api.installation.newCaller();
    const headers = { authorization: `Bearer ${await api.newToken('owner', guest)}` };
    const invited = await api.call('PUT', `/images/${id}/members/${guest.accountNumber}`);
    expect(invited.body).toMatchObject({ imageId: id, account: { id: guest.accountId }, status: 'pending' });
    // Whoever has not accepted may look at the image, but not at what is on its disks.
    expect((await api.call('GET', `/images/${id}`, undefined, headers)).status).toBe(200);
    expect((await api.call('HEAD', `/images/${id}/disks/0/content`, undefined, headers)).status).toBe(404);
    expect((await api.call('GET', '/shares?status=pending', undefined, headers)).body).toMatchObject({
      shares: [{ image: { id }, status: 'pending' }],
    });
    const answered = await api.call('PATCH', `/shares/${id}`, { status: 'accepted' }, headers);
    expect(answered.body).toMatchObject({ status: 'accepted', image: { visibility: 'shared' } });
    expect((await api.call('GET', '/images?owner=shared', undefined, headers)).body).toMatchObject({
      images: [{ id }],
    });
    expect((await api.call('GET', `/images/${id}/members`)).body).toMatchObject({ members: [{ status: 'accepted' }] });
    expect((await api.call('DELETE', `/images/${id}/members/${guest.accountName}`)).status).toBe(204);
    expect((await api.call('GET', `/images/${id}`, undefined, headers)).status).toBe(404);
  });

  it('tags and quotas', async () => {
    const { id } = await make('/images', { ...anImage, name: 'tagged' });
    expect((await api.call('PUT', `/images/${id}/tags/a%2Fb`, { value: 'c' })).status).toBe(204);
    expect((await api.call('GET', '/tags?region=north')).body).toMatchObject({
      tags: expect.arrayContaining([{ key: 'a/b', values: [{ value: 'c', images: 1 }] }]),
    });
    expect((await api.call('DELETE', `/images/${id}/tags/a%2Fb`)).status).toBe(204);
    expect((await api.call('GET', '/quotas?region=north')).body).toMatchObject({
      quotas: [{ region: 'north', images: { used: expect.any(Number), limit: 1e9 }, copies: { limit: 2 } }],
    });
  });

  it('of the installation, for those who run it', async () => {
    const headers = { authorization: `Bearer ${await api.newToken('owner', api.installation.operator)}` };
    const admin = (...[method, path, body]: Request) => api.call(method, path, body, headers);
    expect((await admin('GET', '/status')).body).toMatchObject({ version: '0.0.0', database: { embedded: true } });
    expect((await admin('GET', '/regions')).body).toMatchObject({
      regions: [{ id: 'north', images: expect.any(Number) }, {}],
    });
    expect((await api.call('GET', '/regions')).body).toMatchObject({ regions: [{ id: 'north', images: null }, {}] });
    for (const body of [undefined, {}, { dryRun: true }]) {
      expect((await admin('POST', '/store/collect', body)).body).toMatchObject({ regions: [{ region: 'north' }, {}] });
    }
    expect(await admin('POST', '/store/verify')).toMatchObject({ status: 200, body: { damage: [] } });
    const made = (await admin('POST', '/accounts', { name: 'team-a' })).body as { account: Thing };
    expect(made).toMatchObject({ owner: { name: 'owner' }, accessKey: { secret: expect.any(String) } });
    expect((await admin('PUT', `/accounts/team-a/quotas/north`, { images: 7 })).body).toMatchObject({
      images: { limit: 7 },
    });
    expect((await admin('POST', '/accounts/team-a/access-keys', {})).status).toBe(201);
    expect((await admin('PATCH', '/accounts/team-a', { disabled: true })).body).toMatchObject({ disabled: true });
    expect((await admin('GET', '/accounts?limit=1')).body).toMatchObject({ nextCursor: expect.any(String) });
  });
});
