/** Images that are encrypted with keys of their account: how copies come to be so, and what is said of them (reference §2.1). */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeEncryptedImage, makeKey } from '../../../../test/support/encrypted-image.ts';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import type { HuaweiClient } from '../../../../test/support/huawei-client.ts';
import { expectFault, expectImageFault } from '../../../../test/support/huawei-faults.ts';
import { finishCopy, makeImage, readBytes } from '../../../../test/support/installation.ts';
import { type KeyEnding, keyEndings } from '../../../../test/support/key-endings.ts';
import type { Caller } from '../../../app/context.ts';
import { findImage } from '../../../app/find-image.ts';
import { enableKey } from '../../../app/keys/change-key.ts';
import type { Image } from '../../../domain/image.ts';
import { fromHexId } from '../ids.ts';
import { plainFaults } from '../plain-faults.ts';
import { copyFaults } from './copy-faults.ts';
import { addMemberFaults } from './members/member-faults.ts';

const bytes = randomBytes(150_000);

let huawei: TestHuawei;
/** Of a new account for each test. */
let caller: Caller;
let client: HuaweiClient;
beforeAll(async () => {
  huawei = await createTestHuawei();
});
beforeEach(async () => {
  caller = await huawei.installation.newCaller();
  client = await huawei.newClient('operator', { caller });
});
afterAll(() => huawei.close());

const newKey = async () => (await makeKey(huawei.installation, caller)).id;
const endKey = (key: string, ending: KeyEnding) => keyEndings[ending](huawei.installation.context, caller, key);

/** Encrypted with the key, if there is one. */
async function imageWith(key?: string): Promise<Image> {
  const { installation } = huawei;
  if (key === undefined) return await makeImage(installation.context, caller, [bytes]);
  return await makeEncryptedImage(installation, caller, { disks: [bytes], key });
}

async function copy({ id }: Pick<Image, 'id'>, cmk_id?: string): Promise<string> {
  const body = { name: 'copy', description: '', cmk_id };
  const answer = await client.call('POST', `/v1/cloudimages/${id}/copy`, { body });
  expect(answer).toMatchObject({ status: 200 });
  return answer.body.job_id;
}

/** Lets a worker take the job up; returns how it stands afterwards. */
async function finish(job: string) {
  await finishCopy(huawei.installation, caller, fromHexId(job) as string);
  return (await client.call('GET', `/v1/cloudimages/job/${job}`)).body;
}

async function copied(image: Image, cmk_id?: string): Promise<Image> {
  const { status, entities } = await finish(await copy(image, cmk_id));
  expect(status).toBe('SUCCESS');
  return await findImage(huawei.installation.context, caller, entities.image_id);
}

describe('a copy', () => {
  it.each([
    ['plain', undefined, undefined],
    ['plain', undefined, 'another key'],
    ['encrypted', 'a key', undefined],
    ['encrypted', 'a key', 'another key'],
  ])('of what is %s, from %s to %s', async (_, from, to) => {
    const source = await imageWith(from && (await newKey()));
    const cmk_id = to && (await newKey());
    const made = await copied(source, cmk_id);
    expect(made.disks.map(({ key }) => key)).toEqual([cmk_id ?? null]);
    expect((await readBytes(huawei.installation.context, caller, made.id)).equals(bytes)).toBe(true);
  });

  it("of a shared image is not encrypted, nor with its account's own key, but can be copied again", async () => {
    const source = await imageWith();
    const guest = await huawei.installation.newCaller();
    const member = await huawei.projectOf('north', guest);
    await client.call('POST', `/v2/images/${source.id}/members`, { body: { member } });
    [caller, client] = [guest, await huawei.newClient('operator', { caller: guest })];
    await client.call('PUT', `/v2/images/${source.id}/members/${member}`, { body: { status: 'accepted' } });
    const cmk_id = await newKey();
    const body = { name: 'copy', cmk_id };
    const answer = await client.call('POST', `/v1/cloudimages/${source.id}/copy`, { body });
    expectImageFault(answer, copyFaults.sharedEncrypting);
    const own = await copied(source);
    expect((await copied(own, cmk_id)).disks[0]?.key).toBe(cmk_id);
  });
});

describe('a job whose key cannot be used any more', () => {
  const endings: [KeyEnding, string, string][] = [
    ['disabled', 'IMG.0097', 'IMG.0102'],
    ['doomed', 'IMG.0097', 'IMG.0102'],
    ['gone', 'IMG.0095', 'IMG.0101'],
    ['denied', 'IMG.0099', 'IMG.0103'],
  ];
  it.each(endings)('fails: %s is %s of the new key, %s of the old one', async (ending, ofNew, ofOld) => {
    const failed = async (job: string, key: string, code: string) => {
      await endKey(key, ending);
      const shown = await finish(job);
      const reason = expect.stringContaining(key);
      expect(shown).toMatchObject({ status: 'FAIL', error_code: code, fail_reason: reason });
      expect(shown.entities).toMatchObject({ error_code: code, error: reason });
    };
    const [first, second, third, fourth] = [await newKey(), await newKey(), await newKey(), await newKey()];
    await failed(await copy(await imageWith(), first), first, ofNew);
    const sealed = await imageWith(second);
    await failed(await copy(sealed, third), third, ofNew);
    await failed(await copy(sealed, fourth), second, ofOld);
  });

  it('can be asked for again once the key is enabled', async () => {
    const { context } = huawei.installation;
    const key = await newKey();
    const sealed = await imageWith(key);
    const job = await copy(sealed);
    await endKey(key, 'disabled');
    expect(await finish(job)).toMatchObject({ status: 'FAIL', error_code: 'IMG.0102' });
    const again = await client.call('POST', `/v1/cloudimages/${sealed.id}/copy`, { body: { name: 'copy' } });
    expectImageFault(again, copyFaults.sourceKeyDisabled);
    await enableKey(context, caller, key);
    expect((await readBytes(context, caller, (await copied(sealed)).id)).equals(bytes)).toBe(true);
  });
});

describe('an encrypted image', () => {
  const listed = async (query: Record<string, string>, path = '/v2/cloudimages') =>
    (await client.call('GET', path, { query })).body.images.map(({ id }: { id: string }) => id);

  it('is shown with its key, and found by it', async () => {
    const [one, other] = [await newKey(), await newKey()];
    const [plain, sealed] = [await imageWith(), await imageWith(one)];
    for (const path of ['/v2/cloudimages', '/v2/images']) {
      const { body } = await client.call('GET', path);
      const keys = body.images.map((image: Record<string, unknown>) => [image['id'], image['__system__cmkid']]);
      expect(keys).toContainEqual([sealed.id, one]);
    }
    const shown = await client.call('GET', `/v2/images/${plain.id}`);
    expect(shown.body).not.toHaveProperty('__system__cmkid');
    for (const path of ['/v2/cloudimages', '/v2/images']) {
      expect(await listed({ __system__cmkid: one }, path)).toEqual([sealed.id]);
      expect(await listed({ __system__cmkid: other }, path)).toEqual([]);
      expect(await listed({ __system__cmkid: 'golden' }, path)).toEqual([]);
    }
    const stranger = await huawei.newClient('owner', { caller: await huawei.installation.newCaller() });
    expect((await stranger.call('GET', '/v2/cloudimages', { query: { __system__cmkid: one } })).body.images).toEqual(
      [],
    );
  });

  it('is not shared, nor published, also while a copy is making it so', async () => {
    const owner = await huawei.newClient('owner', { caller });
    const guest = await huawei.projectOf('north', await huawei.installation.newCaller());
    const key = await newKey();
    const source = await imageWith();
    const sealed = await imageWith(key);
    const job = await copy(source, key);
    const { entities } = (await client.call('GET', `/v1/cloudimages/job/${job}`)).body;
    for (const id of [sealed.id, entities.image_id]) {
      const shared = await client.call('POST', '/v1/cloudimages/members', {
        body: { images: [id], projects: [guest] },
      });
      expectImageFault(shared, addMemberFaults.encrypted);
      const member = await client.call('POST', `/v2/images/${id}/members`, { body: { member: guest } });
      expectFault(member, plainFaults[409], { service: 'glance' });
      const published = await owner.call('PATCH', `/v2/images/${id}`, {
        body: [{ op: 'replace', path: '/visibility', value: 'public' }],
        headers: { 'content-type': 'application/openstack-images-v2.1-json-patch' },
      });
      expectFault(published, plainFaults[409], { service: 'glance' });
    }
    const otc = await createTestHuawei({ on: huawei.installation, settings: { site: 'otc' } });
    const body = { images: [sealed.id], projects: [guest] };
    const there = await otc.newClient('operator', { caller });
    expectImageFault(await there.call('POST', '/v1/cloudimages/members', { body }), addMemberFaults.encrypted, 'otc');
    await otc.close();
    const both = { images: [source.id, sealed.id], projects: [guest] };
    const some = await client.call('POST', '/v1/cloudimages/members', { body: both });
    const shown = await client.call('GET', `/v1/cloudimages/job/${some.body.job_id}`);
    expect(shown.body).toMatchObject({ status: 'FAIL', error_code: 'IMG.0098' });
  });

  it('is named, tagged and deleted as any other, also without its key', async () => {
    const key = await newKey();
    const { id } = await imageWith(key);
    await endKey(key, 'disabled');
    const renamed = await client.call('PATCH', `/v2/cloudimages/${id}`, {
      body: [{ op: 'replace', path: '/name', value: 'sealed' }],
    });
    expect(renamed).toMatchObject({ status: 200, body: { name: 'sealed', __system__cmkid: key } });
    const tag = { tag: { key: 'env', value: 'prod' } };
    expect(
      (await client.call('POST', `/v2/${await huawei.projectOf('north', caller)}/images/${id}/tags`, { body: tag }))
        .status,
    ).toBe(204);
    expect((await client.call('DELETE', `/v2/images/${id}`)).status).toBe(204);
    expect(await listed({ __system__cmkid: key })).toEqual([]);
  });
});
