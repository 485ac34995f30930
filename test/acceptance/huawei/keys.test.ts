/**
 * Copies that encrypt, decrypt and change keys, and every row about keys, asked for by Huawei Cloud's own client: its image
 * service's calls and, by the same client, its key management service's.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../disks.ts';
import { type Access, type Answer, type Client, imsClient, kmsClient, raisedBy } from './clients.ts';
import { createSite, here, type Site, there } from './site.ts';

let site: Site;
let ims: Client;
let kms: Client;
beforeAll(async () => {
  // A key can be gone as soon as the server looks again.
  site = await createSite({ dataMiB: 4, settings: { MIMEO_KEY_DELETION_DAYS: '0' } });
  ims = site.ims(here);
  kms = kmsClient(site.access, here, site.projectOf(here));
  await site.createAgency('copies', there);
}, 60_000);
afterAll(() => site.mimeo.remove());

const doWith = (action: string, data: object, by = kms): Promise<Answer> =>
  by.call('POST', '/v1.0/{project_id}/kms/{action}', { path: { action }, data });

let keys = 0;
async function newKey(more: object = {}, by = kms): Promise<string> {
  keys += 1;
  const { httpStatusCode, key_info } = await doWith('create-key', { key_alias: `images-${keys}`, ...more }, by);
  expect(httpStatusCode).toBe(200);
  return key_info.key_id;
}

const ask = (image_id: string, data: object = {}, by = ims): Promise<Answer> =>
  by.call('POST', '/v1/cloudimages/{image_id}/copy', { path: { image_id }, data: { name: 'copy', ...data } });

/** The new image, as the list has it. */
async function copy(imageId: string, cmk_id?: string): Promise<Answer> {
  const { job_id } = await ask(imageId, { description: '', ...(cmk_id !== undefined && { cmk_id }) });
  const job = await site.waitFor(ims, job_id);
  expect(job).toMatchObject({ status: 'SUCCESS', error_code: null });
  return await site.find(here, job.entities.image_id);
}

async function expectSameBytes(imageId: string): Promise<void> {
  const exported = join(site.mimeo.folder, `${imageId}.raw`);
  expect((await site.mimeo.run('image', 'export', imageId, exported)).code).toBe(0);
  expect(await digestOf(exported)).toBe(await digestOf(site.disk));
}

/** Of the owner of a new account. */
async function newFriend(name: string): Promise<{ ims: Client; kms: Client; project: string }> {
  const { accessKey } = await site.mimeo.json<{ accessKey: { id: string; secret: string } }>('account', 'create', name);
  const access: Access = { ...site.access, ak: accessKey.id, sk: accessKey.secret };
  const { projects } = await imsClient(access, here).call('GET', '/v3/auth/projects');
  const project = projects.find((each: Answer) => each.name === here).id;
  return { ims: imsClient(access, here, project), kms: kmsClient(access, here, project), project };
}

describe('a copy in the region', { timeout: 60_000 }, () => {
  it('of a plain image is plain, or encrypted with the key that is named', async () => {
    const plain = await copy(site.imageId);
    expect(plain).not.toHaveProperty('__system__cmkid');
    await expectSameBytes(plain.id);
    const key = await newKey();
    const sealed = await copy(site.imageId, key);
    expect(sealed).toMatchObject({ __system__cmkid: key, status: 'active' });
    await expectSameBytes(sealed.id);
    const { images } = await ims.call('GET', '/v2/cloudimages', { query: { __system__cmkid: key } });
    expect(images.map(({ id }: Answer) => id)).toEqual([sealed.id]);
  });

  it('of an encrypted image is plain, or encrypted with another key, and never with the same', async () => {
    const [one, other] = [await newKey(), await newKey()];
    const sealed = await copy(site.imageId, one);
    const opened = await copy(sealed.id);
    expect(opened).not.toHaveProperty('__system__cmkid');
    await expectSameBytes(opened.id);
    const changed = await copy(sealed.id, other);
    expect(changed).toMatchObject({ __system__cmkid: other });
    await expectSameBytes(changed.id);
    expect(await raisedBy(ask(sealed.id, { cmk_id: one }))).toMatchObject({
      httpStatusCode: 400,
      errorCode: 'IMG.0096',
    });
  });

  it('is possible again once a disabled key is enabled', async () => {
    const key = await newKey();
    const sealed = await copy(site.imageId, key);
    await doWith('disable-key', { key_id: key });
    expect((await raisedBy(ask(sealed.id))).errorCode).toBe('IMG.0102');
    await doWith('enable-key', { key_id: key });
    await expectSameBytes((await copy(sealed.id)).id);
  });
});

type Row = readonly [code: string, message: string, call: () => Promise<Answer>];

const endings = {
  disable: (key: string) => doWith('disable-key', { key_id: key }),
  doom: (key: string) => doWith('schedule-key-deletion', { key_id: key, pending_days: '7' }),
  async revoke(key: string) {
    expect((await site.mimeo.run('key', 'revoke', key)).code).toBe(0);
  },
  async destroy(key: string) {
    await site.mimeo.json('key', 'delete', key, '--days', '0');
    const isGone = () =>
      doWith('describe-key', { key_id: key }).then(
        () => false,
        () => true,
      );
    while (!(await isGone())) await sleep(100);
  },
} as const;

async function endedKey(end: (key: string) => Promise<unknown>): Promise<string> {
  const key = await newKey();
  await end(key);
  return key;
}

/** A copy of an image whose key cannot be used any more. */
async function askWithout(end: (key: string) => Promise<unknown>): Promise<Answer> {
  const key = await newKey();
  const { id } = await copy(site.imageId, key);
  await end(key);
  return await ask(id);
}

async function askOfShared(): Promise<Answer> {
  const friend = await newFriend('friend');
  const path = { id: site.imageId, member: friend.project };
  await ims.call('POST', '/v2/images/{id}/members', { path, data: { member: friend.project } });
  await friend.ims.call('PUT', '/v2/images/{id}/members/{member}', { path, data: { status: 'accepted' } });
  return await ask(site.imageId, { cmk_id: await newKey({}, friend.kms) }, friend.ims);
}

async function askElsewhere(): Promise<Answer> {
  const { id } = await copy(site.imageId, await newKey());
  const data = { name: 'copy', region: there, project_name: there, agency_name: 'copies' };
  return await ims.call('POST', '/v1/cloudimages/{id}/cross_region_copy', { path: { id }, data });
}

async function share(): Promise<Answer> {
  const { id } = await copy(site.imageId, await newKey());
  const { project } = await newFriend('partner');
  return await ims.call('POST', '/v1/cloudimages/members', { data: { images: [id], projects: [project] } });
}

async function askBareMetal(): Promise<Answer> {
  const data = { name: 'metal', disk_format: 'raw', virtual_env_type: 'Ironic' };
  const { id } = await ims.call('POST', '/v2/images', { data });
  return await ask(id, { cmk_id: await newKey() });
}

const [noKey, notEnabled] = ['The KMS key does not exist.', 'The key is not enabled.'] as const;
const rows: readonly Row[] = [
  ['IMG.0095', noKey, () => ask(site.imageId, { cmk_id: 'bd66288c-9081-460a-8227-4cbd0c814cb4' })],
  ['IMG.0095', noKey, async () => ask(site.imageId, { cmk_id: await newKey({}, (await newFriend('other')).kms) })],
  [
    'IMG.0095',
    noKey,
    async () => ask(site.imageId, { cmk_id: await newKey({}, kmsClient(site.access, there, site.projectOf(there))) }),
  ],
  ['IMG.0097', notEnabled, async () => ask(site.imageId, { cmk_id: await endedKey(endings.disable) })],
  ['IMG.0097', notEnabled, async () => ask(site.imageId, { cmk_id: await endedKey(endings.doom) })],
  ['IMG.0097', notEnabled, async () => ask(site.imageId, { cmk_id: await newKey({ origin: 'external' }) })],
  [
    'IMG.0099',
    'You do not have the permission to access the key.',
    async () => ask(site.imageId, { cmk_id: await endedKey(endings.revoke) }),
  ],
  ['IMG.0101', 'The original key does not exist.', () => askWithout(endings.destroy)],
  ['IMG.0102', 'The original key is not enabled.', () => askWithout(endings.doom)],
  ['IMG.0103', 'You do not have the permission to access the original key.', () => askWithout(endings.revoke)],
  ['IMG.0118', 'The BMS image does not support KMS encryption.', askBareMetal],
  ['IMG.0143', 'An encrypted image cannot be replicated cross regions.', askElsewhere],
  ['IMG.0197', 'Failed to replicate the shared image because it is encrypted using KMS.', askOfShared],
  ['IMG.0098', 'The encrypted image cannot be shared or published in Marketplace.', share],
];

it.each(rows)('the client raises %s: %s', { timeout: 60_000 }, async (errorCode, errorMsg, call) => {
  expect(await raisedBy(call())).toMatchObject({ httpStatusCode: 400, errorCode, errorMsg });
});

const unknownKey = '11111111-2222-4333-8444-555555555555';
const kmsRows: readonly [number, ...Row][] = [
  [404, 'KMS.0207', 'Nonexistent key.', () => doWith('describe-key', { key_id: unknownKey })],
  [400, 'KMS.0205', 'Invalid key ID.', () => doWith('enable-key', { key_id: 'alias/images-1' })],
  [
    400,
    'KMS.0209',
    'The key has been disabled.',
    async () => doWith('create-datakey', { key_id: await endedKey(endings.disable), datakey_length: '512' }),
  ],
  [
    400,
    'KMS.0210',
    'The key is in Scheduled deletion state and cannot be used.',
    async () => doWith('create-datakey', { key_id: await endedKey(endings.doom), datakey_length: '512' }),
  ],
  [400, 'KMS.1101', 'Invalid key_alias.', () => doWith('create-key', { key_alias: 'mine/default' })],
  [
    400,
    'KMS.1104',
    'Existing CMK alias.',
    async () => newKey({ key_alias: 'taken' }).then(() => doWith('create-key', { key_alias: 'taken' })),
  ],
  [400, 'KMS.1201', 'The key is not disabled.', async () => doWith('enable-key', { key_id: await newKey() })],
  [400, 'KMS.1301', 'The key is not enabled.', async () => endings.disable(await endedKey(endings.disable))],
  [
    400,
    'KMS.1402',
    'The key is in the Pending deletion status.',
    async () => endings.doom(await endedKey(endings.doom)),
  ],
  [
    400,
    'KMS.1501',
    'The key is not in the Pending deletion status.',
    async () => doWith('cancel-key-deletion', { key_id: await newKey() }),
  ],
];

it.each(kmsRows)(
  'the client raises %d %s: %s',
  { timeout: 30_000 },
  async (httpStatusCode, errorCode, errorMsg, call) => {
    expect(await raisedBy(call())).toMatchObject({ httpStatusCode, errorCode, errorMsg });
  },
);
