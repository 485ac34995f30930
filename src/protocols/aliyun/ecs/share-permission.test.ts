/** ModifyImageSharePermission and DescribeImageSharePermission. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestAliyun, type TestAliyun } from '../../../../test/support/aliyun-api.ts';
import type { AliyunParameters } from '../../../../test/support/aliyun-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/aliyun-faults.ts';
import { makeEncryptedImage } from '../../../../test/support/encrypted-image.ts';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { copyImage, finishCopy, makeImage } from '../../../../test/support/installation.ts';
import { insertPlainImage } from '../../../../test/support/plain-image.ts';
import type { Caller } from '../../../app/context.ts';
import { copyImages } from '../../../app/copy-images.ts';
import { findImage } from '../../../app/find-image.ts';
import { listMembers, shareImage } from '../../../app/share-image.ts';
import { updateImage } from '../../../app/update-image.ts';
import { inTransaction } from '../../../db/database.ts';
import type { Image } from '../../../domain/image.ts';
import { commonFaults } from '../common-faults.ts';
import { aliyunCopyPolicies } from '../copy-policy.ts';
import { shareFaults } from './share-faults.ts';

let aliyun: TestAliyun;
let owner: Caller;
let guests: readonly Caller[];
beforeAll(async () => {
  aliyun = await createTestAliyun();
  owner = aliyun.caller;
  guests = await Promise.all(Array.from({ length: 12 }, () => aliyun.installation.newCaller()));
});
afterAll(() => aliyun.close());

/** One that is there, but for its bytes. */
async function newImage(state: Image['state'] = 'available'): Promise<Image> {
  const { context } = aliyun.installation;
  const wanted = { region: 'north', kind: 'system-disk', state } as const;
  const id = await inTransaction(context.db, (trx) => insertPlainImage(trx, owner, wanted));
  return await findImage(context, owner, id);
}

async function modify({ aliyunId, region }: Image, more: AliyunParameters) {
  return await aliyun.client.call('ModifyImageSharePermission', { RegionId: region, ImageId: aliyunId, ...more });
}

async function describeSharing({ aliyunId, region }: Image, more: AliyunParameters = {}) {
  return await aliyun.client.call('DescribeImageSharePermission', { RegionId: region, ImageId: aliyunId, ...more });
}

/** `AddAccount.1` … */
function numbered(name: string, callers: readonly Pick<Caller, 'accountNumber'>[]): Record<string, number> {
  return Object.fromEntries(callers.map(({ accountNumber }, index) => [`${name}.${index + 1}`, accountNumber]));
}

function numbersOf(body: { Accounts: { Account: { AliyunId: string }[] } }): number[] {
  return body.Accounts.Account.map(({ AliyunId }) => Number(AliyunId)).sort();
}

const by = (callers: readonly Caller[]) => callers.map(({ accountNumber }) => accountNumber).sort();

describe('sharing', () => {
  it('adds the first ten and removes in one go, without asking those who are added', async () => {
    const image = await newImage();
    expect(await modify(image, numbered('AddAccount', guests))).toMatchObject({ status: 200, body: {} });
    expect(await describeSharing(image, { PageSize: 50 })).toMatchObject({ body: { TotalCount: 10 } });
    const members = await listMembers(aliyun.installation.context, owner, image.id);
    expect(members.every(({ status }) => status === 'accepted')).toBe(true);

    const change = { ...numbered('AddAccount', guests.slice(10)), ...numbered('RemoveAccount', guests.slice(0, 9)) };
    expect(await modify(image, change)).toMatchObject({ status: 200 });
    const { body } = await describeSharing(image);
    expect(numbersOf(body)).toEqual(by(guests.slice(9)));
    expect(body).toMatchObject({
      RegionId: 'north',
      ImageId: image.aliyunId,
      PageNumber: 1,
      PageSize: 10,
      ShareGroups: { ShareGroup: [] },
    });
    expect(body.Accounts.Account[0].SharedTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(await describeSharing(image, { PageNumber: 2, PageSize: 2 })).toMatchObject({
      body: { TotalCount: 3, Accounts: { Account: [{}] } },
    });
    expect(await modify(image, numbered('RemoveAccount', guests.slice(0, 1)))).toMatchObject({ status: 200 });
  });

  it('changes nothing when one of the accounts will not do', async () => {
    const image = await newImage();
    const change = { ...numbered('AddAccount', guests.slice(0, 2)), 'AddAccount.3': '1000000000000000' };
    expectFault(await modify(image, change), shareFaults.accountNotFound);
    expect(await describeSharing(image)).toMatchObject({ body: { TotalCount: 0, Accounts: { Account: [] } } });
    expectFault(await modify(image, { ...numbered('AddAccount', guests), DryRun: true }), commonFaults.dryRunPassed);
    expect(await describeSharing(image)).toMatchObject({ body: { TotalCount: 0 } });
    expectFault(await modify(image, { DryRun: true }), commonFaults.dryRunPassed);
  });

  it('takes copies that still wait, as Packer shares them, and the copy is made all the same', async () => {
    const { installation } = aliyun;
    const { context } = installation;
    const source = await makeImage(context, owner, [randomBytes(1000)]);
    const command = { policy: aliyunCopyPolicies.newer, images: [source.id], regions: ['south'] };
    const { copies, images } = await copyImages(context, owner, command);
    const copied = await findImage(context, owner, images[0]?.id as string);
    expect(copied.state).toBe('queued');
    expect(await modify(copied, numbered('AddAccount', guests.slice(0, 1)))).toMatchObject({ status: 200 });
    expect(await finishCopy(installation, owner, copies[0]?.id as string)).toMatchObject({ state: 'succeeded' });
    expect(numbersOf((await describeSharing(copied)).body)).toEqual(by(guests.slice(0, 1)));
    const seen = await findImage(context, guests[0] as Caller, copied.id);
    expect(seen).toMatchObject({ state: 'available', visibility: 'shared' });
  });

  it('opens an image to everybody and closes it again', async () => {
    const image = await newImage();
    expect(await modify(image, { IsPublic: 'True' })).toMatchObject({ status: 200 });
    const stranger = guests[11] as Caller;
    expect(await findImage(aliyun.installation.context, stranger, image.id)).toMatchObject({ visibility: 'public' });
    expect(await modify(image, { IsPublic: false })).toMatchObject({ status: 200 });
    await expect(findImage(aliyun.installation.context, stranger, image.id)).rejects.toThrow('image.not-found');
    expect(await modify(image, { IsPublic: false, ...numbered('AddAccount', guests.slice(0, 1)) })).toMatchObject({
      status: 200,
    });
  });

  it('does not say that an image is closed that stays open', async () => {
    const image = await newImage();
    const guest = guests.slice(0, 1);
    await modify(image, numbered('AddAccount', guest));
    await modify(image, { IsPublic: true });
    for (const change of [numbered('RemoveAccount', guest), numbered('AddAccount', guests.slice(1, 2))]) {
      expectFault(await modify(image, { IsPublic: false, ...change }), shareFaults.publicConflict);
    }
    expect(numbersOf((await describeSharing(image)).body)).toEqual(by(guest));
    expect(await modify(image, { IsPublic: false })).toMatchObject({ status: 200 });
    expect(await modify(image, { IsPublic: false, ...numbered('RemoveAccount', guest) })).toMatchObject({
      status: 200,
    });
  });

  it('opens no Deprecated image to everybody, and closes one', async () => {
    const image = await newImage('deprecated');
    expectFault(await modify(image, { IsPublic: true }), shareFaults.imageDeprecated);
    await updateImage(aliyun.installation.context, owner, image.id, { visibility: 'public' });
    expect(await modify(image, { IsPublic: false })).toMatchObject({ status: 200 });
  });

  it('is for those who may: viewers see who it is shared with, and only owners open images to everybody', async () => {
    const image = await newImage();
    const named = { RegionId: 'north', ImageId: image.aliyunId };
    const viewer = await aliyun.newClient('viewer');
    const operator = await aliyun.newClient('operator');
    const add = { ...named, ...numbered('AddAccount', guests.slice(0, 1)) };
    expectFault(await viewer.call('ModifyImageSharePermission', add), commonFaults.forbidden);
    expect(await operator.call('ModifyImageSharePermission', add)).toMatchObject({ status: 200 });
    const open = { ...named, IsPublic: true };
    expectFault(await operator.call('ModifyImageSharePermission', open), commonFaults.forbidden);
    expect(await viewer.call('DescribeImageSharePermission', named)).toMatchObject({ body: { TotalCount: 1 } });
    const guest = await aliyun.newClient('owner', guests[0] as Caller);
    expectFault(await guest.call('DescribeImageSharePermission', named), shareFaults.imageNotFound);
    expectFault(await guest.call('ModifyImageSharePermission', add), shareFaults.imageNotFound);
  });

  const provocations: Provocations<typeof shareFaults> = {
    launchPermissionUnnecessary: async () =>
      await modify(await newImage(), { LaunchPermission: 'hide', ...numbered('AddAccount', guests.slice(0, 1)) }),
    launchPermissionInvalid: async () => await modify(await newImage(), { LaunchPermission: 'show' }),
    launchPermissionForbidden: async () => await modify(await newImage(), { LaunchPermission: 'hide' }),
    async alreadyPublic() {
      const image = await newImage();
      await updateImage(aliyun.installation.context, owner, image.id, { visibility: 'public' });
      return await modify(image, { IsPublic: true });
    },
    notPublic: async () => await modify(await newImage(), { IsPublic: false }),
    publicConflict: async () =>
      await modify(await newImage(), { IsPublic: true, ...numbered('AddAccount', guests.slice(0, 1)) }),
    async accountQuota() {
      const image = await newImage();
      await sql`
        WITH crowd AS (
          INSERT INTO accounts (id, name, number, administers, created_at)
          SELECT gen_random_uuid(), 'crowd-' || n, 9100000000000000 + n, false, 0 FROM generate_series(1, 50) n
          RETURNING id)
        INSERT INTO image_members (image, account, status, created_at, updated_at)
        SELECT ${image.id}, id, 'accepted', 0, 0 FROM crowd`.execute(aliyun.installation.context.db);
      return await modify(image, numbered('AddAccount', guests.slice(0, 1)));
    },
    imageDeprecated: async () => await modify(await newImage('deprecated'), numbered('AddAccount', guests.slice(0, 1))),
    async encryptedSnapshot() {
      const { installation } = aliyun;
      const image = await makeEncryptedImage(installation, owner);
      return await modify(image, numbered('AddAccount', guests.slice(0, 1)));
    },
    imageNotFound: async () => await modify({ ...(await newImage()), region: 'south' }, numbered('AddAccount', guests)),
    async imageCopying() {
      const { context } = aliyun.installation;
      const image = await newImage();
      const guest = guests[0] as Caller;
      await shareImage(context, owner, image.id, guest.accountId, { accepted: true });
      await copyImage(context, guest, { image: image.id, region: 'south' });
      return await modify(image, numbered('RemoveAccount', [guest]));
    },
    // A name is known to the core, and to nobody here.
    accountNotFound: async () => await modify(await newImage(), { 'AddAccount.1': guests[0]?.accountName }),
    ownAccount: async () => await modify(await newImage(), numbered('AddAccount', [owner])),
  };

  it.each(rowsOf(shareFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(aliyun), fault);
  });

  it('what is encrypted, or is being encrypted, is opened to nobody, and can be taken away', async () => {
    const { installation, client } = aliyun;
    const image = await makeEncryptedImage(installation, owner);
    const { aliyunId: ImageId } = await newImage();
    const asked = { RegionId: 'north', ImageId, DestinationRegionId: 'north', Encrypted: true };
    const { body } = await client.call('CopyImage', asked);
    const waiting = await findImage(installation.context, owner, body.ImageId);
    for (const each of [image, waiting]) {
      expectFault(await modify(each, { IsPublic: true }), shareFaults.encryptedSnapshot);
      expectFault(await modify(each, numbered('AddAccount', guests.slice(0, 1))), shareFaults.encryptedSnapshot);
      expect(await modify(each, numbered('RemoveAccount', guests.slice(0, 1)))).toMatchObject({ status: 200 });
    }
  });
});
