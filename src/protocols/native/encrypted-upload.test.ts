import { randomBytes } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { createTestApi, type TestApi } from '../../../test/support/native-api.ts';
import { startObjectServer } from '../../../test/support/object-server.ts';
import { openObjectServer } from '../../../test/support/open-object-server.ts';

async function openApi(): Promise<{ readonly api: TestApi; readonly bucket: Map<string, Buffer> }> {
  const store = await startObjectServer();
  const objects = openObjectServer(store);
  const api = await createTestApi({ installation: { objects } });
  onTestFinished(async () => {
    await api.close();
    objects.close();
    await store.close();
  });
  return { api, bucket: store.buckets.get('images') as Map<string, Buffer> };
}

const key = { region: 'north', alias: 'own', grants: ['images'] };
const facts = { region: 'north', name: 'secret', encryption: 'own' };

it('an image is made with a key, which its upload needs in every request', async () => {
  const { api } = await openApi();
  const bytes = randomBytes(1_200_000);
  const { id } = (await api.call('POST', '/keys', key)).body as { id: string };
  const disks = [{ role: 'system', size: bytes.length }];
  const made = await api.call('POST', '/images', { ...facts, disks });
  expect(made).toMatchObject({ status: 201, body: { encrypted: true, disks: [{ key: id, digest: null }] } });
  const { id: image } = made.body as { id: string };

  const send = async (method: string, from: number, headers: Record<string, string>) => {
    const type = method === 'PUT' ? 'application/octet-stream' : 'application/partial-upload';
    const body = new Uint8Array(bytes.subarray(from));
    const answer = await fetch(`${api.url}/images/${image}/disks/0/content`, {
      method,
      body: method === 'PUT' ? body.subarray(0, 1024 * 1024) : body,
      headers: { authorization: `Bearer ${api.token}`, 'content-type': type, ...headers },
    });
    return { status: answer.status, body: answer.status === 204 ? null : await answer.json() };
  };
  expect(await send('PUT', 0, { 'upload-complete': '?0' })).toMatchObject({ status: 204 });
  await api.call('POST', `/keys/${id}/disable`);
  const rest = () => send('PATCH', 1024 * 1024, { 'upload-complete': '?1', 'upload-offset': String(1024 * 1024) });
  expect(await rest()).toMatchObject({ status: 409, body: { code: 'key.disabled', key: id, state: 'disabled' } });
  await api.call('POST', `/keys/${id}/enable`);
  expect(await rest()).toMatchObject({ status: 200, body: { state: 'available', encrypted: true } });
});

it('an import names a key, too; one that is no good makes nothing', async () => {
  const { api, bucket } = await openApi();
  bucket.set('disk', randomBytes(4096));
  const wanted = { ...facts, disks: [{ bucket: 'images', object: 'disk', role: 'system' }] };
  expect(await api.call('POST', '/imports', wanted)).toMatchObject({
    status: 404,
    body: { code: 'key.not-found', key: 'own' },
  });
  const { id } = (await api.call('POST', '/keys', key)).body as { id: string };
  const { status, body } = await api.call('POST', '/imports', wanted);
  expect(status).toBe(202);
  const { imageId } = body as { imageId: string };
  expect((await api.call('GET', `/images/${imageId}`)).body).toMatchObject({ encrypted: true, disks: [{ key: id }] });
});

it('an image of snapshots has their keys, and no other', async () => {
  const { api } = await openApi();
  const answer = await api.call('POST', '/images', { ...facts, snapshots: [{ id: 's-1' }] });
  expect(answer).toMatchObject({ status: 400, body: { code: 'request.invalid', field: 'encryption' } });
});
