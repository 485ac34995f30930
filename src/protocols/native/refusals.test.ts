/** Each no that the core knows, as the native API says it. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { makeEncryptedImage } from '../../../test/support/encrypted-image.ts';
import { makeImage } from '../../../test/support/installation.ts';
import { withKeyLimits } from '../../../test/support/key-limits.ts';
import { insertSessions, mostSessions } from '../../../test/support/many-sessions.ts';
import { type Answer, createTestApi, type TestApi } from '../../../test/support/native-api.ts';
import { type ObjectServer, startObjectServer } from '../../../test/support/object-server.ts';
import { openObjectServer } from '../../../test/support/open-object-server.ts';
import { defaultKey } from '../../app/keys/default-key.ts';
import type { Image } from '../../domain/image.ts';
import type { RefusalCode } from '../../domain/refusal.ts';
import { encodeExtents, extentsMediaType } from '../../lib/extent-stream.ts';
import type { ObjectStore } from '../../objects/object-store.ts';

let api: TestApi;
let administrator: Record<string, string>;
let store: ObjectServer;
let objects: ObjectStore;
beforeAll(async () => {
  store = await startObjectServer();
  store.buckets.get('images')?.set('disk', randomBytes(4096));
  objects = openObjectServer(store);
  api = await createTestApi({ installation: { groupCap: 2, quotas: { snapshots: 50, bytes: 1e12 }, objects } });
  administrator = { authorization: `Bearer ${await api.newToken('owner', api.installation.operator)}` };
});
beforeEach(() => {
  store.intervene = () => undefined;
});
afterAll(async () => {
  await api.close();
  objects.close();
  await store.close();
});

interface Thing {
  readonly id: string;
}

async function make<Made = Thing>(path: string, body?: object, headers?: Record<string, string>): Promise<Made> {
  const answer = await api.call('POST', path, body, headers);
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return answer.body as Made;
}

const anImage = { region: 'north', name: 'made over HTTP', disks: [{ role: 'system', size: 4096 }] };
const raw = { 'content-type': 'application/octet-stream' };

const anObject = { bucket: 'images', object: 'disk', role: 'system' };
const anImport = { region: 'north', name: 'imported', disks: [anObject] };
const aKey = { region: 'north' };
const newMaterial = () => ({ material: randomBytes(32).toString('base64') });
const anExport = { bucket: 'images', prefix: 'out' };

async function imported(changes: object = {}): Promise<Answer> {
  return await api.call('POST', '/imports', { ...anImport, disks: [{ ...anObject, ...changes }] });
}

function available(): Promise<Image> {
  return makeImage(api.installation.context, api.caller, [randomBytes(4096)]);
}

async function copyOf(image: string): Promise<{ id: string; destinationImageId: string }> {
  const { copies } = await make<{ copies: { id: string; destinationImageId: string }[] }>('/copies', {
    images: [image],
    regions: ['south'],
  });
  return copies[0] as { id: string; destinationImageId: string };
}

async function quota(kind: string, limit: number | null): Promise<void> {
  const path = `/accounts/${api.caller.accountId}/quotas/north`;
  expect((await api.call('PUT', path, { [kind]: limit }, administrator)).status).toBe(200);
}

async function overQuota(kind: string): Promise<Provoked> {
  await quota(kind, 0);
  const answer = await api.call('POST', '/images', anImage);
  await quota(kind, null);
  const wanted = kind === 'bytes' ? 4096 : 1;
  return { answer, status: 409, facts: { region: 'north', limit: 0, used: expect.any(Number), wanted } };
}

interface Provoked {
  readonly answer: Answer | Promise<Answer>;
  readonly status: number;
  readonly facts: object;
}

/** What only other dialects say, by their rules or because they can be tried first. */
type Elsewhere =
  | 'quota.copies'
  | 'image.name-taken'
  | 'image.shared'
  | 'copy.decrypting'
  | 'copy.encrypting'
  | 'copy.same-key'
  | 'copy.same-region'
  | 'copy.other-region'
  | 'copy.kind'
  | 'copy.root-device'
  | 'copy.size'
  | 'copy.source'
  | 'copy.shared-region'
  | 'copy.conflict'
  | 'copy.too-many-elsewhere'
  | 'object.exists'
  | 'request.dry-run-passed'
  | 'tag.limit';

const missing = randomUUID();
const notFound = async (path: string, facts: object, method = 'GET', body?: object): Promise<Provoked> => ({
  answer: api.call(method, path, body),
  status: 404,
  facts,
});
const exists = async (path: string, body: object, facts: object): Promise<Provoked> => {
  await make(path, body);
  return { answer: api.call('POST', path, body), status: 409, facts };
};

const provoke: { readonly [Code in Exclude<RefusalCode, Elsewhere>]: () => Promise<Provoked> } = {
  'request.invalid': async () => ({
    answer: api.call('POST', '/images', { ...anImage, name: ' padded' }),
    status: 400,
    facts: { field: 'name', rule: 'must not begin or end with a space' },
  }),
  'request.idempotency-mismatch': async () => {
    const headers = { 'idempotency-key': 'the-same' };
    await make('/images', anImage, headers);
    return {
      answer: api.call('POST', '/images', { ...anImage, name: 'another' }, headers),
      status: 422,
      facts: { token: 'the-same' },
    };
  },
  'precondition.failed': async () => {
    const { id } = await make('/images', anImage);
    const answer = api.call('PATCH', `/images/${id}`, { name: 'new' }, { 'if-match': '"7"' });
    return { answer, status: 412, facts: { image: id, revision: 1 } };
  },
  forbidden: async () => ({
    answer: api.call('POST', '/accounts', { name: 'team' }),
    status: 403,
    facts: { action: 'account.manage' },
  }),
  'account.not-found': () => notFound('/accounts/nobody', { account: 'nobody' }),
  'account.exists': async () => {
    await make('/accounts', { name: 'twice' }, administrator);
    const answer = api.call('POST', '/accounts', { name: 'twice' }, administrator);
    return { answer, status: 409, facts: { name: 'twice' } };
  },
  'account.own': async () => ({
    answer: api.call('PATCH', '/accounts/self', { disabled: true }, administrator),
    status: 409,
    facts: { account: 'self' },
  }),
  'user.not-found': () => notFound('/users/nobody', { user: 'nobody' }),
  'user.exists': () => exists('/users', { name: 'twice', role: 'viewer' }, { name: 'twice' }),
  'user.last-owner': async () => ({
    answer: api.call('DELETE', '/users/self'),
    status: 409,
    facts: { user: 'owner' },
  }),
  'access-key.not-found': () => notFound('/access-keys/MK1', { accessKey: 'MK1' }, 'DELETE'),
  'access-key.limit': async () => {
    const { id } = await make('/users', { name: 'collector', role: 'viewer' });
    for (let keys = 0; keys < 5; keys += 1) await make(`/users/${id}/access-keys`);
    const answer = api.call('POST', `/users/${id}/access-keys`);
    return { answer, status: 409, facts: { user: 'collector', limit: 5 } };
  },
  'session.not-found': () => notFound(`/sessions/${missing}`, { session: missing }, 'DELETE'),
  'session.limit': async () => {
    const caller = await api.installation.newCaller();
    const authorization = `Bearer ${await api.newToken('owner', caller)}`;
    const { db, clock } = api.installation.context;
    await insertSessions(db, caller, mostSessions, clock.now() + 60_000);
    const answer = api.call('POST', '/sessions', {}, { authorization });
    return { answer, status: 409, facts: { user: 'owner', limit: mostSessions } };
  },
  'project.not-found': () => notFound(`/projects/${missing}`, { project: missing }, 'DELETE'),
  'project.exists': () => exists('/projects', { region: 'north', name: 'twice' }, { region: 'north', name: 'twice' }),
  'project.in-use': async () => {
    const { projectId } = await available();
    return { answer: api.call('DELETE', `/projects/${projectId}`), status: 409, facts: { project: projectId } };
  },
  'agency.not-found': () => notFound('/agencies/none', { agency: 'none' }),
  'agency.exists': () => exists('/agencies', { name: 'twice', grants: [{ role: 'viewer' }] }, { name: 'twice' }),
  'agency.not-permitted': async () => {
    const { id } = await available();
    await make('/agencies', { name: 'onlooker', grants: [{ role: 'viewer' }] });
    const answer = api.call('POST', '/copies', { images: [id], regions: ['south'], agency: 'onlooker' });
    return { answer, status: 403, facts: { agency: 'onlooker', region: 'south' } };
  },
  'resource-group.not-found': () =>
    notFound(`/resource-groups/${missing}`, { resourceGroup: missing }, 'PATCH', { disabled: true }),
  'resource-group.exists': () => exists('/resource-groups', { name: 'twice' }, { name: 'twice' }),
  'resource-group.in-use': async () => {
    const { id } = await make('/resource-groups', { name: 'full' });
    await make('/images', { ...anImage, resourceGroup: 'full' });
    return { answer: api.call('DELETE', `/resource-groups/${id}`), status: 409, facts: { resourceGroup: id } };
  },
  'quota.images': () => overQuota('images'),
  'quota.snapshots': () => overQuota('snapshots'),
  'quota.bytes': () => overQuota('bytes'),
  'webhook.not-found': () => notFound(`/webhooks/${missing}`, { webhook: missing }),
  'webhook.limit': async () => {
    const hook = { url: 'https://hooks.example.com/', types: ['*'] };
    for (
      let hooks = ((await api.call('GET', '/webhooks')).body as { webhooks: [] }).webhooks.length;
      hooks < 20;
      hooks += 1
    )
      await make('/webhooks', hook);
    return { answer: api.call('POST', '/webhooks', hook), status: 409, facts: { limit: 20 } };
  },
  'webhook.address': async () => {
    const url = 'http://169.254.169.254/';
    const answer = api.call('POST', '/webhooks', { url, types: ['*'] });
    return { answer, status: 422, facts: { url, reason: expect.any(String) } };
  },
  'webhook.disabled': async () => {
    const { body } = await api.call('GET', '/webhooks');
    const [{ id = '' } = {}] = (body as { webhooks: Thing[] }).webhooks;
    await api.call('PATCH', `/webhooks/${id}`, { disabled: true });
    return { answer: api.call('POST', `/webhooks/${id}/ping`), status: 409, facts: { webhook: id } };
  },
  'delivery.not-found': async () => {
    const { body } = await api.call('GET', '/webhooks');
    const [{ id = '' } = {}] = (body as { webhooks: Thing[] }).webhooks;
    return await notFound(`/webhooks/${id}/deliveries/${missing}/redeliver`, { delivery: missing }, 'POST');
  },
  'region.not-found': () => notFound('/images', { region: 'west' }, 'POST', { ...anImage, region: 'west' }),
  'image.not-found': () => notFound(`/images/${missing}`, { image: missing }),
  'image.not-readable': async () => {
    const { id } = await make('/images', anImage);
    const answer = api.call('GET', `/images/${id}/disks/0/content`);
    return { answer, status: 409, facts: { image: id, state: 'queued' } };
  },
  'image.being-copied': async () => {
    const { id } = await available();
    const copy = await copyOf(id);
    const answer = await api.call('DELETE', `/images/${id}`);
    await api.call('POST', `/copies/${copy.id}/cancel`);
    return { answer, status: 409, facts: { image: id, copy: copy.id } };
  },
  'image.changing': async () => {
    const copy = await copyOf((await available()).id);
    const answer = await api.call('DELETE', `/images/${copy.destinationImageId}`);
    await api.call('POST', `/copies/${copy.id}/cancel`);
    return { answer, status: 409, facts: { image: copy.destinationImageId, state: 'queued' } };
  },
  'image.protected': async () => {
    const { id } = await make('/images', anImage);
    await api.call('PATCH', `/images/${id}`, { protected: true });
    return { answer: api.call('DELETE', `/images/${id}`), status: 409, facts: { image: id } };
  },
  'image.encrypted': async () => {
    const { id } = await makeEncryptedImage(api.installation, api.caller);
    const { accountName } = await api.installation.newCaller();
    const shared = await api.call('PUT', `/images/${id}/members/${accountName}`);
    const published = await api.call('PATCH', `/images/${id}`, { visibility: 'public' });
    expect([shared.status, shared.body]).toEqual([published.status, published.body]);
    return { answer: published, status: 409, facts: { image: id } };
  },
  'member.not-found': async () => {
    const { id } = await make('/images', anImage);
    const { accountName } = await api.installation.newCaller();
    return await notFound(`/images/${id}/members/${accountName}`, { image: id, account: accountName }, 'DELETE');
  },
  'member.own': async () => {
    const { id } = await make('/images', anImage);
    const answer = api.call('PUT', `/images/${id}/members/${api.caller.accountNumber}`);
    return { answer, status: 409, facts: { image: id } };
  },
  'member.limit': async () => {
    const { id } = await make('/images', anImage);
    const { db } = api.installation.context;
    const accounts = Array.from({ length: 128 }, (_, index) => ({
      id: randomUUID(),
      name: `member-${index}`,
      number: 1_000_000_000_000_000 + index,
      administers: false,
      created_at: 1,
    }));
    await db.insertInto('accounts').values(accounts).execute();
    const times = { status: 'accepted', created_at: 1, updated_at: 1 } as const;
    await db
      .insertInto('image_members')
      .values(accounts.map((each) => ({ image: id, account: each.id, ...times })))
      .execute();
    const answer = api.call('PUT', `/images/${id}/members/${api.installation.operator.accountId}`);
    return { answer, status: 409, facts: { image: id, limit: 128 } };
  },
  'share.not-found': () => notFound(`/shares/${missing}`, { image: missing }, 'PATCH', { status: 'accepted' }),
  'snapshot.not-found': () => notFound(`/snapshots/${missing}`, { snapshot: missing }),
  'snapshot.not-ready': async () => {
    const { disks } = await make<Image>('/images', anImage);
    const [{ snapshot: { id: snapshot } = { id: '' } } = {}] = disks;
    const answer = api.call('POST', '/images', { region: 'north', name: 'early', snapshots: [{ id: snapshot }] });
    return { answer, status: 409, facts: { snapshot, state: 'progressing' } };
  },
  'snapshot.in-use': async () => {
    const { id, disks } = await available();
    const snapshot = disks[0]?.snapshot.id;
    return { answer: api.call('DELETE', `/snapshots/${snapshot}`), status: 409, facts: { snapshot, image: id } };
  },
  'snapshot.other-region': async () => {
    const snapshot = (await available()).disks[0]?.snapshot.id;
    const answer = api.call('POST', '/images', { region: 'south', name: 'afar', snapshots: [{ id: snapshot }] });
    return { answer, status: 409, facts: { snapshot, region: 'north' } };
  },
  'disk.not-found': async () => {
    const { id } = await available();
    return await notFound(`/images/${id}/disks/1/content`, { image: id, disk: 1 });
  },
  'disk.has-content': async () => {
    const { id } = await available();
    const answer = api.call('PUT', `/images/${id}/disks/0/content`, randomBytes(4096), raw);
    return { answer, status: 409, facts: { image: id, disk: 0 } };
  },
  'disk.upload-in-progress': async () => {
    const disks = [...anImage.disks, { role: 'data', size: 4096 }];
    const { id } = await make('/images', { ...anImage, disks });
    const headers = { 'content-type': 'application/octet-stream', 'upload-complete': '?0' };
    expect((await api.call('PUT', `/images/${id}/disks/1/content`, randomBytes(4096), headers)).status).toBe(204);
    const answer = await api.call('PUT', `/images/${id}/disks/0/content`, randomBytes(4096), raw);
    return { answer, status: 409, facts: { image: id, disk: 1 } };
  },
  'disk.unsafe-format': async () => {
    const { id } = await make('/images', { ...anImage, disks: [{ role: 'system', format: 'qcow2', size: 4096 }] });
    const answer = api.call('PUT', `/images/${id}/disks/0/content`, randomBytes(4096), raw);
    return { answer, status: 422, facts: { image: id, disk: 0, reason: expect.stringContaining('declared as qcow2') } };
  },
  'disk.range': async () => {
    const { id } = await available();
    const answer = api.call('GET', `/images/${id}/disks/0/content`, undefined, { range: 'bytes=9999-' });
    return { answer, status: 416, facts: { image: id, disk: 0, size: 4096 } };
  },
  'upload.wrong-offset': async () => {
    const { id } = await make('/images', anImage);
    const headers = { 'content-type': 'application/partial-upload', 'upload-offset': '7', 'upload-complete': '?1' };
    const answer = api.call('PATCH', `/images/${id}/disks/0/content`, randomBytes(1), headers);
    return { answer, status: 409, facts: { image: id, disk: 0, expected: 0, received: 7 } };
  },
  'upload.incomplete': async () => {
    const { id } = await make('/images', anImage);
    const answer = api.call('PUT', `/images/${id}/disks/0/content`, randomBytes(4095), raw);
    return { answer, status: 400, facts: { image: id, disk: 0, expected: 4096, received: 4095 } };
  },
  'upload.malformed': async () => {
    const { id } = await make('/images', anImage);
    const headers = { 'content-type': extentsMediaType };
    const answer = api.call('PUT', `/images/${id}/disks/0/content`, randomBytes(4096), headers);
    return { answer, status: 400, facts: { image: id, disk: 0, reason: expect.stringContaining('MIMEOEX1') } };
  },
  'copy.not-found': () => notFound(`/copies/${missing}/cancel`, { copy: missing }, 'POST'),
  'copy.finished': async () => {
    const { id } = await copyOf((await available()).id);
    await api.call('POST', `/copies/${id}/cancel`);
    return { answer: api.call('POST', `/copies/${id}/cancel`), status: 409, facts: { copy: id, state: 'cancelled' } };
  },
  'copy.not-retryable': async () => {
    const { id } = await copyOf((await available()).id);
    const answer = await api.call('POST', `/copies/${id}/retry`);
    await api.call('POST', `/copies/${id}/cancel`);
    return { answer, status: 409, facts: { copy: id, state: 'queued' } };
  },
  'copy.too-many': async () => {
    const images = Array.from({ length: 51 }, (_, index) => `m-${index}`);
    const answer = api.call('POST', '/copies', { images, regions: ['north', 'south'] });
    return { answer, status: 400, facts: { limit: 100, wanted: 102 } };
  },
  'object-store.missing': async () => {
    const bare = await createTestApi();
    const answer = await bare.call('POST', '/imports', anImport);
    await bare.close();
    return { answer, status: 409, facts: {} };
  },
  'object-store.unreachable': async () => {
    store.intervene = () => ({ status: 503 });
    return { answer: await imported(), status: 503, facts: {} };
  },
  'object.bucket-not-found': async () => {
    const { id } = await available();
    return await notFound(`/images/${id}/export`, { bucket: 'gone' }, 'POST', { bucket: 'gone', prefix: 'out' });
  },
  'object.not-found': async () => ({
    answer: imported({ object: 'gone' }),
    status: 404,
    facts: { bucket: 'images', object: 'gone' },
  }),
  'object.denied': async () => {
    store.intervene = () => ({ status: 403 });
    return { answer: await imported(), status: 403, facts: { bucket: 'images', object: 'disk' } };
  },
  'object.size': async () => ({
    answer: imported({ format: 'raw', size: 4095 }),
    status: 409,
    facts: { bucket: 'images', object: 'disk', size: 4096, limit: 4095, role: 'system' },
  }),
  'export.format': async () => {
    const { id } = await available();
    const answer = api.call('POST', `/images/${id}/export`, { ...anExport, format: 'vhd' });
    return { answer, status: 409, facts: { image: id, format: 'vhd', formats: ['raw'] } };
  },
  'export.size': async () => {
    const size = 6 * 1024 ** 4;
    await quota('bytes', 2 * size);
    const { id } = await make('/images', { ...anImage, disks: [{ role: 'system', size }] });
    const holes = Buffer.concat(await Array.fromAsync(encodeExtents(size, [])));
    const headers = { 'content-type': extentsMediaType };
    expect((await api.call('PUT', `/images/${id}/disks/0/content`, holes, headers)).status).toBe(200);
    await quota('bytes', null);
    const answer = api.call('POST', `/images/${id}/export`, anExport);
    return { answer, status: 409, facts: { image: id, disk: 0, size, limit: 625 * 1024 ** 3 } };
  },
  'image.importing': async () => {
    const { id, imageId } = (await imported()).body as { id: string; imageId: string };
    return { answer: api.call('DELETE', `/images/${imageId}`), status: 409, facts: { image: imageId, task: id } };
  },
  'image.exporting': async () => {
    const { id } = await available();
    const task = await make(`/images/${id}/export`, anExport);
    return { answer: api.call('DELETE', `/images/${id}`), status: 409, facts: { image: id, task: task.id } };
  },
  'task.not-found': () => notFound(`/tasks/${missing}`, { task: missing }),
  'task.finished': async () => {
    const { id } = (await imported()).body as { id: string };
    await api.call('POST', `/tasks/${id}/cancel`);
    return { answer: api.call('POST', `/tasks/${id}/cancel`), status: 409, facts: { task: id, state: 'cancelled' } };
  },
  'task.completing': async () => {
    const { id: image } = await available();
    const { id } = await make(`/images/${image}/export`, anExport);
    const completing = { state: 'running', server: missing, completing: true } as const;
    await api.installation.context.db.updateTable('tasks').set(completing).where('id', '=', id).execute();
    return { answer: api.call('POST', `/tasks/${id}/cancel`), status: 409, facts: { task: id } };
  },
  'key.not-found': () => notFound(`/keys/${missing}`, { key: missing }),
  'key.disabled': async () => {
    const { id } = await make('/keys', aKey);
    await make(`/keys/${id}/disable`);
    return { answer: api.call('POST', `/keys/${id}/rotate`), status: 409, facts: { key: id, state: 'disabled' } };
  },
  'key.required': async () => {
    const { id: image } = await makeEncryptedImage(api.installation, api.caller);
    const answer = api.call('POST', '/copies', { images: [image], regions: ['south'] });
    return { answer, status: 409, facts: { image, region: 'south' } };
  },
  'key.other-region': async () => {
    const { id } = await available();
    const key = await make('/keys', { ...aKey, grants: ['images'] });
    const answer = api.call('POST', '/copies', { images: [id], regions: ['south'], encryption: key.id });
    return { answer, status: 409, facts: { key: key.id, region: 'north' } };
  },
  'key.not-granted': async () => {
    const { id } = await available();
    const key = await make('/keys', aKey);
    const answer = api.call('POST', '/copies', { images: [id], regions: ['north'], encryption: key.id });
    return { answer, status: 403, facts: { key: key.id, service: 'images' } };
  },
  'key.region': async () => {
    const limits = { defaultKeyRegion: 'north' };
    const answer = await withKeyLimits(api.installation, limits, () => api.call('POST', '/keys', aKey));
    return { answer, status: 409, facts: { region: 'north', own: true } };
  },
  'key.account': async () => {
    const limits = { keyAccount: 'another' };
    const answer = await withKeyLimits(api.installation, limits, () => api.call('POST', '/keys', aKey));
    return { answer, status: 403, facts: { account: api.caller.accountName } };
  },
  'key.pending-deletion': async () => {
    const { id } = await make('/keys', aKey);
    await make(`/keys/${id}/schedule-deletion`, { days: 7 });
    return { answer: api.call('POST', `/keys/${id}/enable`), status: 409, facts: { key: id } };
  },
  'key.not-pending-deletion': async () => {
    const { id } = await make('/keys', aKey);
    const answer = api.call('POST', `/keys/${id}/cancel-deletion`);
    return { answer, status: 409, facts: { key: id, state: 'enabled' } };
  },
  'key.pending-import': async () => {
    const { id } = await make('/keys', { ...aKey, origin: 'external' });
    return { answer: api.call('POST', `/keys/${id}/enable`), status: 409, facts: { key: id } };
  },
  'key.not-external': async () => {
    const { id } = await make('/keys', aKey);
    return { answer: api.call('POST', `/keys/${id}/import`, newMaterial()), status: 409, facts: { key: id } };
  },
  'key.external': async () => {
    const { id } = await make('/keys', { ...aKey, origin: 'external' });
    return { answer: api.call('POST', `/keys/${id}/rotate`), status: 409, facts: { key: id } };
  },
  'key.other-material': async () => {
    const { id } = await make('/keys', { ...aKey, origin: 'external' });
    await make(`/keys/${id}/import`, newMaterial());
    return { answer: api.call('POST', `/keys/${id}/import`, newMaterial()), status: 409, facts: { key: id } };
  },
  'key.default': async () => {
    const { context } = api.installation;
    const { id } = await defaultKey(context, api.caller, 'north', new AbortController().signal);
    return { answer: api.call('POST', `/keys/${id}/disable`), status: 409, facts: { key: id } };
  },
  'key.limit': async () => {
    const { db, regionNumbers } = api.installation.context;
    const made = { account: api.caller.accountId, region: regionNumbers.get('south') as number, created_at: 1 };
    const standing = { state: 'disabled', origin: 'mimeo', is_default: false, version: 1 } as const;
    const rows = Array.from({ length: 200 }, () => ({ id: randomUUID(), ...made, ...standing, description: '' }));
    await db.insertInto('keys').values(rows).execute();
    const answer = api.call('POST', '/keys', { region: 'south' });
    return { answer, status: 409, facts: { region: 'south', limit: 200 } };
  },
  'key.alias-exists': () => exists('/keys', { ...aKey, alias: 'twice' }, { region: 'north', alias: 'twice' }),
  'key.alias-not-found': () => notFound('/key-aliases/nothing', { alias: 'nothing' }, 'DELETE'),
  'key.alias-limit': async () => {
    const { id } = await make('/keys', aKey);
    const { db, regionNumbers } = api.installation.context;
    const of = { account: api.caller.accountId, region: regionNumbers.get('north') as number, key: id, created_at: 1 };
    const rows = Array.from({ length: 50 }, (_, index) => ({ ...of, name: `many-${index}` }));
    await db.insertInto('key_aliases').values(rows).execute();
    const answer = api.call('POST', '/key-aliases', { key: id, name: 'one-more' });
    return { answer, status: 409, facts: { key: id, limit: 50 } };
  },
  'key.grant-not-found': async () => {
    const { id } = await make('/keys', aKey);
    return await notFound(`/keys/${id}/grants/images`, { key: id, service: 'images' }, 'DELETE');
  },
  'store.full': async () => {
    const { id } = await make('/images', anImage);
    api.installation.fail('north', { put: () => ({ throws: 'full' }) });
    const answer = await api.call('PUT', `/images/${id}/disks/0/content`, randomBytes(4096), raw);
    api.installation.fail('north');
    return { answer, status: 507, facts: { region: 'north' } };
  },
};

it.each(Object.keys(provoke) as (keyof typeof provoke)[])('%s is a problem document with its facts', async (code) => {
  const { answer, status, facts } = await provoke[code]();
  const { headers, ...said } = await answer;
  expect(headers['content-type']).toMatch(/^application\/problem\+json\b/);
  const title = expect.any(String);
  expect(said).toEqual({ status, body: { type: `urn:mimeo:problem:${code}`, code, title, status, ...facts } });
});
