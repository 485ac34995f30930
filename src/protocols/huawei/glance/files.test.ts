/** The bytes of images of the native API: brought in one request, given back as they came. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeEncryptedImage, makeKey } from '../../../../test/support/encrypted-image.ts';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import {
  createHuaweiClient,
  type HuaweiCallOptions,
  type HuaweiClient,
} from '../../../../test/support/huawei-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/huawei-faults.ts';
import { makeImage, until } from '../../../../test/support/installation.ts';
import { type KeyEnding, keyEndings } from '../../../../test/support/key-endings.ts';
import { makePlainImage } from '../../../../test/support/plain-image.ts';
import type { AppContext, Caller } from '../../../app/context.ts';
import { deleteImage } from '../../../app/delete-image.ts';
import { readQuotas, setQuotas } from '../../../app/quotas.ts';
import { updateImage } from '../../../app/update-image.ts';
import { createTransfers } from '../../shared/transfers.ts';
import { commonFaults } from '../common-faults.ts';
import { downloadFileFaults } from './download-file.ts';
import { glanceFaults } from './glance-faults.ts';
import { uploadFileFaults } from './upload-file.ts';

const MiB = 1024 * 1024;

let folder: string;
let huawei: TestHuawei;
let context: AppContext;
let caller: Caller;
let client: HuaweiClient;
let token: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glance-'));
  huawei = await createTestHuawei({ spoolFolder: folder });
  ({ caller, client } = huawei);
  context = huawei.installation.context;
  token = await huawei.newToken('north');
});
afterEach(async () => {
  expect(await readdir(folder)).toEqual([]);
});
afterAll(async () => {
  await huawei.installation.expectSound();
  await huawei.close();
  await rm(folder, { recursive: true });
});

const glance = { service: 'glance' } as const;
const octets = { 'content-type': 'application/octet-stream' };

const put = (id: string, body: unknown = Buffer.from('bytes'), headers: Record<string, string> = octets, by = client) =>
  by.call('PUT', `/v2/images/${id}/file`, { body, headers, unsignedPayload: true });
const get = (id: string, options: HuaweiCallOptions = {}, by = client) =>
  by.call('GET', `/v2/images/${id}/file`, options);

async function queued(said: object = {}): Promise<string> {
  const { status, body } = await client.call('POST', '/v2/images', { body: { name: 'queued', ...said } });
  expect(status).toBe(201);
  return body.id;
}

async function look(id: string) {
  return (await client.call('GET', `/v2/images/${id}`)).body;
}

/** A server on the same installation that lets so many transfers go on at once, and a client of the caller's for it. */
async function atOnce<Result>(
  transfers: number,
  work: (by: HuaweiClient, url: string) => Promise<Result>,
): Promise<Result> {
  const other = await createTestHuawei({
    on: huawei.installation,
    transfers: createTransfers(transfers, 30_000),
    spoolFolder: folder,
  });
  try {
    return await work(createHuaweiClient({ url: other.url, form: 'token', token }), other.url);
  } finally {
    await other.close();
  }
}

/** An upload whose length is not said, as glanceclient's; nothing of it has been sent yet. */
function chunked(id: string, headers: Record<string, string> = {}): ClientRequest {
  const sent = { ...octets, 'x-auth-token': token, 'transfer-encoding': 'chunked', ...headers };
  return request(`${huawei.url}/v2/images/${id}/file`, { method: 'PUT', headers: sent });
}

async function answerOf(sending: ClientRequest): Promise<{ status: number | undefined; body: string }> {
  const [answer] = (await once(sending, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, body: await text(answer) };
}

describe('an upload', () => {
  const provocations: Provocations<typeof uploadFileFaults> = {
    invalid: async () => put(await queued({ disk_format: 'qcow2' })),
    forbidden: async () => {
      const { operator } = huawei.installation;
      const { id } = await makePlainImage(context, operator, { state: 'queued' });
      await updateImage(context, operator, id, { visibility: 'public' });
      return await put(id);
    },
    notFound: () => put(randomUUID()),
    conflict: async () => put((await makeImage(context, caller, [randomBytes(10)])).id),
    overLimit: async () => {
      const poor = await huawei.installation.newCaller();
      await setQuotas(context, huawei.installation.operator, poor.accountId, 'north', { bytes: 4 });
      const { id } = await makePlainImage(context, poor, { state: 'queued', disks: [] });
      return await put(id, undefined, octets, await huawei.newClient('owner', { caller: poor }));
    },
    unsupportedMediaType: async () => put(await queued(), 'bytes', { 'content-type': 'text/plain' }),
    unavailable: async () => {
      const id = await queued();
      return await atOnce(0, (by) => put(id, undefined, octets, by));
    },
  };
  it.each(rowsOf(uploadFileFaults, provocations))('is refused as the table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(huawei), fault, glance);
  });

  it('makes the image active, once', async () => {
    const id = await queued({ disk_format: 'raw', min_disk: 3 });
    const bytes = randomBytes(3 * MiB + 5);
    const answer = await put(id, bytes);
    expect([answer.status, answer.body]).toEqual([204, '']);
    expect(await look(id)).toMatchObject({ status: 'active', size: bytes.length, disk_format: 'raw', min_disk: 3 });
    expect((await get(id)).bytes.equals(bytes)).toBe(true);
    expectFault(await put(id, bytes), glanceFaults.conflict, glance);
  });

  it('need not say how long it is', async () => {
    const id = await queued();
    const bytes = randomBytes(2 * MiB + 7);
    const sending = chunked(id);
    for (let offset = 0; offset < bytes.length; offset += 65_536)
      sending.write(bytes.subarray(offset, offset + 65_536));
    sending.end();
    expect(await answerOf(sending)).toEqual({ status: 204, body: '' });
    expect(await look(id)).toMatchObject({ status: 'active', size: bytes.length });
    expect((await get(id)).bytes.equals(bytes)).toBe(true);
  });

  it('of nothing leaves the image queued, however it comes', async () => {
    const id = await queued();
    expect((await put(id, Buffer.alloc(0))).status).toBe(204);
    expect((await answerOf(chunked(id).end())).status).toBe(204);
    expect(await look(id)).toMatchObject({ status: 'queued', size: 0 });
    expect((await get(id)).status).toBe(204);
  });

  it('that is another format than was said leaves the image queued, and says so', async () => {
    const id = await queued({ disk_format: 'qcow2' });
    for (const answer of [await put(id), await answerOf(chunked(id).end('bytes'))]) {
      expect(answer.status).toBe(400);
      expect(answer.body).toContain('declared as qcow2, but the bytes are raw');
    }
    expect(await look(id)).toMatchObject({ status: 'queued', disk_format: 'qcow2' });
    const changed = [{ op: 'replace', path: '/disk_format', value: 'zvhd2' }];
    const patch = { body: changed, headers: { 'content-type': 'application/openstack-images-v2.1-json-patch' } };
    expect((await client.call('PATCH', `/v2/images/${id}`, patch)).status).toBe(200);
    expect((await put(id)).status).toBe(204);
    expect(await look(id)).toMatchObject({ status: 'active', disk_format: 'raw' });
  });

  it.each([
    ['that says its length', { 'content-length': String(4 * MiB), 'transfer-encoding': 'identity' }],
    ['that does not', {}],
  ])('%s and breaks off leaves the image queued, and nothing else', async (_, headers) => {
    const id = await queued();
    const { 'transfer-encoding': coding, ...sent } = { 'transfer-encoding': 'chunked', ...octets, ...headers };
    const sending = request(`${huawei.url}/v2/images/${id}/file`, {
      method: 'PUT',
      headers: { ...sent, 'x-auth-token': token, ...(coding === 'chunked' && { 'transfer-encoding': coding }) },
    });
    sending.on('error', () => {});
    sending.write(randomBytes(2 * MiB + 9));
    const isLong = coding !== 'chunked';
    if (isLong) await until(async () => (await look(id)).status === 'saving');
    else await sleep(100);
    sending.destroy();
    await until(async () => (await look(id)).status === 'queued');
    const bytes = randomBytes(MiB);
    expect((await put(id, bytes)).status).toBe(204);
    expect((await get(id)).bytes.equals(bytes)).toBe(true);
  });

  it('while another one goes on is a conflict', async () => {
    const id = await queued();
    const sending = chunked(id, { 'content-length': String(2 * MiB) });
    sending.removeHeader('transfer-encoding');
    sending.write(randomBytes(MiB + 1));
    await until(async () => (await look(id)).status === 'saving');
    expectFault(await put(id), glanceFaults.conflict, glance);
    sending.end(randomBytes(MiB - 1));
    expect((await answerOf(sending)).status).toBe(204);
    expect(await look(id)).toMatchObject({ status: 'active', size: 2 * MiB });
  });

  it('that does not say its length ends where the account may have no more', async () => {
    const poor = await huawei.installation.newCaller();
    await setQuotas(context, huawei.installation.operator, poor.accountId, 'north', { bytes: 1000 });
    const { id } = await makePlainImage(context, poor, { state: 'queued', disks: [] });
    const theirs = { 'x-auth-token': await huawei.newToken('north', poor) };
    const tooLong = await answerOf(chunked(id, theirs).end(randomBytes(1001)));
    expect(tooLong.status).toBe(413);
    expect((await answerOf(chunked(id, theirs).end(randomBytes(1000)))).status).toBe(204);
  });

  it('counts for nothing once it has broken off or was refused', async () => {
    const rich = await huawei.installation.newCaller();
    await setQuotas(context, huawei.installation.operator, rich.accountId, 'north', { bytes: 2e12 });
    const { id } = await makePlainImage(context, rich, { state: 'queued', disks: [] });
    const used = async () => (await readQuotas(context, rich, { region: 'north' }))[0]?.quotas;
    const theirs = { 'x-auth-token': await huawei.newToken('north', rich) };
    const sending = chunked(id, { ...theirs, 'content-length': '1000000000000' });
    sending.removeHeader('transfer-encoding');
    sending.on('error', () => {});
    sending.write('abc');
    await until(async () => (await used())?.bytes.used === 1e12);
    sending.destroy();
    await until(async () => (await used())?.bytes.used === 0);
    expect(await used()).toMatchObject({ images: { used: 1 }, snapshots: { used: 0 } });
    const properties = JSON.stringify({ disk_format: 'qcow2' });
    await context.db.updateTable('images').set({ properties }).where('id', '=', id).execute();
    for (const end of [1, 2]) {
      expect((await answerOf(chunked(id, theirs).end('b'.repeat(end)))).status).toBe(400);
      expect(await used()).toMatchObject({ snapshots: { used: 0 }, bytes: { used: 0 } });
    }
  });

  it('shares with the others of its account what that may still have, while none says its length', async () => {
    const poor = await huawei.installation.newCaller();
    await setQuotas(context, huawei.installation.operator, poor.accountId, 'north', { bytes: 1000 });
    const theirs = { 'x-auth-token': await huawei.newToken('north', poor) };
    const images = [1, 2].map(() => makePlainImage(context, poor, { state: 'queued', disks: [] }));
    const going = (await Promise.all(images)).map(({ id }) => {
      const sending = chunked(id, theirs);
      sending.write(randomBytes(600));
      return { sending, answer: answerOf(sending) };
    });
    const refused = await Promise.race(going.map(async ({ answer }, which) => ({ which, ...(await answer) })));
    expect(refused.status).toBe(413);
    const { sending, answer } = going[1 - refused.which] as (typeof going)[number];
    going[refused.which]?.sending.destroy();
    sending.end(randomBytes(400));
    expect((await answer).status).toBe(204);
  });

  it('that does not say its length is refused at once where it could not be stored', async () => {
    const id = await queued();
    const first = chunked(id);
    first.write('by');
    const second = chunked(id);
    second.write('by');
    const going = [first, second].map((sending) => ({ sending, answer: answerOf(sending) }));
    const refused = await Promise.race(going.map(async ({ answer }, which) => ({ which, ...(await answer) })));
    expect(refused.status).toBe(409);
    const { sending, answer } = going[1 - refused.which] as (typeof going)[number];
    going[refused.which]?.sending.destroy();
    sending.end('tes');
    expect((await answer).status).toBe(204);

    const other = await queued();
    const storing = chunked(other, { 'content-length': String(2 * MiB) });
    storing.removeHeader('transfer-encoding');
    storing.write(randomBytes(MiB + 1));
    await until(async () => (await look(other)).status === 'saving');
    const late = chunked(other);
    late.write('by');
    expect((await answerOf(late)).status).toBe(409);
    late.destroy();
    storing.end(randomBytes(MiB - 1));
    expect((await answerOf(storing)).status).toBe(204);
  });

  it('is what was signed, or nothing', async () => {
    const id = await queued();
    const bytes = randomBytes(2 * MiB);
    const hash = createHash('sha256').update(bytes).digest('hex');
    const headers = { ...octets, 'x-sdk-content-sha256': hash };
    const signed = client.sign('PUT', `/v2/images/${id}/file`, { body: bytes, headers });
    expectFault(await client.send({ ...signed, body: randomBytes(2 * MiB) }), commonFaults.signatureWrong, {
      service: 'glance',
    });
    expect(await look(id)).toMatchObject({ status: 'queued' });
    expect((await client.send(signed)).status).toBe(204);
  });

  it('waits for what is on its way when the server stops', async () => {
    const other = await createTestHuawei({ on: huawei.installation, spoolFolder: folder });
    const id = await queued();
    const sending = request(`${other.url}/v2/images/${id}/file`, {
      method: 'PUT',
      headers: { ...octets, 'x-auth-token': token, 'content-length': String(8 * MiB) },
    });
    sending.on('error', () => {});
    sending.write(randomBytes(3 * MiB));
    await until(async () => (await look(id)).status === 'saving');
    await other.close();
    expect(await look(id)).toMatchObject({ status: 'queued' });
  });
});

describe('a download', () => {
  const bytes = randomBytes(2 * MiB + 3);
  let id: string;
  beforeAll(async () => {
    ({ id } = await makeImage(context, caller, [bytes, randomBytes(10)]));
  });

  /** Of an image whose key cannot be used any more. */
  async function getSealed(ended: KeyEnding) {
    const { id: key } = await makeKey(huawei.installation, caller);
    const image = await makeEncryptedImage(huawei.installation, caller, { key });
    await keyEndings[ended](context, caller, key);
    const answer = await get(image.id);
    // Nobody could say whether it is sound.
    await deleteImage(context, caller, image.id);
    return answer;
  }

  const provocations: Provocations<typeof downloadFileFaults> = {
    notFound: () => get(randomUUID()),
    keyDenied: () => getSealed('denied'),
    keyDisabled: () => getSealed('disabled'),
    unavailable: () => atOnce(0, (by) => get(id, {}, by)),
  };
  it.each(rowsOf(downloadFileFaults, provocations))(
    'is refused as the table says: $name',
    async ({ provoke, fault }) => {
      expectFault(await provoke(huawei), fault, glance);
    },
  );

  it('opens what is encrypted for those who may use its key, as long as there is one', async () => {
    const image = await makeEncryptedImage(huawei.installation, caller, { disks: [bytes] });
    expect((await get(image.id)).bytes.equals(bytes)).toBe(true);
    const viewer = await huawei.newClient('viewer');
    expectFault(await get(image.id, {}, viewer), downloadFileFaults.keyDenied, glance);
    expectFault(await getSealed('gone'), downloadFileFaults.notFound, glance);
  });

  it('gives the first disk, as clients stream it', async () => {
    // glanceclient says a type of a body that it does not send.
    const answer = await get(id, { headers: octets });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': String(bytes.length),
      'accept-ranges': 'bytes',
    });
    expect(answer.headers).not.toHaveProperty('content-md5');
    expect(answer.bytes.equals(bytes)).toBe(true);
  });

  it('gives a range', async () => {
    const { status, headers, bytes: part } = await get(id, { headers: { range: 'bytes=1048570-1048585' } });
    expect(status).toBe(206);
    expect(headers).toMatchObject({ 'content-range': `bytes 1048570-1048585/${bytes.length}`, 'content-length': '16' });
    expect(part.equals(bytes.subarray(1_048_570, 1_048_586))).toBe(true);
    const none = await get(id, { headers: { range: `bytes=${bytes.length}-` } });
    expect([none.status, none.headers['content-range']]).toEqual([416, `bytes */${bytes.length}`]);
    const changed = await get(id, { headers: { range: 'bytes=0-1', 'if-range': '"another"' } });
    expect([changed.status, changed.bytes.length]).toEqual([200, bytes.length]);
  });

  it('is none of what others have, and ends with its client', async () => {
    const stranger = await huawei.newClient('owner', { caller: await huawei.installation.newCaller() });
    expectFault(await get(id, {}, stranger), glanceFaults.notFound, glance);
    // More than fits into the buffers between the two.
    const { id: large } = await makeImage(context, caller, [Buffer.alloc(64 * MiB)]);
    await atOnce(1, async (by, url) => {
      const reading = request(`${url}/v2/images/${large}/file`, { headers: { 'x-auth-token': token } }).end();
      const [answer] = (await once(reading, 'response')) as [IncomingMessage];
      expect((await get(id, {}, by)).status).toBe(503);
      answer.destroy();
      await until(async () => (await get(id, {}, by)).status === 200);
    });
  });
});
