import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestAliyun, type TestAliyun } from '../../../../test/support/aliyun-api.ts';
import type { AliyunParameters } from '../../../../test/support/aliyun-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/aliyun-faults.ts';
import { makeEncryptedImage, makeKey } from '../../../../test/support/encrypted-image.ts';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import {
  createInstallation,
  finishCopy,
  type Installation,
  makeImage,
  type TestRegion,
} from '../../../../test/support/installation.ts';
import { noKey, withKeyLimits, withoutKeyProvider } from '../../../../test/support/key-limits.ts';
import { makeImageOfOthers, makePlainImage, type Seeing } from '../../../../test/support/plain-image.ts';
import type { Caller } from '../../../app/context.ts';
import { findImage } from '../../../app/find-image.ts';
import { disableKey } from '../../../app/keys/change-key.ts';
import { revokeKey } from '../../../app/keys/key-grants.ts';
import { listImages } from '../../../app/list-images.ts';
import { setQuotas } from '../../../app/quotas.ts';
import { shareImage } from '../../../app/share-image.ts';
import { createResourceGroup } from '../../../app/tenants/resource-groups.ts';
import type { NewImage } from '../../../db/new-images.ts';
import type { Image } from '../../../domain/image.ts';
import type { Key } from '../../../domain/key.ts';
import type { QuotaKind } from '../../../domain/quota.ts';
import { commonFaults } from '../common-faults.ts';
import { type Page, pages } from '../fault.ts';
import { copyFaults } from './copy-faults.ts';
import { tagFaults } from './tag-parameters.ts';

const MiB = 1024 ** 2;

let installation: Installation;
let sides: Readonly<Record<Page, TestAliyun>>;
beforeAll(async () => {
  installation = await createInstallation();
  const [newer, older] = await Promise.all(pages.map((page) => createTestAliyun({ on: installation, page })));
  sides = { newer: newer as TestAliyun, older: older as TestAliyun };
});
afterAll(async () => {
  await Promise.all(Object.values(sides).map((side) => side.close()));
  await installation.close();
});

const newImage = (caller: Caller, changes: Partial<NewImage> = {}) =>
  makePlainImage(installation.context, caller, changes);

function parametersFor({ aliyunId }: Pick<Image, 'aliyunId'>, more: AliyunParameters = {}): AliyunParameters {
  return { RegionId: 'north', ImageId: aliyunId, DestinationRegionId: 'south', ...more };
}

async function copyNew({ client, caller }: TestAliyun, more: AliyunParameters = {}, image: Partial<NewImage> = {}) {
  return await client.call('CopyImage', parametersFor(await newImage(caller, image), more));
}

const imageOfOthers = (caller: Caller, as: Seeing) => makeImageOfOthers(installation, caller, as);

async function copyBeyond(aliyun: TestAliyun, kind: QuotaKind, limit: number) {
  const { operator, context, newCaller } = installation;
  const caller = await newCaller();
  await setQuotas(context, operator, caller.accountId, 'south', { [kind]: limit });
  const client = await aliyun.newClient('operator', caller);
  return await client.call('CopyImage', parametersFor(await newImage(caller)));
}

async function copyTwice({ client, caller }: TestAliyun) {
  const image = await newImage(caller);
  expect((await client.call('CopyImage', parametersFor(image))).status).toBe(200);
  return await client.call('CopyImage', parametersFor(image));
}

const newOwnKey = (caller: Caller, region?: TestRegion) => makeKey(installation, caller, region);
const newEncrypted = (caller: Caller, key: Key) => makeEncryptedImage(installation, caller, { key: key.id });

/** Both pages encrypt in the image's own region. */
async function encryptWith(aliyun: TestAliyun, key: Key | undefined, more: AliyunParameters = {}) {
  return await copyNew(aliyun, { DestinationRegionId: 'north', Encrypted: true, KMSKeyId: key?.id, ...more });
}

/** Copies an image whose key something has happened to. */
async function copyEncrypted({ client, caller }: TestAliyun, happens: (key: Key) => Promise<unknown>) {
  const key = await newOwnKey(caller);
  const image = await newEncrypted(caller, key);
  await happens(key);
  return await client.call(
    'CopyImage',
    parametersFor(image, { Encrypted: true, KMSKeyId: (await newOwnKey(caller, 'south')).id }),
  );
}

const provocations: Provocations<typeof copyFaults> = {
  sourceRegionNotFound: (aliyun) => copyNew(aliyun, { RegionId: 'nowhere' }),
  destinationRegionNotFound: (aliyun) => copyNew(aliyun, { DestinationRegionId: 'nowhere' }),
  destinationIsSource: (aliyun) => copyNew(aliyun, { DestinationRegionId: 'north' }),
  nameReserved: (aliyun) => copyNew(aliyun, { DestinationImageName: 'acs:mine' }),
  nameMalformed: (aliyun) => copyNew(aliyun, { DestinationImageName: '1st' }),
  async nameTaken(aliyun) {
    await newImage(aliyun.caller, { region: 'south', name: 'taken' });
    return await copyNew(aliyun, { DestinationImageName: 'taken' });
  },
  descriptionMalformed: (aliyun) => copyNew(aliyun, { DestinationDescription: 'https://example.com' }),
  imageNotFound: (aliyun) => copyNew(aliyun, { RegionId: 'south', DestinationRegionId: 'north' }),
  imageNotAvailable: (aliyun) => copyNew(aliyun, {}, { state: 'deprecated' }),
  async communityImage({ client, caller }) {
    return await client.call('CopyImage', parametersFor(await imageOfOthers(caller, 'public')));
  },
  async sharedElsewhere({ client, caller }) {
    return await client.call('CopyImage', parametersFor(await imageOfOthers(caller, 'shared')));
  },
  copyConflict: copyTwice,
  beingCopied: copyTwice,
  notBootable: (aliyun) => copyNew(aliyun, {}, { kind: 'data-disk' }),
  async tooLarge({ client, caller }) {
    const small = await newImage(caller);
    const { context } = installation;
    await context.db
      .updateTable('disks')
      .set({ size: 2 ** 41 + 1 })
      .where('image', '=', small.id)
      .execute();
    return await client.call('CopyImage', parametersFor(small));
  },
  imageQuota: (aliyun) => copyBeyond(aliyun, 'images', 0),
  snapshotQuota: (aliyun) => copyBeyond(aliyun, 'snapshots', 0),
  resourceGroupNotFound: (aliyun) => copyNew(aliyun, { ResourceGroupId: 'rg-0123456789abcde' }),
  async unauthorized({ newClient, caller }) {
    const viewer = await newClient('viewer');
    return await viewer.call('CopyImage', parametersFor(await newImage(caller)));
  },
  keyWithoutEncryption: (aliyun) => copyNew(aliyun, { KMSKeyId: 'e522b26d', Encrypted: 'False' }),
  algorithmWithoutEncryption: (aliyun) => copyNew(aliyun, { EncryptAlgorithm: 'aes-256' }),
  algorithmInvalid: (aliyun) => copyNew(aliyun, { EncryptAlgorithm: 'rot-13' }),
  algorithmUnsupported: (aliyun) => copyNew(aliyun, { EncryptAlgorithm: 'sm4-128', Encrypted: true }),
  keysUnsupported: (aliyun) =>
    withKeyLimits(installation, { defaultKeyRegion: 'north' }, () =>
      encryptWith(aliyun, undefined, { KMSKeyId: noKey }),
    ),
  kmsNotEnabled: (aliyun) =>
    withKeyLimits(installation, { keylessRegion: 'north' }, () => encryptWith(aliyun, undefined)),
  async encryptedSnapshot({ client, caller }) {
    const image = await newEncrypted(caller, await newOwnKey(caller));
    return await client.call('CopyImage', parametersFor(image, { Encrypted: true }));
  },
  async encryptedToPlain({ client, caller }) {
    const image = await newEncrypted(caller, await newOwnKey(caller));
    return await client.call('CopyImage', parametersFor(image));
  },
  async kmsUnauthorized(aliyun) {
    const key = await newOwnKey(aliyun.caller);
    await revokeKey(installation.context, aliyun.caller, key.id, 'images');
    return await encryptWith(aliyun, key);
  },
  async keyNotEnabled(aliyun) {
    const key = await newOwnKey(aliyun.caller);
    await disableKey(installation.context, aliyun.caller, key.id);
    return await encryptWith(aliyun, key);
  },
  async dataKeyFailed(aliyun) {
    const key = await newOwnKey(aliyun.caller);
    return await withoutKeyProvider(installation, () => encryptWith(aliyun, key));
  },
  async notInvited(aliyun) {
    const key = await newOwnKey(aliyun.caller);
    return await withKeyLimits(installation, { keyAccount: 'another' }, () => encryptWith(aliyun, key));
  },
  kmsServiceUnauthorized: (aliyun) =>
    copyEncrypted(aliyun, ({ id }) => revokeKey(installation.context, aliyun.caller, id, 'images')),
  keyNotFound: (aliyun) => encryptWith(aliyun, undefined, { KMSKeyId: noKey }),
};

/** Rows that one of the pages does not have. */
const onlyOn: Readonly<Record<string, Page>> = {
  communityImage: 'newer',
  copyConflict: 'newer',
  kmsNotEnabled: 'newer',
  algorithmWithoutEncryption: 'newer',
  algorithmInvalid: 'newer',
  algorithmUnsupported: 'newer',
  encryptedToPlain: 'newer',
  kmsServiceUnauthorized: 'newer',
  beingCopied: 'older',
  encryptedSnapshot: 'older',
};

describe.each(pages)('on the %s page, CopyImage', (page) => {
  const rows = rowsOf(copyFaults, provocations).filter(({ name }) => (onlyOn[name] ?? page) === page);
  it.each(rows)('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(sides[page]), fault, page);
  });
});

describe('the other ways to the same rows', () => {
  const reserved = ['aliyun1', 'my-http://image'];
  const malformed = ['a', '_a', 'a b', 'a/b', `a${'b'.repeat(128)}`, `𠀀${'b'.repeat(127)}`];
  it.each([...reserved, ...malformed])('no image is called %j', async (name) => {
    const fault = reserved.includes(name) ? copyFaults.nameReserved : copyFaults.nameMalformed;
    expectFault(await copyNew(sides.newer, { DestinationImageName: name }), fault);
  });

  it.each(['a', 'b'.repeat(257), 'http://x'])('no image is described as %j', async (text) => {
    expectFault(await copyNew(sides.newer, { DestinationDescription: text }), copyFaults.descriptionMalformed);
  });

  it('a request without a destination', async () => {
    expectFault(await copyNew(sides.newer, { DestinationRegionId: undefined }), copyFaults.destinationIsSource);
    expectFault(await copyNew(sides.newer, { DestinationRegionId: '' }), copyFaults.destinationIsSource);
  });

  it("an image's other ids, another account's image, and one that is only offered", async () => {
    const { client, caller } = sides.newer;
    const { context } = installation;
    const own = await newImage(caller);
    const stranger = await installation.newCaller();
    const offered = await newImage(stranger);
    await shareImage(context, stranger, offered.id, caller.accountName);
    for (const aliyunId of [own.id, own.jdcloudId, (await newImage(stranger)).aliyunId, offered.aliyunId]) {
      expectFault(await client.call('CopyImage', parametersFor({ aliyunId })), copyFaults.imageNotFound);
    }
  });

  it.each(['queued', 'uploading', 'copying', 'failed'] as const)('an image that is %s', async (state) => {
    expectFault(await copyNew(sides.newer, {}, { state }), copyFaults.imageNotAvailable);
  });

  it("more bytes than the account's quota", async () => {
    expectFault(await copyBeyond(sides.newer, 'bytes', 0), copyFaults.snapshotQuota);
  });

  it('the older page copies nothing of others, not even where it lies, and has one row for all that is said of regions and keys', async () => {
    const { client, caller } = sides.older;
    for (const as of ['shared', 'public'] as const) {
      const parameters = parametersFor(await imageOfOthers(caller, as), { DestinationRegionId: 'north' });
      expectFault(await client.call('CopyImage', parameters), copyFaults.sharedElsewhere, 'older');
    }
    const keyless = await withKeyLimits(installation, { keylessRegion: 'north' }, () =>
      encryptWith(sides.older, undefined),
    );
    expectFault(keyless, copyFaults.keysUnsupported, 'older');
  });

  it.each(['aes-256', 'rot-13'])('on the older page EncryptAlgorithm is no parameter: %s', async (EncryptAlgorithm) => {
    expect((await copyNew(sides.older, { EncryptAlgorithm })).status).toBe(200);
    expect((await encryptWith(sides.older, undefined, { EncryptAlgorithm })).status).toBe(200);
  });

  it('a group that is named otherwise than by its id', async () => {
    const { context } = installation;
    const { caller } = sides.newer;
    const { result } = await createResourceGroup(context, caller, { name: 'a-group', description: '' });
    for (const ResourceGroupId of ['a-group', result.id]) {
      expectFault(await copyNew(sides.newer, { ResourceGroupId }), copyFaults.resourceGroupNotFound);
    }
  });
});

const tagProvocations: Provocations<typeof tagFaults> = {
  tooManyTags: (aliyun) =>
    copyNew(
      aliyun,
      Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`Tag.${index + 1}.Key`, `k${index}`])),
    ),
  duplicateTagKey: (aliyun) => copyNew(aliyun, { 'Tag.1.Key': 'same', 'Tag.2.Key': 'same' }),
  tagKeyMalformed: (aliyun) => copyNew(aliyun, { 'Tag.1.Key': 'aliyun-mine', 'Tag.1.Value': 'x' }),
  tagValueMalformed: (aliyun) => copyNew(aliyun, { 'Tag.1.Key': 'mine', 'Tag.1.Value': 'see http://x' }),
};

it.each(rowsOf(tagFaults, tagProvocations))('tags keep to their rules: $name', async ({ provoke, fault }) => {
  expectFault(await provoke(sides.newer), fault);
});

it.each([
  ['no RegionId', commonFaults.missingParameter, { RegionId: undefined }],
  ['no ImageId', commonFaults.missingParameter, { ImageId: '' }],
  ['a flag that is none', commonFaults.invalidParameter, { Encrypted: 'yes' }],
  ['a token that is too long', commonFaults.invalidParameter, { ClientToken: 'x'.repeat(65) }],
  ['a token that is not ASCII', commonFaults.invalidParameter, { ClientToken: 'é' }],
])('refuses %s', async (_, fault, more) => {
  expectFault(await copyNew(sides.newer, more), fault);
});

describe('an accepted copy', () => {
  it('has what was asked for, and of its source neither tags nor description nor NVMe support', async () => {
    const { client, caller } = sides.newer;
    const { context } = installation;
    const { result: group } = await createResourceGroup(context, caller, { name: 'golden', description: '' });
    const image = await newImage(caller, {
      description: 'the source',
      tags: { of: 'the source' },
      attributes: { family: 'golden', architecture: 'arm64', nvmeSupport: true },
    });
    const { body } = await client.call(
      'CopyImage',
      parametersFor(image, {
        DestinationImageName: '镜像.Golden:1_a-b',
        DestinationDescription: 'two\nlines',
        Encrypted: 'False',
        ResourceGroupId: group.aliyunId,
        'Tag.1.Key': 'stage',
        'Tag.1.Value': '',
        'Tag.3.Key': 'of',
        'Tag.3.Value': 'the copy',
      }),
    );
    expect(body).toEqual({ RequestId: expect.any(String), ImageId: expect.stringMatching(/^m-[a-z0-9]{20}$/) });
    expect(await findImage(context, caller, body.ImageId)).toMatchObject({
      region: 'south',
      name: '镜像.Golden:1_a-b',
      description: 'two\nlines',
      tags: { stage: '', of: 'the copy' },
      resourceGroupAliyunId: group.aliyunId,
      sourceImageId: image.id,
      attributes: { family: 'golden', architecture: 'arm64' },
      visibility: 'private',
      state: 'queued',
    });
    const bare = await copyNew(sides.newer, {}, { description: 'the source', tags: { of: 'the source' } });
    const id = bare.body.ImageId;
    expect(await findImage(context, caller, id)).toMatchObject({ name: id, description: '', tags: {} });
  });

  it('of a shared image stays where that lies', async () => {
    const { client, caller } = sides.newer;
    const image = await imageOfOthers(caller, 'shared');
    const { body } = await client.call('CopyImage', parametersFor(image, { DestinationRegionId: 'north' }));
    expect(await findImage(installation.context, caller, body.ImageId)).toMatchObject({
      region: 'north',
      accountId: caller.accountId,
    });
  });

  it('is made once for a token, and the answer is the same even after it was cancelled', async () => {
    const { client, caller } = sides.newer;
    const image = await newImage(caller);
    const parameters = parametersFor(image, { ClientToken: 'a-token', DestinationImageName: 'once' });
    const { body } = await client.call('CopyImage', parameters);
    expect((await client.call('CopyImage', parameters)).body.ImageId).toBe(body.ImageId);
    const other = await client.call('CopyImage', { ...parameters, DestinationImageName: 'other' });
    expectFault(other, commonFaults.idempotencyMismatch);
    expect((await client.call('CancelCopyImage', { RegionId: 'south', ImageId: body.ImageId })).status).toBe(200);
    expect((await client.call('CopyImage', parameters)).body.ImageId).toBe(body.ImageId);
  });

  it('is none when it was only tried', async () => {
    const { client, caller } = sides.newer;
    const image = await newImage(caller);
    const parameters = parametersFor(image, { DryRun: 'True', ClientToken: 'tried' });
    expectFault(await client.call('CopyImage', parameters), commonFaults.dryRunPassed);
    const query = { owner: 'self', source: image.id, sort: 'name', descending: false, limit: 1 } as const;
    expect((await listImages(installation.context, caller, query)).images).toEqual([]);
    const refused = await client.call('CopyImage', { ...parameters, DestinationRegionId: 'north' });
    expectFault(refused, copyFaults.destinationIsSource);
    expect((await client.call('CopyImage', { ...parameters, DryRun: false })).status).toBe(200);
  });
});

it('waits, is created disk by disk with growing progress, and is available', async () => {
  const { context } = installation;
  const caller = await installation.newCaller();
  const client = await sides.newer.newClient('operator', caller);
  const image = await makeImage(context, caller, [randomBytes(4 * MiB), randomBytes(MiB)]);
  const { ImageId } = (await client.call('CopyImage', parametersFor(image))).body;
  const see = async () =>
    (await client.call('DescribeImages', { RegionId: 'south', ImageId, Status: 'ALL' })).body.Images.Image[0];
  expect(await see()).toMatchObject({ Status: 'Waiting', Progress: '0%', Usable: false });

  const copies = context.db.selectFrom('copies').select('id').where('source_image', '=', image.id);
  const { id } = await copies.executeTakeFirstOrThrow();
  // Progress is counted by MiB, which are four packs, and written down twice a second: in the middle of the first disk the copy
  // stands still for longer than that.
  installation.fail('south', { put: (call) => (call === 12 ? { delay: 1500 } : undefined) });
  let isDone = false;
  const running = finishCopy(installation, caller, id).finally(() => {
    isDone = true;
  });
  const seen = [];
  while (!isDone) {
    seen.push(await see());
    await sleep(100);
  }
  installation.fail('south');
  expect(await running).toMatchObject({ state: 'succeeded' });

  const creating = seen.filter(({ Status }) => Status === 'Creating');
  const progress = creating.map(({ Progress }) => Number.parseInt(Progress, 10));
  expect(progress).toEqual(progress.toSorted((one, other) => one - other));
  expect(progress.some((percent) => percent > 0 && percent < 99)).toBe(true);
  expect(Math.max(...progress)).toBeLessThan(100);
  const disks = creating.map(({ DiskDeviceMappings }) => DiskDeviceMappings.DiskDeviceMapping);
  expect(disks.some(([system, data]) => system.Progress !== '0%' && data.Progress === '0%')).toBe(true);
  expect(disks.some(([system]) => Number.isInteger(system.RemainTime))).toBe(true);
  expect(await see()).toMatchObject({
    Status: 'Available',
    Progress: '100%',
    Usable: true,
    IsCopied: true,
    DiskDeviceMappings: {
      DiskDeviceMapping: [
        { Device: '/dev/xvda', Type: 'system', Size: '1', Format: 'RAW', Progress: '100%' },
        { Device: '/dev/xvdb', Type: 'data', Size: '1', Format: 'RAW', Progress: '100%' },
      ],
    },
  });
}, 15_000);

it('takes the copies to a region up in the order in which they were asked for', async () => {
  const { context, operator } = installation;
  const caller = await installation.newCaller();
  const client = await sides.newer.newClient('operator', caller);
  await setQuotas(context, operator, caller.accountId, 'south', { copies: 1 });
  for (const bytes of [1000, 2000, 3000]) {
    const image = await makeImage(context, caller, [randomBytes(bytes)]);
    expect((await client.call('CopyImage', parametersFor(image))).status).toBe(200);
  }
  const admitted = () =>
    context.db
      .selectFrom('copies')
      .select('id')
      .where('account', '=', caller.accountId)
      .where('job', 'is not', null)
      .execute();
  const statuses = async () => {
    const { body } = await client.call('DescribeImages', { RegionId: 'south', Status: 'ALL' });
    // Newest first.
    return body.Images.Image.map(({ Status }: { Status: string }) => Status).toReversed();
  };
  for (const after of [
    ['Available', 'Waiting', 'Waiting'],
    ['Available', 'Available', 'Waiting'],
    ['Available', 'Available', 'Available'],
  ]) {
    const [next, ...others] = await admitted();
    expect(others).toEqual([]);
    await finishCopy(installation, caller, next?.id as string);
    expect(await statuses()).toEqual(after);
  }
});
