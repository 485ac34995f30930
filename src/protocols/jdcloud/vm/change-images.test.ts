import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeEncryptedImage } from '../../../../test/support/encrypted-image.ts';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import {
  copyImage,
  createInstallation,
  finishCopy,
  type Installation,
  makeImage,
} from '../../../../test/support/installation.ts';
import { createTestJdcloud, type TestJdcloud } from '../../../../test/support/jdcloud-api.ts';
import type { JdcloudClient } from '../../../../test/support/jdcloud-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/jdcloud-faults.ts';
import {
  insertPlainTask,
  makeImageOfOthers,
  makePlainImage,
  type Seeing,
} from '../../../../test/support/plain-image.ts';
import type { Caller } from '../../../app/context.ts';
import { findImage } from '../../../app/find-image.ts';
import { findSnapshot } from '../../../app/find-snapshot.ts';
import { listEvents } from '../../../app/list-events.ts';
import { listMembers, shareImage as shareWith } from '../../../app/share-image.ts';
import { updateAccount } from '../../../app/tenants/accounts.ts';
import { updateImage } from '../../../app/update-image.ts';
import { inTransaction } from '../../../db/database.ts';
import type { NewImage } from '../../../db/new-images.ts';
import type { Image } from '../../../domain/image.ts';
import { commonFaults } from '../common-faults.ts';
import { imageFaults } from '../image-faults.ts';
import { deleteImageFaults } from './delete-image-faults.ts';
import { modifyImageAttributeFaults } from './modify-image-attribute-faults.ts';
import { releaseImageFaults, unReleaseImageFaults } from './release-image-faults.ts';
import { shareImageFaults } from './share-image-faults.ts';
import { unShareImageFaults } from './unshare-image-faults.ts';

let installation: Installation;
let jdcloud: TestJdcloud;
beforeAll(async () => {
  // Copies that only keep an image busy here are never finished.
  installation = await createInstallation({ groupCap: 20 });
  jdcloud = await createTestJdcloud({ on: installation });
});
afterAll(async () => {
  await jdcloud.close();
  await installation.close();
});

const newImage = (changes: Partial<NewImage> = {}) => makePlainImage(installation.context, jdcloud.caller, changes);

type Named = Pick<Image, 'jdcloudId'>;
const unknown: Named = { jdcloudId: 'img-0123456789' };

const pathOf = ({ jdcloudId }: Named, region = 'north') => `/v1/regions/${region}/images/${jdcloudId}`;

const imageOfOthers = (as: Seeing = 'shared') => makeImageOfOthers(installation, jdcloud.caller, as);

async function sharedImage(caller?: Caller): Promise<Image> {
  const image = await newImage();
  const { accountName } = caller ?? (await installation.newCaller());
  await shareWith(installation.context, jdcloud.caller, image.id, accountName, { accepted: true });
  return image;
}

async function publicImage(): Promise<Image> {
  const image = await newImage();
  return await updateImage(installation.context, jdcloud.caller, image.id, { visibility: 'public' });
}

async function copiedImage(): Promise<Image> {
  const image = await newImage();
  await copyImage(installation.context, jdcloud.caller, { image: image.id, region: 'south' });
  return image;
}

async function exportedImage(): Promise<Image & { readonly task: string }> {
  const image = await newImage();
  const { id: task } = await inTransaction(installation.context.db, (trx) => insertPlainTask(trx, image, 'export'));
  return { ...image, task };
}

const encryptedImage = () => makeEncryptedImage(installation, jdcloud.caller);

const see = (image: Image) => findImage(installation.context, jdcloud.caller, image.id);
const membersOf = async (image: Image) =>
  (await listMembers(installation.context, jdcloud.caller, image.id)).map(
    ({ accountName, status }) => [accountName, status] as const,
  );

const remove = (image: Named, query = {}, client: JdcloudClient = jdcloud.client) =>
  client.call('DELETE', pathOf(image), { query });

const deletions: Provocations<typeof deleteImageFaults> = {
  imageNotFound: () => remove(unknown),
  notOwn: async () => await remove(await imageOfOthers()),
  protected: async () => await remove(await newImage({ protected: true })),
  community: async () => await remove(await publicImage()),
  shared: async () => await remove(await sharedImage()),
  taskConflict: async () => await remove(await newImage({ state: 'copying' })),
  busy: async () => await remove(await copiedImage()),
};

describe('deleteImage', () => {
  it.each(rowsOf(deleteImageFaults, deletions))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(jdcloud), fault);
  });

  it('does not take what is being made away, whatever makes it', async () => {
    for (const state of ['queued', 'uploading'] as const) {
      const image = await newImage({ state });
      expectFault(await remove(image), imageFaults.taskConflict, image.jdcloudId);
    }
    expect((await remove(await newImage({ state: 'failed' }))).status).toBe(200);
  });

  it('names the image, or the task, that is in the way', async () => {
    const [copied, pending, exported] = [
      await copiedImage(),
      await newImage({ state: 'copying' }),
      await exportedImage(),
    ];
    expectFault(await remove(copied), deleteImageFaults.busy, copied.jdcloudId);
    expectFault(await remove(pending), deleteImageFaults.taskConflict, pending.jdcloudId);
    expectFault(await remove(exported), deleteImageFaults.taskConflict, exported.task);
  });

  it("does not delete what others released, and knows no image but the region's", async () => {
    expectFault(await remove(await imageOfOthers('public')), deleteImageFaults.notOwn);
    const image = await newImage();
    const elsewhere = await jdcloud.client.call('DELETE', pathOf(image, 'south'));
    expectFault(elsewhere, deleteImageFaults.imageNotFound, image.jdcloudId);
    for (const id of [image.id, image.aliyunId]) {
      expectFault(await remove({ jdcloudId: id }), deleteImageFaults.imageNotFound, id);
    }
  });

  it.each([
    [undefined, true],
    ['false', true],
    ['False', true],
    ['true', false],
    ['True', false],
  ])('with deleteSnapshot=%s leaves the snapshots: %s', async (deleteSnapshot, stay) => {
    const { context } = installation;
    const image = await makeImage(context, jdcloud.caller, [randomBytes(1000)]);
    const { status, body } = await remove(image, { deleteSnapshot });
    expect({ status, body }).toEqual({ status: 200, body: { requestId: expect.any(String) } });
    await expect(see(image)).rejects.toMatchObject({ code: 'image.not-found' });
    const snapshot = findSnapshot(context, jdcloud.caller, image.disks[0]?.snapshot.id ?? '');
    if (stay) expect(await snapshot).toMatchObject({ inUse: false });
    else await expect(snapshot).rejects.toMatchObject({ code: 'snapshot.not-found' });
  });

  it('refuses a deleteSnapshot that is neither', async () => {
    expectFault(
      await remove(await newImage(), { deleteSnapshot: 'yes' }),
      commonFaults.parameterInvalid,
      'deleteSnapshot',
    );
  });
});

const modify = (image: Named, body: object) =>
  jdcloud.client.call('POST', `${pathOf(image)}:modifyImageAttribute`, { body });

const modifications: Provocations<typeof modifyImageAttributeFaults> = {
  imageNotFound: () => modify(unknown, { name: 'golden' }),
  notUsable: async () => await modify(await imageOfOthers(), { name: 'golden' }),
  nothingGiven: async () => await modify(await newImage(), { name: null, description: null }),
};

describe('modifyImageAttribute', () => {
  it.each(rowsOf(modifyImageAttributeFaults, modifications))(
    'says what its table says: $name',
    async ({ provoke, fault }) => {
      expectFault(await provoke(jdcloud), fault);
    },
  );

  it.each([
    [{ name: '镜像_1' }, { name: '镜像_1', description: 'old' }],
    [
      { name: null, description: 'new' },
      { name: 'plain', description: 'new' },
    ],
    [
      { name: '', description: '' },
      { name: 'plain', description: '' },
    ],
    [
      { name: 'both', description: 'new', regionId: 'north' },
      { name: 'both', description: 'new' },
    ],
  ])('changes what is given, nothing else: %j', async (body, expected) => {
    const image = await newImage({ description: 'old' });
    const answer = await modify(image, body);
    expect(answer).toMatchObject({ status: 200, body: { requestId: expect.any(String) } });
    expect(await see(image)).toMatchObject(expected);
  });

  it('changes images while they are copied, which the copies do not mind, made, or exported', async () => {
    const { context } = installation;
    const image = await makeImage(context, jdcloud.caller, [randomBytes(1000)]);
    const { id, destinationImageId } = await copyImage(context, jdcloud.caller, { image: image.id, region: 'south' });
    expect((await modify(image, { name: 'renamed' })).status).toBe(200);
    expect(await finishCopy(installation, jdcloud.caller, id)).toMatchObject({ state: 'succeeded' });
    expect(await findImage(context, jdcloud.caller, destinationImageId)).toMatchObject({ name: 'image' });
    for (const other of [await newImage({ state: 'copying' }), await exportedImage()]) {
      expect((await modify(other, { name: 'renamed' })).status).toBe(200);
      expect(await see(other)).toMatchObject({ name: 'renamed' });
    }
  });

  it.each([{ name: 'a b' }, { name: 'n'.repeat(33) }, { description: 'd'.repeat(257) }])('refuses %j', async (body) => {
    expectFault(await modify(await newImage(), body), commonFaults.parameterInvalid, Object.keys(body)[0]);
  });
});

const share = (image: Named, body: object = {}, { client }: Pick<TestJdcloud, 'client'> = jdcloud) =>
  client.call('POST', `${pathOf(image)}:share`, { body });
const unshare = (image: Named, body: object = {}, { client }: Pick<TestJdcloud, 'client'> = jdcloud) =>
  client.call('POST', `${pathOf(image)}:unshare`, { body });

async function newPins(count: number): Promise<string[]> {
  const pins: string[] = [];
  for (let made = 0; made < count; made++) pins.push((await installation.newCaller()).accountName);
  return pins;
}

const shares: Provocations<typeof shareImageFaults> = {
  imageNotFound: async () => await share(unknown, { pins: await newPins(1) }),
  notUsable: async () => await share(await imageOfOthers(), { pins: await newPins(1) }),
  pinInvalid: async () => await share(await newImage(), { pins: ['No_Account'] }),
  pinNotFound: async () => await share(await newImage(), { pins: ['nobody'] }),
  taskConflict: async () => await share(await newImage({ state: 'queued' }), { pins: await newPins(1) }),
  community: async () => await share(await publicImage(), { pins: await newPins(1) }),
  shareQuota: async () => await share(await newImage(), { pins: await newPins(21) }),
  encrypted: async () => await share(await encryptedImage(), { pins: await newPins(1) }),
};

const unshares: Provocations<typeof unShareImageFaults> = {
  imageNotFound: async () => await unshare(unknown, { pins: await newPins(1) }),
  notUsable: async () => await unshare(await imageOfOthers(), { pins: await newPins(1) }),
  pinInvalid: async () => await unshare(await newImage(), { pins: ['No_Account'] }),
  pinNotFound: async () => await unshare(await newImage(), { pins: ['nobody'] }),
  taskConflict: async () => await unshare(await exportedImage(), { pins: await newPins(1) }),
};

describe('shareImage', () => {
  it.each(rowsOf(shareImageFaults, shares))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(jdcloud), fault);
  });

  it('shares with accounts by name, number or id, in either list, and each can copy the image at once', async () => {
    const { newCaller } = installation;
    const [one, other, third] = [await newCaller(), await newCaller(), await newCaller()];
    const image = await newImage();
    const body = { pins: [one.accountName, String(other.accountNumber)], loginNames: [third.accountId, one.accountId] };
    expect(await share(image, body)).toMatchObject({ status: 200, body: { requestId: expect.any(String) } });
    const names = [one, other, third].map(({ accountName }) => accountName);
    expect(new Map(await membersOf(image))).toEqual(new Map(names.map((name) => [name, 'accepted'])));
    const client = await jdcloud.newClient('operator', other);
    const copied = await client.call('POST', '/v1/regions/north/images:copyImages', {
      body: { sourceImageIds: [image.jdcloudId], destinationRegion: 'south' },
    });
    expect(copied.status).toBe(200);
  });

  it('shares with all of the accounts or none, and says with which it does not', async () => {
    const { accountId, accountName, accountNumber } = jdcloud.caller;
    const [pin] = await newPins(1);
    const image = await newImage();
    for (const own of [accountName, accountId, String(accountNumber)]) {
      expectFault(await share(image, { pins: [pin, own] }), shareImageFaults.pinInvalid, own);
    }
    expectFault(await share(image, { pins: [pin, 'x y'] }), shareImageFaults.pinInvalid, 'x y');
    expectFault(await share(image, { pins: [pin, 'nobody'] }), shareImageFaults.pinNotFound, 'nobody');
    const disabled = await installation.newCaller();
    await updateAccount(installation.context, installation.operator, disabled.accountId, { disabled: true });
    const refused = await share(image, { loginNames: [pin, disabled.accountName] });
    expectFault(refused, shareImageFaults.pinNotFound, disabled.accountName);
    expect(await membersOf(image)).toEqual([]);
  });

  it('shares with twenty accounts in all', async () => {
    const pins = await newPins(20);
    const image = await newImage();
    expect((await share(image, { pins: pins.slice(0, 19) })).status).toBe(200);
    const [another] = await newPins(1);
    expectFault(await share(image, { pins: [pins[19], another] }), shareImageFaults.shareQuota);
    expect(await membersOf(image)).toHaveLength(19);
    // Those with whom it is shared already are counted once.
    expect((await share(image, { pins })).status).toBe(200);
    expectFault(await share(image, { pins: [another] }), shareImageFaults.shareQuota);
  });

  it.each([
    [{}, commonFaults.parameterMissing],
    [{ pins: [], loginNames: null }, commonFaults.parameterMissing],
    [{ pins: { 1: 'golden' } }, commonFaults.parameterInvalid],
    [{ pins: [7] }, commonFaults.parameterInvalid],
  ])('refuses %j', async (body, fault) => {
    expectFault(await share(await newImage(), body), fault, 'pins');
    expectFault(await unshare(await newImage(), body), fault, 'pins');
  });

  it('names the image that is still made, and the task', async () => {
    const pins = await newPins(1);
    const [pending, exported] = [await newImage({ state: 'copying' }), await exportedImage()];
    expectFault(await share(pending, { pins }), imageFaults.taskConflict, pending.jdcloudId);
    expectFault(await share(exported, { pins }), imageFaults.taskConflict, exported.task);
  });

  it('names the snapshot of what is encrypted, which may be shared with nobody and released to nobody', async () => {
    const { context } = installation;
    const image = await encryptedImage();
    const snapshot = image.disks[0]?.snapshot.jdcloudId;
    expectFault(await share(image, { pins: await newPins(1) }), shareImageFaults.encrypted, snapshot);
    expectFault(await release(image), releaseImageFaults.encrypted, snapshot);
    expect(await see(image)).toMatchObject({ visibility: 'private' });
    expect(await membersOf(image)).toEqual([]);
    const { destinationImageId } = await copyImage(context, jdcloud.caller, {
      image: (await makeImage(context, jdcloud.caller, [randomBytes(9)])).id,
      region: 'south',
      encryption: 'default',
    });
    const made = await findImage(context, jdcloud.caller, destinationImageId);
    const asked = jdcloud.client.call('POST', `${pathOf(made, 'south')}:share`, { body: { pins: await newPins(1) } });
    expectFault(await asked, imageFaults.taskConflict, made.jdcloudId);
  });

  it('knows no loginNames on the older page', async () => {
    const older = await createTestJdcloud({ on: installation, page: 'older' });
    const image = await makePlainImage(installation.context, older.caller);
    const [pin] = await newPins(1);
    expectFault(await share(image, { loginNames: [pin] }, older), commonFaults.parameterMissing, 'pins');
    expect((await share(image, { pins: [pin], loginNames: 7 }, older)).status).toBe(200);
    await older.close();
  });
});

describe('unShareImage', () => {
  it.each(rowsOf(unShareImageFaults, unshares))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(jdcloud), fault);
  });

  it('takes the image away from all of the accounts, or none, and passes over those that do not have it', async () => {
    const [one, other, stranger] = (await newPins(3)) as [string, string, string];
    const image = await newImage();
    await share(image, { pins: [one, other] });
    expectFault(await unshare(image, { pins: [one, 'nobody'] }), unShareImageFaults.pinNotFound, 'nobody');
    const own = jdcloud.caller.accountName;
    expectFault(await unshare(image, { pins: [one, own] }), unShareImageFaults.pinInvalid, own);
    expect(await membersOf(image)).toHaveLength(2);
    expect(await unshare(image, { pins: [stranger], loginNames: [one] })).toMatchObject({ status: 200 });
    expect(await membersOf(image)).toEqual([[other, 'accepted']]);
    expect((await unshare(image, { pins: [other] })).status).toBe(200);
    expect(await see(image)).toMatchObject({ visibility: 'private' });
    expect((await remove(image)).status).toBe(200);
  });

  it('leaves it with an account that copies it', async () => {
    const { context, newCaller } = installation;
    const member = await newCaller();
    const image = await sharedImage(member);
    await copyImage(context, member, { image: image.id, region: 'north' });
    const pins = [member.accountName];
    expectFault(await unshare(image, { pins }), unShareImageFaults.taskConflict, image.jdcloudId);
    expect(await membersOf(image)).toHaveLength(1);
  });

  it('is asked of twenty accounts at most', async () => {
    const pins = Array.from({ length: 21 }, (_, index) => `account-${index}`);
    expectFault(await unshare(await newImage(), { pins }), commonFaults.outOfRange, 'pins');
  });
});

const release = (image: Named, client = jdcloud.client) => client.call('POST', `${pathOf(image)}:release`);
const unrelease = (image: Named, client = jdcloud.client) => client.call('POST', `${pathOf(image)}:unrelease`);

const provocationsOf = (ask: typeof release): Provocations<typeof unReleaseImageFaults> => ({
  imageNotFound: () => ask(unknown),
  notUsable: async () => await ask(await imageOfOthers()),
  taskConflict: async () => await ask(await newImage({ state: 'queued' })),
  busy: async () => await ask(await copiedImage()),
});
const releases: Provocations<typeof releaseImageFaults> = {
  ...provocationsOf(release),
  encrypted: async () => await release(await encryptedImage()),
};

describe.each([
  ['releaseImage', release, rowsOf(releaseImageFaults, releases)],
  ['unReleaseImage', unrelease, rowsOf(unReleaseImageFaults, provocationsOf(unrelease))],
] as const)('%s', (_, ask, rows) => {
  it.each(rows)('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(jdcloud), fault);
  });

  it('is for owners alone', async () => {
    const operator = await jdcloud.newClient('operator');
    const image = await newImage();
    expectFault(await ask(image, operator), commonFaults.forbidden, 'image.publish');
    const { events } = await listEvents(installation.context, jdcloud.caller, { limit: 1, resource: image.jdcloudId });
    expect(events).toMatchObject([{ type: 'image.update', outcome: 'forbidden' }]);
  });
});

describe('a community image', () => {
  it('is seen by everybody, and shared with nobody from then on', async () => {
    const stranger = await installation.newCaller();
    const image = await sharedImage();
    expect(await release(image)).toMatchObject({ status: 200, body: { requestId: expect.any(String) } });
    expect(await findImage(installation.context, stranger, image.id)).toMatchObject({ visibility: 'public' });
    expect(await membersOf(image)).toEqual([]);
    expect((await release(image)).status).toBe(200);
    expect((await unrelease(image)).status).toBe(200);
    expect(await see(image)).toMatchObject({ visibility: 'private' });
    await expect(findImage(installation.context, stranger, image.id)).rejects.toMatchObject({
      code: 'image.not-found',
    });
  });

  it('is not what an image is that is only shared: it stays so', async () => {
    const image = await sharedImage();
    expect((await unrelease(image)).status).toBe(200);
    expect(await see(image)).toMatchObject({ visibility: 'shared' });
    expect(await membersOf(image)).toHaveLength(1);
  });
});

describe('a viewer', () => {
  let viewer: JdcloudClient;
  beforeAll(async () => {
    viewer = await jdcloud.newClient('viewer');
  });

  it.each([
    ['deleteImage', 'image.delete', (client: JdcloudClient) => remove(unknown, {}, client)],
    ['modifyImageAttribute', 'image.update', (client: JdcloudClient) => post(client, 'modifyImageAttribute')],
    ['shareImage', 'image.share', (client: JdcloudClient) => post(client, 'share')],
    ['unShareImage', 'image.share', (client: JdcloudClient) => post(client, 'unshare')],
    ['convertImage', 'copy.create', (client: JdcloudClient) => post(client, 'convertImage')],
  ] as const)('may not call %s', async (_, right, ask) => {
    expectFault(await ask(viewer), commonFaults.forbidden, right);
  });
});

const post = (client: JdcloudClient, action: string) => client.call('POST', `${pathOf(unknown)}:${action}`);
