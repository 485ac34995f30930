/** CopyImage with keys: what becomes of copies that encrypt, and what else tells of it. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestAliyun, type TestAliyun } from '../../../../test/support/aliyun-api.ts';
import type { AliyunClient, AliyunParameters } from '../../../../test/support/aliyun-client.ts';
import { expectFault } from '../../../../test/support/aliyun-faults.ts';
import { makeEncryptedImage, makeKey } from '../../../../test/support/encrypted-image.ts';
import { finishCopy, type Installation, makeImage, never, readBytes } from '../../../../test/support/installation.ts';
import { noKey, withKeyLimits, withoutKeyProvider } from '../../../../test/support/key-limits.ts';
import type { Caller } from '../../../app/context.ts';
import { deleteImage } from '../../../app/delete-image.ts';
import { findImage } from '../../../app/find-image.ts';
import { disableKey, enableKey } from '../../../app/keys/change-key.ts';
import { createKey } from '../../../app/keys/create-key.ts';
import { defaultKey } from '../../../app/keys/default-key.ts';
import { createKeyAlias } from '../../../app/keys/key-aliases.ts';
import { destroyDueKeys, scheduleKeyDeletion } from '../../../app/keys/key-deletion.ts';
import { listEvents } from '../../../app/list-events.ts';
import { shareImage } from '../../../app/share-image.ts';
import type { Image } from '../../../domain/image.ts';
import type { Key } from '../../../domain/key.ts';
import { commonFaults } from '../common-faults.ts';
import { copyFaults } from './copy-faults.ts';
import { deleteImageFaults } from './delete-image-faults.ts';

const disk = randomBytes(300_000);

let aliyun: TestAliyun;
let installation: Installation;
/** A new account for each test, and what signs for it. */
let caller: Caller;
let client: AliyunClient;
let image: Image;
let north: Key;
let south: Key;
beforeAll(async () => {
  aliyun = await createTestAliyun();
  installation = aliyun.installation;
});
beforeEach(async () => {
  caller = await installation.newCaller();
  client = await aliyun.newClient('operator', caller);
  image = await makeImage(installation.context, caller, [disk]);
  north = await makeKey(installation, caller);
  south = await makeKey(installation, caller, 'south');
});
afterEach(() => installation.expectSound());
afterAll(() => aliyun.close());

async function ask({ aliyunId, region }: Image, more: AliyunParameters = {}) {
  const asked = { RegionId: region, ImageId: aliyunId, DestinationRegionId: region, Encrypted: true, ...more };
  return await client.call('CopyImage', asked);
}

/** Its id, once it is accepted. */
async function accepted(of: Image, more: AliyunParameters = {}): Promise<string> {
  const { status, body } = await ask(of, more);
  expect({ status, body }).toMatchObject({ status: 200 });
  return body.ImageId;
}

/** What came of it. */
async function finished(ImageId: string, by = caller): Promise<Image> {
  const { context } = installation;
  const { id } = await findImage(context, by, ImageId);
  const copies = context.db.selectFrom('copies').select('id').where('destination_image', '=', id);
  await finishCopy(installation, by, (await copies.executeTakeFirstOrThrow()).id);
  return await findImage(context, by, id);
}

async function copied(of: Image, more: AliyunParameters = {}): Promise<Image> {
  const made = await finished(await accepted(of, more));
  expect(made.state).toBe('available');
  expect((await readBytes(installation.context, caller, made.id)).equals(disk)).toBe(true);
  return made;
}

const keysOf = ({ disks }: Image) => disks.map(({ key }) => key);

async function defaultOf(region: string): Promise<string> {
  return (await defaultKey(installation.context, caller, region, never)).id;
}

/** It waits for its material. */
async function emptyKey(): Promise<Key> {
  const command = { region: 'north', origin: 'external', description: '', grants: ['images'] } as const;
  return (await createKey(installation.context, caller, command, { signal: never })).result;
}

async function countDefaults(): Promise<number> {
  const { db } = installation.context;
  const keys = db
    .selectFrom('keys')
    .select('id')
    .where('account', '=', caller.accountId)
    .where('is_default', '=', true);
  return (await keys.execute()).length;
}

describe('a copy that encrypts', () => {
  it.each(['north', 'south'])('does it in the region %s, with its default key or with another', async (region) => {
    const asked = { DestinationRegionId: region };
    expect(keysOf(await copied(image, asked))).toEqual([await defaultOf(region)]);
    const key = region === 'north' ? north : south;
    const named = { ...asked, KMSKeyId: key.id, EncryptAlgorithm: 'aes-256' };
    expect(keysOf(await copied(image, named))).toEqual([key.id]);
  });

  it('of what is encrypted changes the key, in the region and elsewhere, and leaves it', async () => {
    const first = await copied(image, { KMSKeyId: north.id });
    const { id: other } = await makeKey(installation, caller);
    expect(keysOf(await copied(first, { KMSKeyId: other }))).toEqual([other]);
    const far = await copied(first, { DestinationRegionId: 'south', KMSKeyId: south.id });
    expect(keysOf(far)).toEqual([south.id]);
    expect(keysOf(await copied(far, { DestinationRegionId: 'north' }))).toEqual([await defaultOf('north')]);
    expect(keysOf(await copied(first, { KMSKeyId: north.id }))).toEqual([north.id]);
  });

  it('of a shared image is in its region, with a key of whoever copies', async () => {
    const owner = await installation.newCaller();
    const shared = await makeImage(installation.context, owner, [disk]);
    await shareImage(installation.context, owner, shared.id, caller.accountName, { accepted: true });
    expect(keysOf(await copied(shared, { KMSKeyId: north.id }))).toEqual([north.id]);
    const elsewhere = await ask(shared, { DestinationRegionId: 'south', KMSKeyId: south.id });
    expectFault(elsewhere, copyFaults.sharedElsewhere);
  });

  it('shows it from the beginning, and its snapshot with which key', async () => {
    const see = async (ImageId: string) => {
      const { body } = await client.call('DescribeImages', { RegionId: 'north', ImageId, Status: 'ALL' });
      return body.Images.Image[0].DiskDeviceMappings.DiskDeviceMapping[0].Encrypted;
    };
    const id = await accepted(image, { KMSKeyId: north.id });
    expect([await see(image.aliyunId), await see(id)]).toEqual([false, true]);
    const made = await finished(id);
    expect(await see(id)).toBe(true);
    const listed = async (more: AliyunParameters) => {
      const { body } = await client.call('DescribeSnapshots', { RegionId: 'north', ...more });
      return body.Snapshots.Snapshot;
    };
    const told = [{ SnapshotId: made.disks[0]?.snapshot.aliyunId, Encrypted: true, KMSKeyId: north.id }];
    expect(await listed({ Encrypted: true })).toMatchObject(told);
    expect(await listed({ KMSKeyId: north.id })).toMatchObject(told);
    expect(await listed({ KMSKeyId: noKey })).toEqual([]);
    expect(await listed({ Encrypted: false })).toHaveLength(2);
    const [SnapshotId] = told.map((snapshot) => snapshot.SnapshotId);
    const { body } = await client.call('CreateImage', { RegionId: 'north', SnapshotId, ImageName: 'from-snapshot' });
    expect(await see(body.ImageId)).toBe(true);
  });

  it('is made once for a token, whatever becomes of the key and of what holds it', async () => {
    const asked = { KMSKeyId: north.id, ClientToken: 'once' };
    const id = await accepted(image, asked);
    await disableKey(installation.context, caller, north.id);
    expect(await withoutKeyProvider(installation, () => accepted(image, asked))).toBe(id);
    expectFault(await ask(image, { ClientToken: 'once' }), commonFaults.idempotencyMismatch);
  });

  it('is none when it was only tried, and there is no key of it', async () => {
    expectFault(await ask(image, { DryRun: true }), commonFaults.dryRunPassed);
    expect(await countDefaults()).toBe(0);
    const tried = { DryRun: true, KMSKeyId: north.id };
    expectFault(await ask(image, tried), commonFaults.dryRunPassed);
    expectFault(await withoutKeyProvider(installation, () => ask(image, tried)), copyFaults.dataKeyFailed);
    const { events } = await listEvents(installation.context, caller, { type: 'key.used', limit: 10 });
    expect(events).toEqual([]);
  });

  it('is cancelled and deleted as any other', async () => {
    const where = { RegionId: 'north', ImageId: await accepted(image) };
    expectFault(await client.call('DeleteImage', where), deleteImageFaults.beingCopied);
    expect((await client.call('CancelCopyImage', where)).status).toBe(200);
    const { aliyunId } = await copied(image);
    expect((await client.call('DeleteImage', { RegionId: 'north', ImageId: aliyunId })).status).toBe(200);
  });

  it('fails when its key is disabled before it begins, and can be asked for again', async () => {
    const asked = { KMSKeyId: north.id };
    const id = await accepted(image, asked);
    await disableKey(installation.context, caller, north.id);
    expect((await finished(id)).state).toBe('failed');
    const seen = await client.call('DescribeImages', { RegionId: 'north', ImageId: id, Status: 'ALL' });
    expect(seen.body.Images.Image).toMatchObject([{ Status: 'CreateFailed', Usable: false }]);
    expectFault(await ask(image, asked), copyFaults.keyNotEnabled);
    await enableKey(installation.context, caller, north.id);
    expect(keysOf(await copied(image, asked))).toEqual([north.id]);
  });
});

describe('refuses', () => {
  it('a key by another name than its id, one of another region, and one of another account', async () => {
    await createKeyAlias(installation.context, caller, { key: north.id, name: 'payroll' });
    const theirs = await makeKey(installation, await installation.newCaller());
    for (const KMSKeyId of ['payroll', 'alias/payroll', 'none', 'default', south.id, theirs.id]) {
      expectFault(await ask(image, { KMSKeyId }), copyFaults.keyNotFound);
    }
  });

  it('a key that waits for its end, or for its material', async () => {
    await scheduleKeyDeletion(installation.context, caller, north.id, 7);
    const empty = await emptyKey();
    for (const { id } of [north, empty]) {
      expectFault(await ask(image, { KMSKeyId: id }), copyFaults.keyNotEnabled);
    }
  });

  it('an image whose own key is disabled, or deleted', async () => {
    const encrypted = await makeEncryptedImage(installation, caller, { key: north.id });
    const asked = { DestinationRegionId: 'south', KMSKeyId: south.id };
    await disableKey(installation.context, caller, north.id);
    expectFault(await ask(encrypted, asked), copyFaults.keyNotEnabled);
    await scheduleKeyDeletion(installation.context, caller, north.id, 7);
    const due = installation.context.db.updateTable('keys').set({ deletion_at: 1 }).where('id', '=', north.id);
    await due.execute();
    await destroyDueKeys(installation.context, never);
    expectFault(await ask(encrypted, asked), copyFaults.imageNotAvailable);
    await deleteImage(installation.context, caller, encrypted.id);
  });

  it('what the image, its state and its name are against before what the key provider is', async () => {
    const { client: signing } = aliyun;
    const refused = await withoutKeyProvider(installation, () =>
      signing.call('CopyImage', {
        RegionId: 'north',
        ImageId: image.aliyunId,
        DestinationRegionId: 'north',
        Encrypted: true,
      }),
    );
    expectFault(refused, copyFaults.imageNotFound);
    expectFault(await withoutKeyProvider(installation, () => ask(image)), copyFaults.dataKeyFailed);
    expect(await countDefaults()).toBe(0);
  });

  it('everything in a region without keys, and what is an own key where there are default ones alone', async () => {
    const own = await defaultOf('north');
    await withKeyLimits(installation, { keylessRegion: 'north' }, async () => {
      for (const KMSKeyId of [undefined, own, north.id, noKey]) {
        expectFault(await ask(image, { KMSKeyId }), copyFaults.kmsNotEnabled);
      }
      expect(await accepted(image, { DestinationRegionId: 'south' })).toBeDefined();
    });
    await withKeyLimits(installation, { defaultKeyRegion: 'north' }, async () => {
      expectFault(await ask(image, { KMSKeyId: north.id }), copyFaults.keysUnsupported);
      expect(keysOf(await copied(image, { KMSKeyId: own }))).toEqual([own]);
      expect(keysOf(await copied(image))).toEqual([own]);
    });
  });

  it('keys of their own to accounts that are not let have any, and lets them have the default one', async () => {
    await withKeyLimits(installation, { keyAccount: 'another' }, async () => {
      for (const KMSKeyId of [north.id, noKey]) expectFault(await ask(image, { KMSKeyId }), copyFaults.notInvited);
      expect(keysOf(await copied(image))).toEqual([await defaultOf('north')]);
    });
    await withKeyLimits(installation, { keyAccount: caller.accountName }, async () => {
      expect(keysOf(await copied(image, { KMSKeyId: north.id }))).toEqual([north.id]);
    });
  });

  it('at its job what is not allowed any more, and goes on reading what is encrypted', async () => {
    const encrypted = await makeEncryptedImage(installation, caller, { key: north.id, disks: [disk] });
    const id = await accepted(image, { KMSKeyId: north.id });
    await withKeyLimits(installation, { keylessRegion: 'north' }, async () => {
      expect((await finished(id)).state).toBe('failed');
      const asked = { DestinationRegionId: 'south', KMSKeyId: south.id };
      expect(keysOf(await copied(encrypted, asked))).toEqual([south.id]);
    });
  });
});
