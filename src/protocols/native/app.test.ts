import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeImage } from '../../../test/support/installation.ts';
import { type Answer, createTestApi, type TestApi } from '../../../test/support/native-api.ts';
import type { RefusalCode } from '../../domain/refusal.ts';
import { encodeExtents, extentsMediaType } from '../../lib/extent-stream.ts';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());

const anImage = {
  region: 'north',
  name: 'made over HTTP',
  disks: [{ role: 'system', size: 4096 }],
};
const raw = { 'content-type': 'application/octet-stream' };

async function post(path: string, body: object): Promise<{ id: string } & Record<string, unknown>> {
  const { status, body: answer } = await api.call('POST', path, body);
  expect(status).toBeLessThan(300);
  return answer as { id: string };
}

/** An image with bytes. */
function available(...disks: Uint8Array[]) {
  return makeImage(api.installation.context, api.caller, disks.length > 0 ? disks : [randomBytes(4096)]);
}

function expectProblem(answer: Answer, status: number, code: string, facts: object = {}): void {
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json\b/);
  expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  expect(answer.body).toEqual({ type: `urn:mimeo:problem:${code}`, code, title: expect.any(String), status, ...facts });
  expect(answer.status).toBe(status);
}

describe('the gate', () => {
  it('stands before every route, whatever else is wrong with the request', async () => {
    // The API's fourteen, and HEAD beside each of the seven GETs.
    expect(api.routes.length).toBe(21);
    const requests = [
      ...api.routes.map(({ method, url }) => ({ method, url: url.replaceAll(/:\w+/g, '0') })),
      { method: 'GET', url: '/' },
      { method: 'GET', url: '/api/v1/nothing' },
      { method: 'OPTIONS', url: '/api/v1/images' },
      { method: 'GET', url: '/api/v1/images/%E0%A4%A' },
      { method: 'POST', url: '/api/v1/images', payload: '{', headers: { 'content-type': 'application/json' } },
      { method: 'POST', url: '/api/v1/images', payload: '<a/>', headers: { 'content-type': 'text/xml' } },
    ] as const;
    const { token } = api;
    const wrong = [
      undefined,
      '',
      token,
      `Basic ${token}`,
      'Bearer',
      'Bearer ',
      `Bearer ${token}x`,
      `Bearer ${token.slice(0, -1)}`,
      `Bearer ${token.toUpperCase()}`,
    ];
    for (const request of requests) {
      for (const authorization of wrong) {
        const headers = {
          ...('headers' in request ? request.headers : {}),
          ...(authorization !== undefined && { authorization }),
        };
        const response = await api.app.inject({ ...(request as object), headers } as never);
        const where = `${request.method} ${request.url} with ${authorization}`;
        expect(response.statusCode, where).toBe(401);
        expect(response.headers['www-authenticate'], where).toBe('Bearer');
        expect(response.headers['content-type'], where).toMatch(/^application\/problem\+json\b/);
        expect(response.headers['x-request-id'], where).toMatch(/^[0-9a-f-]{36}$/);
        if (request.method === 'HEAD') continue;
        expect(response.json(), where).toEqual({
          type: 'urn:mimeo:problem:unauthenticated',
          code: 'unauthenticated',
          title: 'the request carries no valid token',
          status: 401,
        });
      }
    }
  });

  it('lets the bearer of the token in, however the scheme is written', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      const answer = await api.call('GET', '/regions', undefined, { authorization: `${scheme} ${api.token}` });
      expect(answer.status).toBe(200);
    }
  });
});

describe('a refusal', () => {
  interface Provoked {
    readonly answer: Answer | Promise<Answer>;
    readonly status: number;
    readonly facts: object;
  }

  /** One request for each no that the core knows. */
  const provoke: { readonly [Code in RefusalCode]: () => Promise<Provoked> } = {
    'request.invalid': async () => ({
      answer: api.call('POST', '/images', { ...anImage, name: ' padded' }),
      status: 400,
      facts: { field: 'name', rule: 'must not begin or end with a space' },
    }),
    'region.not-found': async () => ({
      answer: api.call('POST', '/images', { ...anImage, region: 'west' }),
      status: 404,
      facts: { region: 'west' },
    }),
    'image.not-found': async () => {
      const image = randomUUID();
      return { answer: api.call('GET', `/images/${image}`), status: 404, facts: { image } };
    },
    'image.not-readable': async () => {
      const { id } = await post('/images', anImage);
      const answer = api.call('GET', `/images/${id}/disks/0/content`);
      return { answer, status: 409, facts: { image: id, state: 'queued' } };
    },
    'image.being-copied': async () => {
      const { id } = await available();
      const copy = await post('/copies', { image: id, region: 'south' });
      const answer = await api.call('DELETE', `/images/${id}`);
      await api.call('POST', `/copies/${copy.id}/cancel`);
      return { answer, status: 409, facts: { image: id, copy: copy.id } };
    },
    'image.changing': async () => {
      const copy = await post('/copies', { image: (await available()).id, region: 'south' });
      const image = copy['destinationImageId'];
      const answer = await api.call('DELETE', `/images/${image}`);
      await api.call('POST', `/copies/${copy.id}/cancel`);
      return { answer, status: 409, facts: { image, state: 'queued' } };
    },
    'disk.not-found': async () => {
      const { id } = await available();
      return { answer: api.call('GET', `/images/${id}/disks/1/content`), status: 404, facts: { image: id, disk: 1 } };
    },
    'disk.has-content': async () => {
      const { id } = await available();
      const answer = api.call('PUT', `/images/${id}/disks/0/content`, randomBytes(4096), raw);
      return { answer, status: 409, facts: { image: id, disk: 0 } };
    },
    'disk.upload-in-progress': async () => {
      const { id } = await post('/images', anImage);
      const { db, server } = api.installation.context;
      await db
        .insertInto('uploads')
        .values({ image: id, disk: 0, manifest: randomUUID(), server, lease_until: 0 })
        .execute();
      const answer = await api.call('PUT', `/images/${id}/disks/0/content`, randomBytes(4096), raw);
      await db.deleteFrom('uploads').execute();
      return { answer, status: 409, facts: { image: id, disk: 0 } };
    },
    'disk.unsafe-format': async () => {
      const { id } = await post('/images', { ...anImage, disks: [{ role: 'system', format: 'qcow2', size: 4096 }] });
      const answer = api.call('PUT', `/images/${id}/disks/0/content`, randomBytes(4096), raw);
      return {
        answer,
        status: 422,
        facts: { image: id, disk: 0, reason: expect.stringContaining('declared as qcow2') },
      };
    },
    'upload.incomplete': async () => {
      const { id } = await post('/images', anImage);
      const answer = api.call('PUT', `/images/${id}/disks/0/content`, randomBytes(4095), raw);
      return { answer, status: 400, facts: { image: id, disk: 0, expected: 4096, received: 4095 } };
    },
    'upload.malformed': async () => {
      const { id } = await post('/images', anImage);
      const headers = { 'content-type': extentsMediaType };
      const answer = api.call('PUT', `/images/${id}/disks/0/content`, randomBytes(4096), headers);
      return { answer, status: 400, facts: { image: id, disk: 0, reason: expect.stringContaining('MIMEOEX1') } };
    },
    'copy.not-found': async () => {
      const copy = randomUUID();
      return { answer: api.call('POST', `/copies/${copy}/cancel`), status: 404, facts: { copy } };
    },
    'copy.finished': async () => {
      const { id } = await post('/copies', { image: (await available()).id, region: 'south' });
      await api.call('POST', `/copies/${id}/cancel`);
      return { answer: api.call('POST', `/copies/${id}/cancel`), status: 409, facts: { copy: id, state: 'cancelled' } };
    },
    'store.full': async () => {
      const { id } = await post('/images', anImage);
      api.installation.fail('north', { put: () => ({ throws: 'full' }) });
      const answer = await api.call('PUT', `/images/${id}/disks/0/content`, randomBytes(4096), raw);
      api.installation.fail('north');
      return { answer, status: 507, facts: { region: 'north' } };
    },
  };

  it.each(Object.keys(provoke) as RefusalCode[])('%s is a problem document with its facts', async (code) => {
    const { answer, status, facts } = await provoke[code]();
    expectProblem(await answer, status, code, facts);
  });
});

describe('a request that cannot be meant', () => {
  it.each<[string, [string, string, unknown?, Record<string, string>?], object]>([
    ['malformed JSON', ['POST', '/images', '{"name":', { 'content-type': 'application/json' }], {}],
    ['no body', ['POST', '/images'], { field: 'body' }],
    [
      'an unknown field',
      ['POST', '/images', { ...anImage, colour: 'red' }],
      { field: 'colour', rule: 'is not a field of this request' },
    ],
    [
      'an unknown field inside',
      ['POST', '/images', { ...anImage, disks: [{ role: 'system', size: 1, speed: 9 }] }],
      { field: 'disks.0.speed' },
    ],
    ['a missing field', ['POST', '/images', { region: 'north', disks: anImage.disks }], { field: 'name' }],
    ['no disks', ['POST', '/images', { ...anImage, disks: [] }], { field: 'disks' }],
    [
      'a disk of nothing',
      ['POST', '/images', { ...anImage, disks: [{ role: 'system', size: 0 }] }],
      { field: 'disks.0.size' },
    ],
    [
      'a disk beyond 64 TiB',
      ['POST', '/images', { ...anImage, disks: [{ role: 'system', size: 2 ** 46 + 1 }] }],
      { field: 'disks.0.size' },
    ],
    [
      'half a byte',
      ['POST', '/images', { ...anImage, disks: [{ role: 'system', size: 1.5 }] }],
      { field: 'disks.0.size' },
    ],
    ['an unknown kind', ['POST', '/images', { ...anImage, kind: 'floppy' }], { field: 'kind' }],
    [
      'a character that no text holds',
      ['POST', '/images', { ...anImage, description: 'a\0b' }],
      { field: 'description' },
    ],
    ['one in a tag', ['POST', '/images', { ...anImage, tags: { a: 'a\0b' } }], { field: 'tags.a' }],
    ['one in a query', ['GET', '/images?name=a%00b'], { field: 'name' }],
    ['an unknown query', ['GET', '/images?colour=red'], { field: 'colour' }],
    ['an unknown state', ['GET', '/images?state=lost'], { field: 'state' }],
    ['a limit of 0', ['GET', '/images?limit=0'], { field: 'limit' }],
    ['a limit of 1001', ['GET', '/images?limit=1001'], { field: 'limit' }],
    ['a limit that is no number', ['GET', '/copies?limit=many'], { field: 'limit' }],
    ['half a limit', ['GET', '/copies?limit=1.5'], { field: 'limit' }],
    ['a copy without a region', ['POST', '/copies', { image: 'x' }], { field: 'region' }],
    ['a disk index that is none', ['GET', '/images/x/disks/one/content'], {}],
    ['a disk index that is too large', ['GET', '/images/x/disks/64/content'], {}],
    ['a dry run that is neither', ['POST', '/store/collect', { dryRun: 'perhaps' }], { field: 'dryRun' }],
  ])('%s is refused as request.invalid', async (_, [method, path, body, headers], facts) => {
    const answer = await api.call(method, path, body, headers);
    expect(answer.body).toMatchObject({ code: 'request.invalid', status: 400, title: expect.any(String), ...facts });
    expectProblem(answer, 400, 'request.invalid', answer.body as object);
  });

  it.each<[string, [string, string, unknown?, Record<string, string>?], number]>([
    ['text where JSON belongs', ['POST', '/images', 'name=x', { 'content-type': 'text/plain' }], 415],
    ['XML', ['POST', '/copies', '<a/>', { 'content-type': 'application/xml' }], 415],
    ["JSON for a disk's bytes", ['PUT', '/images/x/disks/0/content', { a: 1 }], 415],
    ["text for a disk's bytes", ['PUT', '/images/x/disks/0/content', 'bytes', { 'content-type': 'text/plain' }], 415],
    ["a disk's bytes where JSON belongs", ['POST', '/images', 'bytes', raw], 415],
    ['more than a mebibyte of JSON', ['POST', '/images', { ...anImage, description: 'x'.repeat(1024 * 1024) }], 413],
  ])('%s is refused', async (_, [method, path, body, headers], status) => {
    const answer = await api.call(method, path, body, headers);
    expect(answer.body).toMatchObject({ code: 'request.invalid', status });
    expectProblem(answer, status, 'request.invalid', answer.body as object);
  });

  it('a malformed URL is refused', async () => {
    const answer = await api.call('GET', '/images/%E0%A4%A');
    expectProblem(answer, 400, 'request.invalid', { title: 'the URL is malformed' });
  });

  it.each([
    ['GET', '/nothing'],
    ['PATCH', '/images'],
    ['DELETE', '/copies/x'],
    ['GET', '/images/x/disks/0'],
  ])('%s %s is no route', async (method, path) => {
    expectProblem(await api.call(method, `${path}?token=secret`), 404, 'route.not-found', {
      title: `there is no ${method} /api/v1${path}`,
    });
  });

  it('an error of ours tells nothing but where to look it up', async () => {
    const { db } = api.installation.context;
    await db.schema.alterTable('copies').renameTo('elsewhere').execute();
    const answer = await api.call('GET', '/copies');
    await db.schema.alterTable('elsewhere').renameTo('copies').execute();
    expectProblem(answer, 500, 'internal', { title: 'internal error', requestId: answer.headers['x-request-id'] });
  });
});

describe('answers', () => {
  it('images: as docs/native-api.md has them, under each id, and gone after DELETE', async () => {
    const created = await api.call('POST', '/images', { ...anImage, tags: { team: 'x' } });
    expect(created.status).toBe(201);
    const snapshot = {
      id: expect.any(String),
      aliyunId: expect.stringMatching(/^s-/),
      jdcloudId: expect.stringMatching(/^snapshot-/),
    };
    expect(created.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      aliyunId: expect.stringMatching(/^m-[a-z0-9]{20}$/),
      jdcloudId: expect.stringMatching(/^img-[a-z0-9]{10}$/),
      region: 'north',
      name: 'made over HTTP',
      description: '',
      kind: 'system-disk',
      rootDevice: 'cloud-disk',
      state: 'queued',
      tags: { team: 'x' },
      sourceImageId: null,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      disks: [{ index: 0, role: 'system', format: null, size: 4096, dataBytes: null, digest: null, snapshot }],
    });
    const image = created.body as { id: string; aliyunId: string; jdcloudId: string };
    for (const id of [image.id, image.aliyunId, image.jdcloudId]) {
      expect(await api.call('GET', `/images/${id}`)).toMatchObject({ status: 200, body: image });
    }
    expect(await api.call('GET', '/images?state=queued&limit=1')).toMatchObject({
      status: 200,
      body: { images: [image] },
    });
    expect(await api.call('DELETE', `/images/${image.id}`)).toMatchObject({ status: 204, body: Buffer.alloc(0) });
    expect(await api.call('DELETE', `/images/${image.id}`)).toMatchObject({ status: 404 });
  });

  it('copies: as docs/native-api.md has them', async () => {
    const { id } = await available();
    const accepted = await api.call('POST', '/copies', { image: id, region: 'south', name: 'copied' });
    expect(accepted.status).toBe(202);
    expect(accepted.body).toEqual({
      id: expect.any(String),
      sourceImageId: id,
      sourceRegion: 'north',
      destinationImageId: expect.any(String),
      destinationRegion: 'south',
      state: 'queued',
      percent: 0,
      bytesTotal: 4096,
      bytesDone: 0,
      bytesMoved: 0,
      bytesPerSecond: 0,
      secondsRemaining: null,
      queuePosition: 1,
      attempts: 0,
      failure: null,
      createdAt: expect.stringMatching(/Z$/),
      startedAt: null,
      finishedAt: null,
    });
    const copy = accepted.body as { id: string };
    expect(await api.call('GET', `/copies/${copy.id}`)).toMatchObject({ status: 200, body: copy });
    expect(await api.call('GET', `/copies?image=${id}`)).toMatchObject({ status: 200, body: { copies: [copy] } });
    const cancelled = await api.call('POST', `/copies/${copy.id}/cancel`);
    expect(cancelled).toMatchObject({
      status: 200,
      body: { id: copy.id, state: 'cancelled', queuePosition: null, finishedAt: expect.stringMatching(/Z$/) },
    });
  });

  it('the installation: status, regions, collect and verify', async () => {
    expect((await api.call('GET', '/status')).body).toMatchObject({ version: '0.0.0', database: { embedded: true } });
    expect((await api.call('GET', '/regions')).body).toEqual({
      regions: ['north', 'south'].map((id) => ({
        id,
        images: expect.any(Number),
        packs: expect.any(Number),
        storedBytes: expect.any(Number),
        condemnedPacks: expect.any(Number),
        condemnedBytes: expect.any(Number),
      })),
    });
    for (const body of [undefined, {}, { dryRun: true }]) {
      expect(await api.call('POST', '/store/collect', body)).toMatchObject({
        status: 200,
        body: {
          regions: ['north', 'south'].map((region) => ({
            region,
            packsRemoved: expect.any(Number),
            bytesFreed: expect.any(Number),
            packsWaiting: expect.any(Number),
            bytesWaiting: expect.any(Number),
            strayBlobs: 0,
          })),
        },
      });
    }
    const { id } = await available(randomBytes(5000));
    expect((await api.call('POST', '/store/verify', { image: id })).body).toEqual({
      disksChecked: 1,
      bytesChecked: 5000,
      damage: [],
    });
    expect(await api.call('POST', '/store/verify')).toMatchObject({ status: 200, body: { damage: [] } });
  });

  it('limits from 1 to 1000, and 1000 without one', async () => {
    for (const query of ['', '?limit=1', '?limit=1000']) {
      expect((await api.call('GET', `/images${query}`)).status).toBe(200);
      expect((await api.call('GET', `/copies${query}`)).status).toBe(200);
    }
    expect((await api.call('GET', '/images?limit=1')).body).toMatchObject({ images: [expect.anything()] });
  });

  it('a disk, uploaded and downloaded in both media types', async () => {
    const bytes = Buffer.concat([randomBytes(100_000), Buffer.alloc(2_000_000), randomBytes(50_000)]);
    const extents = encodeExtents(bytes.length, [
      { offset: 0, bytes: bytes.subarray(0, 100_000) },
      { offset: 2_100_000, bytes: bytes.subarray(2_100_000) },
    ]);
    const pieces: Uint8Array[] = [];
    for await (const piece of extents) pieces.push(Uint8Array.from(piece));
    const body = { ...anImage, disks: [{ role: 'system', size: bytes.length }] };
    for (const [type, content] of [
      ['application/octet-stream', bytes],
      [extentsMediaType, Buffer.concat(pieces)],
    ] as const) {
      const { id } = await post('/images', body);
      const path = `/images/${id}/disks/0/content`;
      expect(await api.call('PUT', path, content, { 'content-type': type })).toMatchObject({
        status: 200,
        body: { id, state: 'available', disks: [{ format: 'raw', digest: expect.any(String) }] },
      });
      const plain = await api.call('GET', path);
      expect(plain).toMatchObject({
        status: 200,
        headers: { 'content-type': 'application/octet-stream', 'content-length': String(bytes.length) },
      });
      expect((plain.body as Buffer).equals(bytes)).toBe(true);
      const sparse = await api.call('GET', path, undefined, { accept: extentsMediaType });
      expect(sparse).toMatchObject({ status: 200, headers: { 'content-type': extentsMediaType } });
      expect((sparse.body as Buffer).length).toBeLessThan(300_000);
    }
  });
});
