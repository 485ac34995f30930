/** Encrypted copies as Alibaba Cloud's own clients ask for them, with keys of the KMS, and every row that a key can be refused with. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVaultServer, type VaultServer } from '../../support/vault-server.ts';
import { digestOf } from '../disks.ts';
import { type Access, type Answer, type Client, clients, kmsClient, type Parameters, raisedBy } from './clients.ts';
import { createSite, type Site } from './site.ts';

const [here, there] = ['cn-hangzhou', 'cn-shanghai'] as const;
const [keyless, defaultOnly] = ['cn-east-2', 'region-1'] as const;
const noKey = '11111111-2222-4333-8444-555555555555';

let vault: VaultServer;
let settings: Readonly<Record<string, string>>;
let site: Site;
let ecs: Client;
let kms: Client;
let original: string;

const newest = (access: Access) => clients['ecs20140526 7.x (ACS3, POST)']?.(access) as Client;

beforeAll(async () => {
  vault = await startVaultServer();
  settings = {
    MIMEO_KEY_PROVIDER: 'vault',
    MIMEO_VAULT_ADDRESS: vault.address,
    MIMEO_VAULT_TOKEN: vault.token,
    MIMEO_KEYLESS_REGIONS: keyless,
    MIMEO_DEFAULT_KEY_REGIONS: defaultOnly,
    MIMEO_KEY_ACCOUNTS: 'default',
  };
  site = await createSite({ dataMiB: 4, settings });
  ecs = newest(site.access);
  kms = kmsClient(site.access);
  original = await digestOf(site.disk);
}, 60_000);
afterAll(async () => {
  await site.mimeo.remove();
  await vault.close();
});

async function newKey(RegionId: string): Promise<string> {
  return (await kms.call('CreateKey', { RegionId, Description: 'of images' })).KeyMetadata.KeyId;
}

/** A copy that would be accepted, were it not for the changes. */
function encrypting(changes: Parameters = {}): Parameters {
  return { RegionId: here, ImageId: site.imageId, DestinationRegionId: here, Encrypted: true, ...changes };
}

/** Makes it and returns what came of it. */
async function copied(changes: Parameters = {}, client = ecs): Promise<Answer> {
  const asked = encrypting(changes);
  const { ImageId } = await client.call('CopyImage', asked);
  return await site.waitFor(asked['DestinationRegionId'] as string, ImageId, 'Available');
}

/** The image is encrypted with this key, as its snapshot tells. */
async function expectEncrypted(region: string, image: Answer, key: string | RegExp): Promise<void> {
  const [{ SnapshotId, Encrypted }] = image.DiskDeviceMappings.DiskDeviceMapping;
  expect(Encrypted).toBe(true);
  const asked = { RegionId: region, SnapshotIds: JSON.stringify([SnapshotId]) };
  const { Snapshots } = await ecs.call('DescribeSnapshots', asked);
  expect(Snapshots.Snapshot).toMatchObject([{ SnapshotId, Encrypted: true, KMSKeyId: expect.stringMatching(key) }]);
}

/** The image has the bytes of the one that all are copies of. */
async function expectSameBytes(image: Answer): Promise<void> {
  const exported = join(site.mimeo.folder, `${image.ImageId}.raw`);
  expect((await site.mimeo.run('image', 'export', image.ImageId, exported)).code).toBe(0);
  expect(await digestOf(exported)).toBe(original);
}

describe('a real image', { timeout: 120_000 }, () => {
  it('is encrypted with a key of the KMS in its region by every client', async () => {
    const KMSKeyId = await newKey(here);
    for (const make of Object.values(clients)) {
      await expectEncrypted(here, await copied({ KMSKeyId }, make(site.access)), KMSKeyId);
    }
  });

  it("is encrypted with the region's default key, with another, and with one of another region", async () => {
    const uuid = /^[0-9a-f-]{36}$/;
    const first = await copied({ DestinationImageName: 'by-default', EncryptAlgorithm: 'aes-256' });
    await expectEncrypted(here, first, uuid);
    const [own, far] = [await newKey(here), await newKey(there)];
    const second = await copied({ ImageId: first.ImageId, KMSKeyId: own });
    await expectEncrypted(here, second, own);
    const third = await copied({ ImageId: second.ImageId, DestinationRegionId: there, KMSKeyId: far });
    await expectEncrypted(there, third, far);
    await expectSameBytes(third);
    const fourth = await copied({ DestinationRegionId: defaultOnly });
    await expectEncrypted(defaultOnly, fourth, uuid);
    await expectSameBytes(fourth);
  });
});

/** The client puts the message between the status and the request's id. */
function expectRaised(
  raised: Answer,
  { message, ...others }: { readonly code: string; readonly statusCode: number; readonly message: string },
): void {
  expect(raised).toMatchObject(others);
  expect(raised.message).toContain(`, ${message} `);
}

type Row = readonly [code: string, status: number, message: string, asked: () => Promise<Parameters> | Parameters];

const notEnabled = 'The CMK (Customer Master Key) must be in an active state.';
const notFound = 'The specified KMSKeyId does not exist.';

const rows: readonly Row[] = [
  [
    'InvalidParameter.EncryptedIllegal',
    400,
    'The specified parameter Encrypted must be true when kmsKeyId is not empty.',
    () => encrypting({ Encrypted: false, KMSKeyId: noKey }),
  ],
  [
    'InvalidEncrypted.NotMatchEncryptAlgorithm',
    400,
    'The specified parameter Encrypted must be true when EncryptAlgorithm is not empty.',
    () => encrypting({ Encrypted: false, EncryptAlgorithm: 'aes-256' }),
  ],
  [
    'InvalidEncryptAlgorithm',
    400,
    'The specified parameter EncryptAlgorithm is not valid.',
    () => encrypting({ EncryptAlgorithm: 'rot13' }),
  ],
  [
    'InvalidRegionId.NotSupportEncryptAlgorithm',
    403,
    'The current region does not support creating encrypted disks with EncryptAlgorithm.',
    () => encrypting({ EncryptAlgorithm: 'sm4-128' }),
  ],
  ['InvalidParameter.KMSKeyId.NotFound', 404, notFound, () => encrypting({ KMSKeyId: noKey })],
  ['InvalidParameter.KMSKeyId.NotFound', 404, notFound, async () => encrypting({ KMSKeyId: await newKey(there) })],
  [
    'InvalidParameter.KMSKeyId.CMKNotEnabled',
    403,
    notEnabled,
    async () => encrypting({ KMSKeyId: await disabledKey() }),
  ],
  ['InvalidParameter.KMSKeyId.CMKNotEnabled', 403, notEnabled, async () => encrypting({ KMSKeyId: await doomedKey() })],
  [
    'InvalidParameter.KMSKeyId.KMSUnauthorized',
    403,
    'ECS service have no right to access your KMS.',
    async () => encrypting({ KMSKeyId: await revokedKey() }),
  ],
  [
    'InvalidParameter.KmsNotEnabled',
    400,
    'The specified operation need enable KMS.',
    () => encrypting({ DestinationRegionId: keyless }),
  ],
  [
    'InvalidRegion.NotSupport',
    403,
    'The specified region does not support byok.',
    () => encrypting({ DestinationRegionId: defaultOnly, KMSKeyId: noKey }),
  ],
];

async function disabledKey(): Promise<string> {
  const KeyId = await newKey(here);
  await kms.call('DisableKey', { KeyId });
  return KeyId;
}

async function doomedKey(): Promise<string> {
  const KeyId = await newKey(here);
  await kms.call('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
  return KeyId;
}

async function revokedKey(): Promise<string> {
  const KeyId = await newKey(here);
  await revoke(KeyId);
  return KeyId;
}

/** The image service may not use it any more. The KMS has no action for that. */
async function revoke(key: string): Promise<void> {
  expect((await site.mimeo.run('key', 'revoke', key)).code).toBe(0);
}

describe('the newest client raises', { timeout: 60_000 }, () => {
  it.each(rows)('%s (%d) of CopyImage', async (code, statusCode, message, asked) => {
    expectRaised(await raisedBy(ecs, 'CopyImage', await asked()), { code, statusCode, message });
  });

  it('InvalidParameter.DataEncryptedKeyCreateFailed (403), while what holds the keys lets nobody in', async () => {
    const asked = encrypting({ KMSKeyId: await newKey(here) });
    vault.intervene = (request) => (request.includes('/encrypt/') ? { status: 403 } : undefined);
    try {
      expectRaised(await raisedBy(ecs, 'CopyImage', asked), {
        code: 'InvalidParameter.DataEncryptedKeyCreateFailed',
        statusCode: 403,
        message:
          'Create kms data encrypted key fail. If you need further assistance, you can contact the KMS Technical Support.',
      });
    } finally {
      vault.intervene = () => undefined;
    }
    expect(await copied(asked)).toMatchObject({ Status: 'Available' });
  });

  it('what an encrypted image is refused with', async () => {
    const key = await newKey(here);
    const { ImageId } = await copied({ KMSKeyId: key });
    const encrypted = { code: 'OperationDeined.EncryptedSnapshot', statusCode: 403 };
    const plain = await raisedBy(
      ecs,
      'CopyImage',
      encrypting({ ImageId, DestinationRegionId: there, Encrypted: false }),
    );
    expectRaised(plain, {
      ...encrypted,
      message: 'The image contains encrypted snapshots, which do not support copying to non-encrypted ones.',
    });
    for (const changes of [{ IsPublic: true }, { AddAccount: [await friendNumber()] }]) {
      const shared = await raisedBy(ecs, 'ModifyImageSharePermission', { RegionId: here, ImageId, ...changes });
      const message = 'The image contains encrypted snapshots, which do not support share.';
      expectRaised(shared, { ...encrypted, message });
    }
    const exported = await raisedBy(ecs, 'ExportImage', { RegionId: here, ImageId, OSSBucket: 'images' });
    expectRaised(exported, {
      code: 'ImageNotSupported',
      statusCode: 400,
      message: 'The specified Image contains encrypted snapshots, do not support export.',
    });
    await revoke(key);
    const revoked = await raisedBy(ecs, 'CopyImage', encrypting({ ImageId }));
    expectRaised(revoked, {
      code: 'OperationDenied.KmsServiceUnauthorized',
      statusCode: 403,
      message: 'The account is not authorized to kms service, please authorize it.',
    });
  });

  it('UserNotInTheWhiteList (403) for an account that may have no keys of its own', async () => {
    const { accessKey } = await friend();
    const access = { ...site.access, accessKeyId: accessKey.id, accessKeySecret: accessKey.secret };
    const refused = await raisedBy(kmsClient(access), 'CreateKey', { RegionId: here });
    expect(refused.code).toBe('Forbidden.NoPermission');
    await ecs.call('ModifyImageSharePermission', {
      RegionId: here,
      ImageId: site.imageId,
      AddAccount: [await friendNumber()],
    });
    const raised = await raisedBy(newest(access), 'CopyImage', encrypting({ KMSKeyId: noKey }));
    const message = 'The user is not in byok white list.';
    expectRaised(raised, { code: 'UserNotInTheWhiteList', statusCode: 403, message });
    expect((await newest(access).call('CopyImage', encrypting())).ImageId).toMatch(/^m-/);
  });
});

interface Friend {
  readonly account: { readonly number: string };
  readonly accessKey: { readonly id: string; readonly secret: string };
}

let made: Promise<Friend> | undefined;

/** An owner of another account. */
function friend(): Promise<Friend> {
  made ??= site.mimeo.json<Friend>('account', 'create', 'friend');
  return made;
}

async function friendNumber(): Promise<string> {
  return (await friend()).account.number;
}

describe('on the older page the newest client raises', { timeout: 60_000 }, () => {
  it('that nothing encrypted is copied, though copies may be encrypted in the region and on their way', async () => {
    const { ImageId } = await copied();
    const disabled = encrypting({ KMSKeyId: await disabledKey() });
    await site.mimeo.stop();
    const { url } = await site.mimeo.start({ ...settings, MIMEO_ALIYUN_PAGE: 'older' });
    const older = newest({ ...site.access, url });
    expectRaised(await raisedBy(older, 'CopyImage', encrypting({ ImageId })), {
      code: 'OperationDeined.EncryptedSnapshot',
      statusCode: 403,
      message: 'The image contains encrypted snapshots, which do not support copying.',
    });
    const missing = await raisedBy(older, 'CopyImage', encrypting({ KMSKeyId: noKey }));
    expectRaised(missing, { code: 'InvalidParameter.KMSKeyId.NotFound', statusCode: 404, message: notFound });
    expectRaised(await raisedBy(older, 'CopyImage', disabled), {
      code: 'InvalidParameter.KMSKeyId.CMKNotEnabled',
      statusCode: 403,
      message: 'The CMK needs to be enabled.',
    });
    for (const DestinationRegionId of [undefined, there]) {
      const wanted = encrypting(DestinationRegionId === undefined ? {} : { DestinationRegionId });
      expect((await older.call('CopyImage', wanted)).ImageId).toMatch(/^m-/);
    }
  });
});
