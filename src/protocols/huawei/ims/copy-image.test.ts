import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeEncryptedImage, makeKey } from '../../../../test/support/encrypted-image.ts';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import { createHuaweiClient } from '../../../../test/support/huawei-client.ts';
import { expectImageFault, type Provocations } from '../../../../test/support/huawei-faults.ts';
import { never } from '../../../../test/support/installation.ts';
import { type KeyEnding, keyEndings } from '../../../../test/support/key-endings.ts';
import { withKeyLimits } from '../../../../test/support/key-limits.ts';
import { makeImageOfOthers, makePlainImage, type Seeing } from '../../../../test/support/plain-image.ts';
import type { Caller } from '../../../app/context.ts';
import { findImage } from '../../../app/find-image.ts';
import { createKey } from '../../../app/keys/create-key.ts';
import { listCopies } from '../../../app/list-copies.ts';
import { setQuotas } from '../../../app/quotas.ts';
import { createProject } from '../../../app/tenants/projects.ts';
import { createResourceGroup, updateResourceGroup } from '../../../app/tenants/resource-groups.ts';
import type { NewImage } from '../../../db/new-images.ts';
import type { QuotaKind } from '../../../domain/quota.ts';
import { commonFaults } from '../common-faults.ts';
import { fromHexId, toHexId } from '../ids.ts';
import { copyFaults } from './copy-faults.ts';

const GiB = 1024 ** 3;

let huawei: TestHuawei;
beforeAll(async () => {
  huawei = await createTestHuawei();
});
afterAll(() => huawei.close());

const newImage = (changes: Partial<NewImage> = {}, caller: Caller = huawei.caller) =>
  makePlainImage(huawei.installation.context, caller, changes);

async function copy(id: string, body: object | undefined = {}, client = huawei.client) {
  return await client.call('POST', `/v1/cloudimages/${id}/copy`, { body: body && { name: 'copy', ...body } });
}

async function copyNew(body: object = {}, image: Partial<NewImage> = {}) {
  return await copy((await newImage(image)).id, body);
}

const imageOfOthers = (as: Seeing, changes: Partial<NewImage> = {}) =>
  makeImageOfOthers(huawei.installation, huawei.caller, as, changes);

async function copyBeyond(kind: QuotaKind) {
  const { operator, context, newCaller } = huawei.installation;
  const caller = await newCaller();
  await setQuotas(context, operator, caller.accountId, 'north', { [kind]: 0 });
  return await copy((await newImage({}, caller)).id, {}, await huawei.newClient('operator', { caller }));
}

async function copyMeasuring(size: number) {
  const { context } = huawei.installation;
  const image = await newImage();
  await context.db.updateTable('disks').set({ size }).where('image', '=', image.id).execute();
  return await copy(image.id);
}

async function newKey(ended?: KeyEnding): Promise<string> {
  const { id } = await makeKey(huawei.installation, huawei.caller);
  if (ended !== undefined) await keyEndings[ended](huawei.installation.context, huawei.caller, id);
  return id;
}

/** A copy of an image whose key cannot be used any more. */
async function copySealed(ended: KeyEnding, body: object = {}) {
  const { installation, caller } = huawei;
  const key = await newKey();
  const { id } = await makeEncryptedImage(installation, caller, { key });
  await keyEndings[ended](installation.context, caller, key);
  return await copy(id, body);
}

const provocations: Provocations<typeof copyFaults> = {
  imageIdMalformed: () => copy('golden'),
  nameMissing: () => copyNew({ name: undefined }),
  nameTooLong: () => copyNew({ name: 'x'.repeat(129) }),
  nameMalformed: () => copyNew({ name: 'a/b' }),
  descriptionTooLong: () => copyNew({ description: 'x'.repeat(1025) }),
  descriptionMalformed: () => copyNew({ description: 'a\rb' }),
  imageNotFound: () => copy(randomUUID()),
  notAccepted: async () => copy((await imageOfOthers('offered')).id),
  ownerOnly: async () => copy((await imageOfOthers('public')).id),
  imageUnavailable: () => copyNew({}, { state: 'queued' }),
  isIso: () => copyNew({}, { kind: 'iso' }),
  imageQuota: () => copyBeyond('images'),
  notSupported: async () => copy((await imageOfOthers('shared')).id, { enterprise_project_id: randomUUID() }),
  enterpriseProjectInvalid: () => copyNew({ enterprise_project_id: randomUUID() }),
  wholeMachine: () => copyNew({}, { kind: 'whole-machine' }),
  tooLarge: () => copyMeasuring(128 * GiB + 1),
  keyNotFound: () => copyNew({ cmk_id: 'bd66288c-9081-460a-8227-4cbd0c814cb4' }),
  keyDisabled: async () => copyNew({ cmk_id: await newKey('disabled') }),
  keyDenied: async () => copyNew({ cmk_id: await newKey('denied') }),
  isBareMetal: async () => copyNew({ cmk_id: await newKey() }, { properties: { virtual_env_type: 'Ironic' } }),
  sourceKeyNotFound: () => copySealed('gone'),
  sourceKeyDisabled: () => copySealed('disabled'),
  sourceKeyDenied: () => copySealed('denied'),
  async sameKey() {
    const cmk_id = await newKey();
    const { id } = await makeEncryptedImage(huawei.installation, huawei.caller, { key: cmk_id });
    return await copy(id, { cmk_id });
  },
  sharedEncrypting: async () => copy((await imageOfOthers('shared')).id, { cmk_id: await newKey() }),
};

it.each(rowsOf(copyFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
  expectImageFault(await provoke(huawei), fault);
});

describe('the other ways to the same rows', () => {
  it('a request without a body, and with one that is none', async () => {
    const { id } = await newImage();
    expectImageFault(await huawei.client.call('POST', `/v1/cloudimages/${id}/copy`), commonFaults.bodyEmpty);
    expectImageFault(await huawei.client.call('POST', `/v2.1/cloudimages/${id}/copy`), commonFaults.bodyEmpty);
    const across = `/v1/cloudimages/${id}/cross_region_copy`;
    expectImageFault(await huawei.client.call('POST', across), commonFaults.bodyEmpty);
    expectImageFault(await huawei.client.call('POST', across, { body: {} }), copyFaults.nameMissing);
    for (const body of ['{', '[]', '"copy"']) {
      const answer = await huawei.client.call('POST', `/v1/cloudimages/${id}/copy`, { body });
      expectImageFault(answer, commonFaults.bodyInvalid);
    }
    expectImageFault(await copy(id, { cmk_id: 7 }), commonFaults.bodyInvalid);
  });

  it("another account's image, an image's other ids, and one of another region or project", async () => {
    const { context } = huawei.installation;
    const own = await newImage();
    const { result: project } = await createProject(context, huawei.caller, {
      region: 'north',
      name: 'north_other',
      description: '',
    });
    const images = [
      await imageOfOthers('hidden'),
      await newImage({ region: 'south' }),
      await newImage({ projectId: project.id }),
      await imageOfOthers('shared', { region: 'south' }),
      await imageOfOthers('public', { region: 'south' }),
    ];
    for (const { id } of images) expectImageFault(await copy(id), copyFaults.imageNotFound);
    for (const id of [own.aliyunId, own.jdcloudId]) expectImageFault(await copy(id), copyFaults.imageIdMalformed);
  });

  it.each(['uploading', 'copying', 'failed'] as const)('an image that is %s', async (state) => {
    expectImageFault(await copyNew({}, { state }), copyFaults.imageUnavailable);
  });

  it.each(['snapshots', 'bytes'] as const)("more %s than the account's quota", async (kind) => {
    expectImageFault(await copyBeyond(kind), copyFaults.imageQuota);
  });

  it('a group that is named otherwise than by its id, or takes nothing new', async () => {
    const { context } = huawei.installation;
    const { result } = await createResourceGroup(context, huawei.caller, { name: 'a-group', description: '' });
    for (const enterprise_project_id of ['a-group', result.aliyunId]) {
      expectImageFault(await copyNew({ enterprise_project_id }), copyFaults.enterpriseProjectInvalid);
    }
    await updateResourceGroup(context, huawei.caller, result.id, { disabled: true });
    const disabled = await copyNew({ enterprise_project_id: result.id });
    expectImageFault(disabled, copyFaults.enterpriseProjectInvalid);
  });

  it('a key counts after all else that is said of the image, and nothing is copied for it', async () => {
    const cmk_id = randomUUID();
    const { id } = await newImage();
    expectImageFault(await copyNew({ cmk_id }, { kind: 'iso' }), copyFaults.isIso);
    expectImageFault(await copy(id, { cmk_id }), copyFaults.keyNotFound);
    const { context } = huawei.installation;
    const { copies } = await listCopies(context, huawei.caller, { image: id, descending: true, limit: 1 });
    expect(copies).toEqual([]);
    expect((await copy(id, { cmk_id: '' })).status).toBe(200);
  });

  it('an alias, a word, and a key of another region or account', async () => {
    const { installation, caller } = huawei;
    const { context, newCaller } = installation;
    const alias = { region: 'north', origin: 'mimeo', description: '', alias: 'golden', grants: ['images'] } as const;
    await createKey(context, caller, alias, { signal: never });
    const { id } = await newImage();
    const foreign = await makeKey(installation, await newCaller());
    const southern = await makeKey(installation, caller, 'south');
    for (const cmk_id of ['golden', 'alias/golden', 'default', 'none', 'same', foreign.id, southern.id]) {
      expectImageFault(await copy(id, { cmk_id }), copyFaults.keyNotFound);
    }
  });

  it('a key that is to be deleted, is gone, or has no material yet', async () => {
    const { id } = await newImage();
    expectImageFault(await copy(id, { cmk_id: await newKey('doomed') }), copyFaults.keyDisabled);
    const external = { region: 'north', origin: 'external', description: '', grants: ['images'] } as const;
    const { result } = await createKey(huawei.installation.context, huawei.caller, external, { signal: never });
    expectImageFault(await copy(id, { cmk_id: result.id }), copyFaults.keyDisabled);
    expectImageFault(await copy(id, { cmk_id: await newKey('gone') }), copyFaults.keyNotFound);
  });

  it.each<[string, Parameters<typeof withKeyLimits>[1]]>([
    ['the region has none', { keylessRegion: 'north' }],
    ["the region has none of customers'", { defaultKeyRegion: 'north' }],
    ['other accounts alone may have them', { keyAccount: 'somebody' }],
  ])('a key where %s', async (_, limits) => {
    const { id } = await newImage();
    const cmk_id = await newKey();
    await withKeyLimits(huawei.installation, limits, async () => {
      expectImageFault(await copy(id, { cmk_id }), copyFaults.keyDenied);
    });
  });

  it("the source's key first, whatever the copy is to be encrypted with", async () => {
    expectImageFault(await copySealed('doomed'), copyFaults.sourceKeyDisabled);
    const cmk_id = await newKey('disabled');
    expectImageFault(await copySealed('disabled', { cmk_id }), copyFaults.sourceKeyDisabled);
    expectImageFault(await copySealed('gone', { cmk_id }), copyFaults.sourceKeyNotFound);
    const { installation, caller } = huawei;
    const sealed = await makeEncryptedImage(installation, caller);
    expectImageFault(await copy(sealed.id, { cmk_id }), copyFaults.keyDisabled);
    expectImageFault(await copy(sealed.id, { cmk_id: await newKey('denied') }), copyFaults.keyDenied);
  });

  it('a viewer, whose status is another on Open Telekom Cloud', async () => {
    const { id } = await newImage();
    expectImageFault(await copy(id, {}, await huawei.newClient('viewer')), commonFaults.forbidden);
    const otc = await createTestHuawei({ on: huawei.installation, settings: { site: 'otc' } });
    const viewer = await otc.newClient('viewer');
    const { id: other } = await newImage({}, otc.caller);
    expectImageFault(await copy(other, {}, viewer), commonFaults.forbidden, 'otc');
    await otc.close();
  });
});

describe('an accepted copy', () => {
  it('is a job, and an image with what was asked for', async () => {
    const { context } = huawei.installation;
    const { result: group } = await createResourceGroup(context, huawei.caller, { name: 'golden', description: '' });
    const image = await newImage({
      description: 'the source',
      tags: { of: 'the source' },
      attributes: { osVersion: 'Debian GNU/Linux 12 64bit' },
      properties: { hw_vif_multiqueue_enabled: 'true' },
    });
    const body = { name: '镜像 Golden_1.0', description: 'a copy', enterprise_project_id: group.id, cmk_id: '' };
    const answer = await copy(image.id, body);
    expect(answer).toMatchObject({ status: 200, headers: { 'x-request-id': expect.any(String) } });
    expect(answer.body).toEqual({ job_id: expect.stringMatching(/^[0-9a-f]{32}$/) });
    const { copies } = await listCopies(context, huawei.caller, { image: image.id, descending: true, limit: 2 });
    expect(copies.map(({ id }) => id)).toEqual([fromHexId(answer.body.job_id)]);
    expect(await findImage(context, huawei.caller, copies[0]?.destinationImageId as string)).toMatchObject({
      region: 'north',
      projectId: fromHexId(await huawei.projectOf('north')),
      name: '镜像 Golden_1.0',
      description: 'a copy',
      tags: {},
      resourceGroupId: group.id,
      attributes: { osVersion: 'Debian GNU/Linux 12 64bit' },
      properties: { hw_vif_multiqueue_enabled: 'true' },
      sourceImageId: image.id,
      visibility: 'private',
      state: 'queued',
    });
  });

  it('lies in the project of the request, and may have a name that is taken', async () => {
    const { context } = huawei.installation;
    const project = { region: 'south', name: 'south_golden', description: '' };
    const { result } = await createProject(context, huawei.caller, project);
    const client = createHuaweiClient({
      url: huawei.url,
      form: 'huawei',
      ...huawei.key,
      projectId: toHexId(result.id),
    });
    const image = await newImage({ region: 'south', projectId: result.id, name: 'same' });
    for (const path of [`/v1/cloudimages/${image.id}/copy`, `/v2.1/cloudimages/${image.id}/copy`]) {
      const answer = await client.call('POST', path, { body: { name: 'same', description: '' } });
      expect(answer.status).toBe(200);
    }
    const { copies } = await listCopies(context, huawei.caller, { image: image.id, descending: true, limit: 3 });
    expect(copies).toHaveLength(2);
    for (const { destinationImageId } of copies) {
      const made = await findImage(context, huawei.caller, destinationImageId);
      expect(made).toMatchObject({ region: 'south', projectId: result.id, name: 'same', description: '' });
    }
  });

  it.each(['shared', 'public'] as const)(
    'of an own image that is %s, and of one measuring all it may',
    async (visibility) => {
      expect((await copyNew({ enterprise_project_id: '0' }, { visibility })).status).toBe(200);
      expect((await copyMeasuring(128 * GiB)).status).toBe(200);
    },
  );

  it("of a shared image is its account's own, in the default enterprise project", async () => {
    const { context } = huawei.installation;
    const image = await imageOfOthers('shared');
    expect((await copy(image.id, { enterprise_project_id: '0' })).status).toBe(200);
    const { copies } = await listCopies(context, huawei.caller, { image: image.id, descending: true, limit: 1 });
    const made = await findImage(context, huawei.caller, copies[0]?.destinationImageId as string);
    expect(made).toMatchObject({ accountId: huawei.caller.accountId, resourceGroupId: null });
  });
});
