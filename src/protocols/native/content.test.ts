import { randomBytes } from 'node:crypto';
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { type FastifyInstance, fastify } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeImage, until } from '../../../test/support/installation.ts';
import { createTestApi, type TestApi } from '../../../test/support/native-api.ts';
import type { Caller } from '../../app/context.ts';
import { findImage } from '../../app/find-image.ts';
import {
  decodeExtents,
  ExtentStreamError,
  encodeExtents,
  extentsMediaType,
  type Run,
} from '../../lib/extent-stream.ts';
import { createTransfers } from '../shared/transfers.ts';
import { contentRoutes } from './content.ts';

const MiB = 1024 * 1024;
const rawMediaType = 'application/octet-stream';
const partialMediaType = 'application/partial-upload';
let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterEach(async () => {
  api.installation.fail('north');
  await api.installation.expectSound();
});
afterAll(() => api.close());

async function newImage(size: number): Promise<string> {
  const disks = [{ role: 'system', size }];
  const { body } = await api.call('POST', '/images', { region: 'north', name: 'image', disks });
  return (body as { id: string }).id;
}

async function stateOf(image: string): Promise<string> {
  return (await findImage(api.installation.context, api.caller, image)).state;
}

/** What is known of the disk before its bytes are asked for. */
async function head(image: string): Promise<IncomingMessage> {
  const sent = open('HEAD', image, {});
  sent.end();
  return await new Promise((resolve, reject) => sent.once('response', resolve).once('error', reject));
}

function patch(
  image: string,
  bytes: Uint8Array,
  { offset, complete = '?1', type = partialMediaType }: { offset: number; complete?: string; type?: string },
): ReturnType<typeof answerTo> {
  const headers = { 'content-type': type, 'upload-offset': offset, 'upload-complete': complete };
  const sent = open('PATCH', image, headers);
  const answer = answerTo(sent);
  sent.end(bytes);
  return answer;
}

/** A request over a socket of its own, to be written to and broken off. */
function open(method: string, image: string, headers: Record<string, string | number>): ClientRequest {
  const authorization = `Bearer ${api.token}`;
  const url = `${api.url}/images/${image}/disks/0/content`;
  return request(url, { method, headers: { authorization, ...headers }, agent: false });
}

async function answerTo(
  sent: ClientRequest,
): Promise<{ status: number | undefined; headers: IncomingHttpHeaders; body: unknown }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject);
  });
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece);
  const text = Buffer.concat(pieces).toString();
  return { status: response.statusCode, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

function download(image: string, accept: string): Promise<Response> {
  const headers = { authorization: `Bearer ${api.token}`, accept };
  return fetch(`${api.url}/images/${image}/disks/0/content`, { headers });
}

async function collected(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(Uint8Array.from(piece));
  return Buffer.concat(pieces);
}

describe('PUT', () => {
  it('takes a body of unknown length, if it ends with the disk', async () => {
    const bytes = randomBytes(300_000);
    const image = await newImage(bytes.length);
    for (const received of [bytes.length - 1, bytes.length + 1]) {
      const sent = open('PUT', image, { 'content-type': rawMediaType, 'transfer-encoding': 'chunked' });
      const answer = answerTo(sent);
      sent.end(Buffer.concat([bytes, bytes]).subarray(0, received));
      expect(await answer).toMatchObject({
        status: 400,
        body: { code: 'upload.incomplete', image, disk: 0, expected: bytes.length },
      });
      expect(await stateOf(image)).toBe('queued');
    }
    const sent = open('PUT', image, { 'content-type': rawMediaType, 'transfer-encoding': 'chunked' });
    const answer = answerTo(sent);
    sent.end(bytes);
    expect(await answer).toMatchObject({ status: 200, body: { state: 'available' } });
    expect(Buffer.from(await (await download(image, rawMediaType)).arrayBuffer()).equals(bytes)).toBe(true);
  });

  it.each([rawMediaType, extentsMediaType])('of %s that breaks off can be gone on with', async (type) => {
    const logged = vi.spyOn(api.installation.context.logger, 'error');
    const bytes = randomBytes(4 * MiB);
    const image = await newImage(bytes.length);
    const whole = await (type === rawMediaType
      ? bytes
      : collected(encodeExtents(bytes.length, [{ offset: 0, bytes }])));
    const sent = open('PUT', image, { 'content-type': type, 'content-length': whole.length });
    sent.on('error', () => {});
    sent.write(whole.subarray(0, 2.5 * MiB));
    await until(async () => (await stateOf(image)) === 'uploading');
    sent.destroy();
    await until(async () => (await head(image)).headers['upload-offset'] === String(2 * MiB));
    expect(await head(image)).toMatchObject({
      statusCode: 204,
      headers: {
        'upload-complete': '?0',
        'upload-length': String(bytes.length),
        'upload-limit': expect.stringMatching(
          /^max-size=4194304, min-size=4194304, min-append-size=1048576, max-age=3\d\d\d$/,
        ),
        'cache-control': 'no-store',
      },
    });
    await api.installation.expectSound();
    expect(logged).not.toHaveBeenCalled();

    const rest = [{ offset: 2 * MiB, bytes: bytes.subarray(2 * MiB) }];
    const part = type === rawMediaType ? bytes.subarray(2 * MiB) : await collected(encodeExtents(bytes.length, rest));
    const answer = await patch(image, part, { type: type === rawMediaType ? partialMediaType : type, offset: 2 * MiB });
    expect(answer).toMatchObject({ status: 200, body: { state: 'available' } });
    expect(Buffer.from(await (await download(image, rawMediaType)).arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('of a part waits for the others, the last of which may be empty', async () => {
    const bytes = randomBytes(2 * MiB + 10);
    const image = await newImage(bytes.length);
    const sent = open('PUT', image, { 'content-type': rawMediaType, 'upload-complete': '?0' });
    const answer = answerTo(sent);
    sent.end(bytes.subarray(0, 1.5 * MiB));
    expect(await answer).toMatchObject({
      status: 204,
      headers: { 'upload-offset': String(MiB), 'upload-complete': '?0' },
    });
    const second = await patch(image, bytes.subarray(MiB), { offset: MiB, complete: '?0' });
    expect(second).toMatchObject({ status: 204, headers: { 'upload-offset': String(bytes.length) } });
    expect(await stateOf(image)).toBe('uploading');
    const last = await patch(image, Buffer.alloc(0), { offset: bytes.length });
    expect(last).toMatchObject({ status: 200, body: { state: 'available' }, headers: { 'upload-complete': '?1' } });
    expect(Buffer.from(await (await download(image, rawMediaType)).arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('of an extent stream without its end is refused', async () => {
    const bytes = randomBytes(100_000);
    const image = await newImage(bytes.length);
    const whole = await collected(encodeExtents(bytes.length, [{ offset: 0, bytes }]));
    const sent = open('PUT', image, { 'content-type': extentsMediaType });
    const answer = answerTo(sent);
    sent.end(whole.subarray(0, -24));
    expect(await answer).toMatchObject({
      status: 400,
      body: { code: 'upload.malformed', image, disk: 0, reason: expect.stringContaining('broke off') },
    });
    expect(await stateOf(image)).toBe('queued');
  });

  it('of an extent stream for another size is refused', async () => {
    const image = await newImage(100_000);
    const sent = open('PUT', image, { 'content-type': extentsMediaType });
    const answer = answerTo(sent);
    sent.end(await collected(encodeExtents(100_001, [])));
    expect(await answer).toMatchObject({
      status: 400,
      body: { code: 'upload.incomplete', image, disk: 0, expected: 100_000, received: 100_001 },
    });
  });

  it('is answered before its body has come when it is refused', async () => {
    const { id } = await makeImage(api.installation.context, api.caller, [randomBytes(4096)]);
    const sent = open('PUT', id, { 'content-type': rawMediaType, 'content-length': 4096 });
    sent.on('error', () => {});
    sent.write(Buffer.alloc(10));
    expect(await answerTo(sent)).toMatchObject({ status: 409, body: { code: 'disk.has-content' } });
    sent.destroy();
  });
});

describe('PATCH', () => {
  it('begins a disk of which nothing has come', async () => {
    const bytes = randomBytes(1000);
    const image = await newImage(bytes.length);
    expect((await head(image)).headers).toMatchObject({ 'upload-offset': '0', 'upload-complete': '?0' });
    expect(await patch(image, bytes, { offset: 0 })).toMatchObject({ status: 200, body: { state: 'available' } });
  });

  it('anywhere but where the last one ended is refused', async () => {
    const image = await newImage(2 * MiB);
    expect(await patch(image, randomBytes(MiB), { offset: 0, complete: '?0' })).toMatchObject({ status: 204 });
    const answer = await patch(image, randomBytes(100), { offset: 100 });
    expect(answer).toMatchObject({
      status: 409,
      body: { code: 'upload.wrong-offset', image, disk: 0, expected: MiB, received: 100 },
    });
    expect((await head(image)).headers['upload-offset']).toBe(String(MiB));
  });

  it.each([
    ['without an offset', { 'upload-complete': '?1' }, 400, 'upload-offset'],
    ['without saying whether it is the last', { 'upload-offset': '0' }, 400, 'upload-complete'],
    ['with another word for yes', { 'upload-offset': '0', 'upload-complete': 'true' }, 400, 'upload-complete'],
    ['with a negative offset', { 'upload-offset': '-1', 'upload-complete': '?1' }, 400, 'upload-offset'],
    [
      'with more digits than there are',
      { 'upload-offset': '9'.repeat(16), 'upload-complete': '?1' },
      400,
      'upload-offset',
    ],
    ['of the whole', { 'upload-offset': '0', 'upload-complete': '?1', 'content-type': rawMediaType }, 415, undefined],
  ])('%s is refused', async (_, headers, status, field) => {
    const image = await newImage(100);
    const sent = open('PATCH', image, { 'content-type': partialMediaType, ...headers });
    const answer = answerTo(sent);
    sent.end(Buffer.alloc(100));
    expect(await answer).toMatchObject({
      status,
      body: field ? { code: 'request.invalid', field } : { code: 'request.media-type' },
    });
    expect(await stateOf(image)).toBe('queued');
  });
});

describe('content that moves no byte', () => {
  let server: FastifyInstance;
  beforeAll(async () => {
    server = await serveContent(0.15);
  });
  afterAll(() => server.close());

  it('on its way in is cut off, and kept', async () => {
    const image = await newImage(3 * MiB);
    const sent = requestOf(server, 'PUT', image, { 'content-type': rawMediaType, 'content-length': 3 * MiB });
    const ended = new Promise((resolve) => sent.once('error', resolve));
    sent.write(randomBytes(1.5 * MiB));
    expect(await ended).toMatchObject({ code: 'ECONNRESET' });
    await until(async () => (await head(image)).headers['upload-offset'] === String(MiB));
  });

  it('on its way out is cut off', async () => {
    const { id } = await makeImage(api.installation.context, api.caller, [randomBytes(24 * MiB)]);
    const sent = requestOf(server, 'GET', id, {});
    sent.end();
    const response = await new Promise<IncomingMessage>((resolve) => sent.once('response', resolve));
    const closed = new Promise((resolve) => response.socket.once('close', resolve));
    response.on('error', () => {});
    // Nobody reads: the buffers fill up, and then no byte moves.
    await until(async () => (await connectionsOf(server)) === 0);
    response.resume();
    await closed;
    expect(response.complete).toBe(false);
  });
});

it('a server that stops lets go of its uploads first', async () => {
  const bytes = randomBytes(3 * MiB);
  const image = await newImage(bytes.length);
  const server = await serveContent(60);
  const sent = requestOf(server, 'PUT', image, { 'content-type': rawMediaType, 'content-length': bytes.length });
  sent.on('error', () => {});
  sent.write(bytes.subarray(0, 2.5 * MiB));
  await until(async () => (await stateOf(image)) === 'uploading');
  server.server.closeAllConnections();
  await server.close();
  const offset = Number((await head(image)).headers['upload-offset']);
  expect(await patch(image, bytes.subarray(offset), { offset })).toMatchObject({ status: 200 });
});

/** The routes for content alone, on a port of their own. */
async function serveContent(idleSeconds: number): Promise<FastifyInstance> {
  const server = fastify();
  server.decorateRequest('caller', null as unknown as Caller);
  server.addHook('onRequest', async (request) => {
    request.caller = api.caller;
  });
  const transfers = createTransfers(32, idleSeconds * 1000);
  server.register(async (scope) => contentRoutes(scope, api.installation.context, transfers), { prefix: '/api/v1' });
  await server.listen({ host: '127.0.0.1', port: 0 });
  return server;
}

function requestOf(
  { server }: FastifyInstance,
  method: string,
  image: string,
  headers: Record<string, string | number>,
): ClientRequest {
  const { port } = server.address() as AddressInfo;
  return request({ port, method, path: `/api/v1/images/${image}/disks/0/content`, headers, agent: false });
}

function connectionsOf({ server }: FastifyInstance): Promise<number> {
  return new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
}

describe('a download of a part', () => {
  const bytes = randomBytes(3 * MiB + 77);
  bytes.fill(0, MiB, 2 * MiB);
  let image: string;
  let digest: string | null | undefined;
  beforeAll(async () => {
    const made = await makeImage(api.installation.context, api.caller, [bytes]);
    image = made.id;
    digest = made.disks[0]?.digest;
  });

  function get(headers: Record<string, string>, query = ''): Promise<Response> {
    const all = { authorization: `Bearer ${api.token}`, ...headers };
    return fetch(`${api.url}/images/${image}/disks/0/content${query}`, { headers: all });
  }

  it('has the bytes that its range names', async () => {
    const size = bytes.length;
    const position = fc.oneof(fc.nat(size + 10), fc.constantFrom(0, size - 1, size, MiB, 2 * MiB - 1));
    await fc.assert(
      fc.asyncProperty(position, fc.option(position), fc.boolean(), async (first, last, isSuffix) => {
        const response = await get({ range: isSuffix ? `bytes=-${first}` : `bytes=${first}-${last ?? ''}` });
        const body = Buffer.from(await response.arrayBuffer());
        if (!isSuffix && last !== null && last < first) {
          expect(response.status).toBe(200);
          expect(body.equals(bytes)).toBe(true);
          return;
        }
        const start = isSuffix ? Math.max(0, size - first) : first;
        const end = isSuffix || last === null ? size : Math.min(last + 1, size);
        if (start >= size) {
          expect(response.status).toBe(416);
          expect(response.headers.get('content-range')).toBe(`bytes */${size}`);
          expect(JSON.parse(body.toString())).toMatchObject({ code: 'disk.range', size });
          return;
        }
        expect(response.status).toBe(206);
        expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${size}`);
        expect(body.equals(bytes.subarray(start, end))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it.each(['bytes=0-1,5-6', 'lines=0-1', 'bytes=a-b', 'bytes=-', '0-1'])('is the whole for %s', async (range) => {
    const response = await get({ range });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe(String(bytes.length));
    await response.body?.cancel();
  });

  it('is given only of the disk that the client has a part of, and nothing of one that it has', async () => {
    const tag = `"${digest}"`;
    const part = await get({ range: 'bytes=0-9', 'if-range': tag });
    expect(part.status).toBe(206);
    expect(part.headers.get('etag')).toBe(tag);
    await part.body?.cancel();
    for (const other of ['"other"', `W/${tag}`, 'Sat, 21 Nov 2026 10:00:00 GMT']) {
      const whole = await get({ range: 'bytes=0-9', 'if-range': other });
      expect(whole.status).toBe(200);
      await whole.body?.cancel();
    }
    for (const known of [tag, `W/${tag}`, `"a", ${tag}`, '*']) {
      expect((await get({ 'if-none-match': known })).status).toBe(304);
    }
    expect((await get({ 'if-none-match': tag, accept: extentsMediaType })).status).toBe(200);
  });

  it('in extents begins where the query says', async () => {
    const response = await get({ accept: extentsMediaType }, `?from=${2 * MiB + 5}`);
    expect(response.status).toBe(200);
    const { size, runs } = await decodeExtents(response.body as AsyncIterable<Uint8Array>);
    expect(size).toBe(bytes.length);
    let at = 2 * MiB + 5;
    for await (const run of runs) {
      expect(run.offset).toBe(at);
      at += run.bytes.length;
      expect(bytes.subarray(run.offset, at).equals(run.bytes)).toBe(true);
    }
    expect(at).toBe(bytes.length);
    expect((await get({ accept: extentsMediaType }, `?from=${bytes.length + 1}`)).status).toBe(416);
    expect((await get({}, '?from=5')).status).toBe(400);
  });

  it('is announced by HEAD', async () => {
    const headers = { etag: `"${digest}"`, 'accept-ranges': 'bytes', 'content-length': String(bytes.length) };
    expect(await head(image)).toMatchObject({ statusCode: 200, headers: { ...headers, 'upload-complete': '?1' } });
  });
});

describe('GET', () => {
  it('of a damaged disk as plain bytes is cut off, and every byte before is right (R1)', async () => {
    const bytes = randomBytes(6 * MiB);
    const { id } = await makeImage(api.installation.context, api.caller, [bytes]);
    // Past the reads of the first segment, so that the answer has begun.
    let packs = 0;
    api.installation.fail('north', {
      get: (_call, key) => (key.startsWith('packs/') && ++packs > 16 ? { flipsBit: 4000 } : undefined),
    });
    const response = await download(id, rawMediaType);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe(String(bytes.length));
    const pieces: Uint8Array[] = [];
    const reading = (async () => {
      for await (const piece of response.body as AsyncIterable<Uint8Array>) pieces.push(piece);
    })();
    await expect(reading).rejects.toThrow(/terminated/);
    const received = Buffer.concat(pieces);
    expect(received.length).toBeLessThan(bytes.length);
    expect(received.equals(bytes.subarray(0, received.length))).toBe(true);
  });

  it('of a damaged disk as extents ends with image, disk and offset', async () => {
    const bytes = randomBytes(6 * MiB);
    const { id } = await makeImage(api.installation.context, api.caller, [bytes]);
    let packs = 0;
    api.installation.fail('north', {
      get: (_call, key) => (key.startsWith('packs/') && ++packs > 16 ? { flipsBit: 4000 } : undefined),
    });
    const response = await download(id, extentsMediaType);
    const { size, runs } = await decodeExtents(response.body as AsyncIterable<Uint8Array>);
    expect(size).toBe(bytes.length);
    let end = 0;
    const reading = (async () => {
      for await (const run of runs as AsyncIterable<Run>) {
        expect(bytes.subarray(run.offset, run.offset + run.bytes.length).equals(run.bytes)).toBe(true);
        end = run.offset + run.bytes.length;
      }
    })();
    const error = await reading.then(
      () => expect.unreachable('the stream ended well'),
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ExtentStreamError);
    expect(error).toMatchObject({
      reason: 'remote-error',
      problem: {
        type: 'urn:mimeo:problem:image-damaged',
        code: 'image-damaged',
        title: `image ${id}, disk 0, offset ${end}: a chunk is damaged and no intact copy was found`,
        status: 500,
        image: id,
        disk: 0,
        offset: end,
      },
    });
    expect(end).toBeLessThan(bytes.length);
  });

  it('tells nothing of an error of ours, and logs it', async () => {
    const logged = vi.spyOn(api.installation.context.logger, 'error');
    const { id } = await makeImage(api.installation.context, api.caller, [randomBytes(4096)]);
    api.installation.fail('north', { get: () => ({ throws: 'denied' }) });
    const response = await download(id, extentsMediaType);
    const { runs } = await decodeExtents(response.body as AsyncIterable<Uint8Array>);
    await expect(collectRuns(runs)).rejects.toMatchObject({
      problem: { code: 'internal', title: 'internal error', status: 500 },
    });
    const facts = { error: expect.objectContaining({ kind: 'denied' }), image: id, disk: 0 };
    expect(logged).toHaveBeenCalledExactlyOnceWith(facts, 'a disk could not be read to its end');
  });

  it('stops reading when the client goes away', async () => {
    const { id } = await makeImage(api.installation.context, api.caller, [randomBytes(16 * MiB)]);
    let gets = 0;
    api.installation.fail('north', { get: () => void gets++ });
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${api.token}`, accept: rawMediaType };
    const response = await fetch(`${api.url}/images/${id}/disks/0/content`, { headers, signal: leaving.signal });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    leaving.abort();
    await sleep(200);
    const read = gets;
    await sleep(300);
    expect(gets).toBe(read);
    expect(read).toBeLessThan(60);
  });
});

async function collectRuns(runs: AsyncIterable<Run>): Promise<void> {
  for await (const _ of runs);
}
