import { randomBytes } from 'node:crypto';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeImage, until } from '../../../test/support/installation.ts';
import { createTestApi, type TestApi } from '../../../test/support/native-api.ts';
import { findImage } from '../../app/find-image.ts';
import {
  decodeExtents,
  ExtentStreamError,
  encodeExtents,
  extentsMediaType,
  type Run,
} from '../../lib/extent-stream.ts';
import { silentLogger } from '../../telemetry/logger.ts';

const MiB = 1024 * 1024;
const rawMediaType = 'application/octet-stream';
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

/** A request over a socket of its own, to be written to and broken off. */
function open(method: string, image: string, headers: Record<string, string | number>): ClientRequest {
  const authorization = `Bearer ${api.token}`;
  const url = `${api.url}/images/${image}/disks/0/content`;
  return request(url, { method, headers: { authorization, ...headers }, agent: false });
}

/** Status and body of the answer. */
async function answerTo(sent: ClientRequest): Promise<{ status: number | undefined; body: unknown }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject);
  });
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece);
  return { status: response.statusCode, body: JSON.parse(Buffer.concat(pieces).toString()) };
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

  it.each([rawMediaType, extentsMediaType])('of %s that breaks off puts the image back', async (type) => {
    const logged = vi.spyOn(silentLogger, 'error');
    const bytes = randomBytes(2 * MiB);
    const image = await newImage(bytes.length);
    const content = await collected(encodeExtents(bytes.length, [{ offset: 0, bytes }]));
    const whole = type === rawMediaType ? bytes : content;
    const sent = open('PUT', image, { 'content-type': type, 'content-length': whole.length });
    sent.on('error', () => {});
    sent.write(whole.subarray(0, 1.5 * MiB));
    await until(async () => (await stateOf(image)) === 'uploading');
    sent.destroy();
    await until(async () => (await stateOf(image)) === 'queued');
    await api.installation.expectSound();
    expect(logged).not.toHaveBeenCalled();

    const again = open('PUT', image, { 'content-type': type });
    const answer = answerTo(again);
    again.end(whole);
    expect(await answer).toMatchObject({ status: 200, body: { state: 'available' } });
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
    const logged = vi.spyOn(silentLogger, 'error');
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
