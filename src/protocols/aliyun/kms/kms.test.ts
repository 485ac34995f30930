/** The KMS: keys and their aliases, and each row of the error tables. */
import { request as sendHttp } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestAliyun, type TestAliyun } from '../../../../test/support/aliyun-api.ts';
import {
  type AliyunCallOptions,
  type AliyunClient,
  type AliyunParameters,
  createAliyunClient,
} from '../../../../test/support/aliyun-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/aliyun-faults.ts';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { withKeyLimits } from '../../../../test/support/key-limits.ts';
import type { AppContext, Caller } from '../../../app/context.ts';
import { createKey as createOwnKey } from '../../../app/keys/create-key.ts';
import { defaultKey } from '../../../app/keys/default-key.ts';
import { findKey } from '../../../app/keys/find-key.ts';
import { importKeyMaterial } from '../../../app/keys/import-key-material.ts';
import { createKeyAlias } from '../../../app/keys/key-aliases.ts';
import { listKeys } from '../../../app/keys/list-keys.ts';
import { rotateKey } from '../../../app/keys/rotate-key.ts';
import { createAgency } from '../../../app/tenants/agencies.ts';
import { maxAliases, maxKeys } from '../../../domain/key.ts';
import { RefusalError } from '../../../domain/refusal.ts';
import { commonFaults } from '../common-faults.ts';
import { toFaultError } from '../errors.ts';
import { cancelKeyDeletionFaults } from './cancel-key-deletion.ts';
import { createAliasFaults } from './create-alias.ts';
import { createKeyFaults } from './create-key.ts';
import { deleteAliasFaults } from './delete-alias.ts';
import { describeKeyFaults } from './describe-key.ts';
import { disableKeyFaults } from './disable-key.ts';
import { enableKeyFaults } from './enable-key.ts';
import { keyFaults } from './key-faults.ts';
import { listAliasesFaults } from './list-aliases.ts';
import { listKeysFaults } from './list-keys.ts';
import { scheduleKeyDeletion, scheduleKeyDeletionFaults } from './schedule-key-deletion.ts';

const kms = { version: '2016-01-20' };
const unknown = '11111111-2222-4333-8444-555555555555';
const signal = new AbortController().signal;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const second = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const RequestId = expect.any(String);

let aliyun: TestAliyun;
let context: AppContext;
/** A new account for each test, and what signs for it. */
let caller: Caller;
let client: AliyunClient;
beforeAll(async () => {
  aliyun = await createTestAliyun();
  context = aliyun.installation.context;
});
beforeEach(async () => {
  caller = await aliyun.installation.newCaller();
  client = await aliyun.newClient('owner', caller);
});
afterAll(() => aliyun.close());

async function call(action: string, parameters: AliyunParameters = {}, options: AliyunCallOptions = {}) {
  return await client.call(action, parameters, { ...kms, ...options });
}

/** The action's answer, which says yes. */
async function done(action: string, parameters: AliyunParameters = {}) {
  const { status, body } = await call(action, parameters);
  expect({ action, status, body }).toMatchObject({ status: 200 });
  return body;
}

async function newKey(parameters: AliyunParameters = {}): Promise<string> {
  return (await done('CreateKey', parameters)).KeyMetadata.KeyId;
}

async function stateOf(KeyId: string): Promise<string> {
  return (await done('DescribeKey', { KeyId })).KeyMetadata.KeyState;
}

/** In the region `south`, where the requests of these tests do not look. */
async function keyElsewhere(): Promise<string> {
  return await newKey({ RegionId: 'south' });
}

async function doomedKey(): Promise<string> {
  const KeyId = await newKey();
  await done('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
  return KeyId;
}

async function regionDefault(): Promise<string> {
  return (await defaultKey(context, caller, 'north', signal)).id;
}

describe('a key', () => {
  it('is made, told of, listed, and may be used for images', async () => {
    const made = await done('CreateKey', { Description: 'payroll images' });
    const { KeyId } = made.KeyMetadata;
    const Arn = `acs:kms:north:${caller.accountNumber}:key/${KeyId}`;
    expect(made).toEqual({
      RequestId,
      KeyMetadata: {
        KeyId: expect.stringMatching(uuid),
        Arn,
        KeyState: 'Enabled',
        KeySpec: 'Aliyun_AES_256',
        KeyUsage: 'ENCRYPT/DECRYPT',
        Origin: 'Aliyun_KMS',
        ProtectionLevel: 'SOFTWARE',
        Creator: String(caller.accountNumber),
        CreationDate: expect.stringMatching(second),
        Description: 'payroll images',
        DeleteDate: '',
        MaterialExpireTime: '',
        AutomaticRotation: 'Disabled',
        PrimaryKeyVersion: '1',
        LastRotationDate: made.KeyMetadata.CreationDate,
      },
    });
    for (const named of [KeyId, Arn]) {
      expect(await done('DescribeKey', { KeyId: named })).toEqual({ ...made, RequestId });
    }
    expect(await done('ListKeys')).toEqual({
      RequestId,
      TotalCount: 1,
      PageNumber: 1,
      PageSize: 10,
      Keys: { Key: [{ KeyId, KeyArn: Arn }] },
    });
    expect(await findKey(context, caller, KeyId)).toMatchObject({ region: 'north', grants: ['images'] });
  });

  it('takes the words that clients send, and tells of its newest version', async () => {
    const words = { KeySpec: 'Aliyun_AES_256', KeyUsage: 'ENCRYPT/DECRYPT', ProtectionLevel: 'SOFTWARE' };
    const KeyId = await newKey({ ...words, EnableAutomaticRotation: 'False', Origin: 'Aliyun_KMS' });
    aliyun.installation.advance(5000);
    await rotateKey(context, caller, KeyId, signal);
    const { CreationDate, LastRotationDate, PrimaryKeyVersion } = (await done('DescribeKey', { KeyId })).KeyMetadata;
    expect(PrimaryKeyVersion).toBe('2');
    expect(Date.parse(LastRotationDate) - Date.parse(CreationDate)).toBeGreaterThanOrEqual(5000);
  });

  it('of origin EXTERNAL is PendingImport until it has its material', async () => {
    const { KeyMetadata } = await done('CreateKey', { Origin: 'EXTERNAL' });
    expect(KeyMetadata).toMatchObject({
      Origin: 'EXTERNAL',
      KeyState: 'PendingImport',
      PrimaryKeyVersion: '',
      LastRotationDate: '',
    });
    const { KeyId } = KeyMetadata;
    await done('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
    await done('CancelKeyDeletion', { KeyId });
    expect(await stateOf(KeyId)).toBe('PendingImport');
    await importKeyMaterial(context, caller, KeyId, Buffer.alloc(32, 7).toString('base64'), signal);
    expect(await stateOf(KeyId)).toBe('Enabled');
  });

  it('is disabled and enabled, each as often as one likes', async () => {
    const KeyId = await newKey();
    const states = [];
    for (const action of ['DisableKey', 'DisableKey', 'EnableKey', 'EnableKey']) {
      expect(await done(action, { KeyId })).toEqual({ RequestId });
      states.push(await stateOf(KeyId));
    }
    expect(states).toEqual(['Disabled', 'Disabled', 'Enabled', 'Enabled']);
  });

  it('that is to be deleted says when, and is Enabled once that is called off', async () => {
    const KeyId = await newKey();
    await done('DisableKey', { KeyId });
    const now = context.clock.now();
    await done('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 366 });
    const doomed = (await done('DescribeKey', { KeyId })).KeyMetadata;
    expect(doomed).toMatchObject({ KeyState: 'PendingDeletion', DeleteDate: expect.stringMatching(second) });
    const days = (Date.parse(doomed.DeleteDate) - now) / 86_400_000;
    expect(days).toBeGreaterThan(365.99);
    expect(days).toBeLessThan(366.01);
    await done('CancelKeyDeletion', { KeyId });
    expect((await done('DescribeKey', { KeyId })).KeyMetadata).toMatchObject({ KeyState: 'Enabled', DeleteDate: '' });
  });

  it('is one of its region', async () => {
    const [here, there] = [await newKey(), await keyElsewhere()];
    const arnOf = (region: string, id: string) => `acs:kms:${region}:${caller.accountNumber}:key/${id}`;
    const listed = async (RegionId: string) => (await done('ListKeys', { RegionId })).Keys.Key;
    expect(await listed('north')).toEqual([{ KeyId: here, KeyArn: arnOf('north', here) }]);
    expect(await listed('south')).toEqual([{ KeyId: there, KeyArn: arnOf('south', there) }]);
    for (const KeyId of [there, arnOf('north', there), arnOf('south', there), arnOf('north', unknown), `x/${here}`]) {
      expectFault(await call('DescribeKey', { KeyId }), keyFaults.keyNotFound);
    }
    expectFault(await call('DisableKey', { KeyId: there }), keyFaults.keyNotFound);
    expect((await done('DescribeKey', { RegionId: 'south', KeyId: there })).KeyMetadata.KeyState).toBe('Enabled');
    expectFault(await call('ListKeys', { RegionId: 'east' }), commonFaults.regionNotFound);
  });

  it("is nobody else's", async () => {
    const KeyId = await newKey();
    const other = await aliyun.newClient('owner', await aliyun.installation.newCaller());
    expectFault(await other.call('DescribeKey', { KeyId }, kms), keyFaults.keyNotFound);
    expectFault(await other.call('DisableKey', { KeyId }, kms), keyFaults.keyNotFound);
    expect(await stateOf(KeyId)).toBe('Enabled');
  });
});

describe('lists', () => {
  it('have pages by number, the newest key first', async () => {
    const made: string[] = [];
    for (const _ of [1, 2, 3]) {
      made.unshift(await newKey());
      aliyun.installation.advance(1000);
    }
    const page = async (PageNumber: number) => {
      const { Keys, ...counted } = await done('ListKeys', { PageNumber, PageSize: 2 });
      return [counted, Keys.Key.map(({ KeyId }: { KeyId: string }) => KeyId)];
    };
    const counted = { RequestId, TotalCount: 3, PageSize: 2 };
    expect(await page(1)).toEqual([{ ...counted, PageNumber: 1 }, made.slice(0, 2)]);
    expect(await page(2)).toEqual([{ ...counted, PageNumber: 2 }, made.slice(2)]);
    expect(await page(3)).toEqual([{ ...counted, PageNumber: 3 }, []]);
  });

  it('of keys leave out what does not fit each of the filters', async () => {
    const [enabled, disabled, doomed] = [await newKey(), await newKey(), await doomedKey()];
    await done('DisableKey', { KeyId: disabled });
    const service = await regionDefault();
    const listed = async (...pairs: [string, ...string[]][]) => {
      const Filters = JSON.stringify(pairs.map(([Key, ...Values]) => ({ Key, Values })));
      const { TotalCount, Keys } = await done('ListKeys', { Filters, PageSize: 2 });
      return [TotalCount, new Set(Keys.Key.map(({ KeyId }: { KeyId: string }) => KeyId))];
    };
    expect(await listed(['KeyState', 'Disabled', 'PendingDeletion'])).toEqual([2, new Set([disabled, doomed])]);
    expect(await listed(['KeyState', 'Enabled'], ['CreatorType', 'User'])).toEqual([1, new Set([enabled])]);
    expect(await listed(['CreatorType', 'Service'])).toEqual([1, new Set([service])]);
    expect(await listed(['KeyState', 'Disabled'], ['ProtectionLevel', 'HSM'])).toEqual([0, new Set()]);
    expect(await listed(['KeySpec', 'Aliyun_AES_256'], ['KeyState', 'Disabled'])).toEqual([1, new Set([disabled])]);
    expect((await listed())[0]).toBe(4);
    expect((await listed(['DKMSInstanceId']))[0]).toBe(4);
  });

  it.each([
    'KeyState',
    '{}',
    '[1]',
    '[{"Key":"Age","Values":[]}]',
    '[{"Key":"KeyState"}]',
    '[{"Key":"KeyState","Values":"Enabled"}]',
    '[{"Key":"KeyState","Values":[1]}]',
    JSON.stringify(Array(11).fill({ Key: 'KeyState', Values: [] })),
  ])('of keys take no filters like %s', async (Filters) => {
    expectFault(await call('ListKeys', { Filters }), commonFaults.invalidParameter);
  });

  it.each(['ListKeys', 'ListAliases'])('of %s have at most 100 on a page', async (action) => {
    for (const wrong of [{ PageSize: 0 }, { PageSize: 101 }, { PageNumber: 0 }, { PageNumber: 'x' }]) {
      expectFault(await call(action, wrong), commonFaults.invalidParameter);
    }
  });
});

describe('an alias', () => {
  it('names its key until it is deleted', async () => {
    const [KeyId, other] = [await newKey(), await newKey()];
    for (const name of ['b', 'a'])
      expect(await done('CreateAlias', { KeyId, AliasName: `alias/${name}` })).toEqual({ RequestId });
    await done('CreateAlias', { KeyId: other, AliasName: 'alias/c' });
    expect((await done('DescribeKey', { KeyId: 'alias/a' })).KeyMetadata.KeyId).toBe(KeyId);
    const shown = (name: string, of: string) => ({
      KeyId: of,
      AliasName: `alias/${name}`,
      AliasArn: `acs:kms:north:${caller.accountNumber}:alias/${name}`,
    });
    const all = [shown('a', KeyId), shown('b', KeyId), shown('c', other)];
    const page = { RequestId, PageNumber: 1, PageSize: 10 };
    expect(await done('ListAliases')).toEqual({ ...page, TotalCount: 3, Aliases: { Alias: all } });
    expect(await done('ListAliasesByKeyId', { KeyId, PageNumber: 2, PageSize: 1 })).toEqual({
      RequestId,
      TotalCount: 2,
      PageNumber: 2,
      PageSize: 1,
      Aliases: { Alias: [all[1]] },
    });
    await done('DeleteAlias', { AliasName: 'alias/a' });
    expectFault(await call('DescribeKey', { KeyId: 'alias/a' }), describeKeyFaults.aliasNotFound);
    expect(await stateOf('alias/b')).toBe('Enabled');
  });

  it.each(['payroll', 'alias/', 'alias/a b', `alias/${'a'.repeat(256)}`, `alias/${unknown}`, 'alias/alias/a'])(
    'is not called %s',
    async (AliasName) => {
      const answer = await call('CreateAlias', { KeyId: await newKey(), AliasName });
      expectFault(answer, commonFaults.invalidParameter);
      expect(answer.body.Message).toContain('"AliasName"');
    },
  );

  it('never stands for an id', async () => {
    const KeyId = await newKey();
    expectFault(await call('DescribeKey', { KeyId: `alias/${KeyId}` }), describeKeyFaults.aliasNotFound);
    await createKeyAlias(context, caller, { key: KeyId, name: 'payroll' });
    expectFault(await call('DescribeKey', { KeyId: 'payroll' }), describeKeyFaults.keyNotFound);
    expectFault(await call('DisableKey', { KeyId: 'payroll' }), keyFaults.keyNotFound);
  });
});

describe('the region', () => {
  /** As a client does that calls a host of the cloud. */
  async function sendTo(host: string, action: string, parameters: AliyunParameters = {}) {
    const { path, method } = client.sign(action, parameters, kms);
    return await new Promise<{ Code?: string; Keys?: { Key: readonly unknown[] } }>((resolve, reject) => {
      const sent = sendHttp(new URL(path, aliyun.url), { method, headers: { host } }, async (answer) => {
        resolve(JSON.parse((await answer.toArray()).join('')));
      });
      sent.on('error', reject).end();
    });
  }

  it.each([
    ['kms.south.aliyuncs.com', 'south'],
    ['KMS-VPC.South.aliyuncs.com:443', 'south'],
    ['kms.aliyuncs.com', 'north'],
    ['kms.south.example.com', 'north'],
  ])('is that of the host: %s', async (host, RegionId) => {
    await newKey({ RegionId });
    const other = RegionId === 'south' ? 'north' : 'south';
    expect((await sendTo(host, 'ListKeys')).Keys?.Key).toHaveLength(1);
    expect((await sendTo(host, 'ListKeys', { RegionId: other })).Keys?.Key).toEqual([]);
  });

  it('of a host that is none here is no other instead', async () => {
    expect((await sendTo('kms.east.aliyuncs.com', 'CreateKey')).Code).toBe('InvalidRegionId.NotFound');
    expect((await listKeys(context, caller, { limit: 1 })).keys).toEqual([]);
  });
});

describe('an answer', () => {
  it('is JSON where the request does not say, and XML in KMS', async () => {
    const KeyId = await newKey();
    const json = await call('DescribeKey', { KeyId }, { format: null });
    expect(json.headers.get('content-type')).toBe('application/json;charset=utf-8');
    const { headers, body } = await call('ListKeys', {}, { format: 'XML' });
    expect(headers.get('content-type')).toBe('text/xml;charset=utf-8');
    const key = `<Key><KeyId>${KeyId}</KeyId><KeyArn>acs:kms:north:${caller.accountNumber}:key/${KeyId}</KeyArn></Key>`;
    expect(body).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?><KMS><RequestId>.*<\/KMS>$/);
    expect(body).toContain(
      `<TotalCount>1</TotalCount><PageNumber>1</PageNumber><PageSize>10</PageSize><Keys>${key}</Keys>`,
    );
  });

  it('that says no names the product', async () => {
    const { body } = await call('DescribeKey', { KeyId: unknown });
    expect(body.Recommend).toContain('q=Forbidden.KeyNotFound&product=Kms&');
  });
});

describe('CreateKey', () => {
  it.each<AliyunParameters>([
    { KeySpec: 'RSA_2048' },
    { KeyUsage: 'SIGN/VERIFY' },
    { Origin: 'external' },
    { ProtectionLevel: 'hsm' },
    { EnableAutomaticRotation: 'maybe' },
    { Description: 'x'.repeat(1025) },
  ])('does not take %o', async (wrong) => {
    const answer = await call('CreateKey', wrong);
    expectFault(answer, commonFaults.invalidParameter);
    expect(answer.body.Message).toContain(`"${Object.keys(wrong)[0]}"`);
    expect((await listKeys(context, caller, { limit: 1 })).keys).toEqual([]);
  });
});

describe('ScheduleKeyDeletion', () => {
  it.each([6, 367, 'x'])('does not take %s days', async (PendingWindowInDays) => {
    const KeyId = await newKey();
    expectFault(await call('ScheduleKeyDeletion', { KeyId, PendingWindowInDays }), commonFaults.invalidParameter);
    expect(await stateOf(KeyId)).toBe('Enabled');
  });

  it('names its own parameter where the installation wants more days', () => {
    const refusal = new RefusalError('request.invalid', { field: 'days', rule: 'must be 30 to 1096' });
    const { fault, about } = toFaultError(refusal, scheduleKeyDeletion, 'newer');
    expect({ fault, about }).toEqual({ fault: commonFaults.invalidParameter, about: 'PendingWindowInDays' });
  });
});

/** Somebody who may do everything in a project of the account: keys lie in none. */
async function byStranger(action: string, parameters: AliyunParameters = {}) {
  const grants = [{ project: 'north', role: 'owner' }] as const;
  const trustedAccount = aliyun.caller.accountId;
  await createAgency(context, caller, { name: 'images', description: '', trustedAccount, grants, expiresAt: null });
  const role = { RoleArn: `acs:ram::${caller.accountNumber}:role/images`, RoleSessionName: 'alice' };
  const { body } = await aliyun.client.call('AssumeRole', role, { version: '2015-04-01' });
  const { AccessKeyId, AccessKeySecret, SecurityToken } = body.Credentials;
  const key = { url: aliyun.url, accessKeyId: AccessKeyId, secret: AccessKeySecret, securityToken: SecurityToken };
  return await createAliyunClient(key).call(action, parameters, kms);
}

/** What every action refuses that takes a key's id, and perhaps `more`. */
function ofKeyId(action: string, more: AliyunParameters = {}): Provocations<typeof keyFaults> {
  return {
    missing: () => call(action, more),
    unsupportedAlias: () => call(action, { KeyId: 'alias/payroll', ...more }),
    noPermission: () => byStranger(action, { KeyId: unknown, ...more }),
    keyNotFound: () => call(action, { KeyId: unknown, ...more }),
  };
}

/** Of no state that the action could change. */
const ofDoomed =
  (action: string, more: AliyunParameters = {}) =>
  async () =>
    await call(action, { KeyId: await doomedKey(), ...more });

const createKeyProvocations: Provocations<typeof createKeyFaults> = {
  async limitExceeded() {
    const wanted = { region: 'north', origin: 'external', description: '' } as const;
    for (let made = 0; made < maxKeys; made += 1) await createOwnKey(context, caller, wanted, { signal });
    await regionDefault();
    expect((await done('ListKeys', { PageNumber: 3, PageSize: 100 })).Keys.Key).toHaveLength(1);
    return await call('CreateKey');
  },
  unsupported: () => call('CreateKey', { EnableAutomaticRotation: true, RotationInterval: '7d' }),
  protectionLevel: () => call('CreateKey', { ProtectionLevel: 'HSM' }),
  noPermission: () => byStranger('CreateKey'),
  noOwnKeys: () => withKeyLimits(aliyun.installation, { defaultKeyRegion: 'north' }, () => call('CreateKey')),
  notInvited: () => withKeyLimits(aliyun.installation, { keyAccount: 'another' }, () => call('CreateKey')),
};

const describeKeyProvocations: Provocations<typeof describeKeyFaults> = {
  missing: () => call('DescribeKey'),
  noPermission: () => byStranger('DescribeKey', { KeyId: unknown }),
  keyNotFound: () => call('DescribeKey', { KeyId: unknown }),
  aliasNotFound: () => call('DescribeKey', { KeyId: 'alias/payroll' }),
};

const enableKeyProvocations: Provocations<typeof enableKeyFaults> = {
  ...ofKeyId('EnableKey'),
  stateRefused: ofDoomed('EnableKey'),
};

const disableKeyProvocations: Provocations<typeof disableKeyFaults> = {
  ...ofKeyId('DisableKey'),
  unsupported: async () => await call('DisableKey', { KeyId: await regionDefault() }),
  stateRefused: ofDoomed('DisableKey'),
};

const days = { PendingWindowInDays: 7 };
const scheduleKeyDeletionProvocations: Provocations<typeof scheduleKeyDeletionFaults> = {
  ...ofKeyId('ScheduleKeyDeletion', days),
  unsupported: async () => await call('ScheduleKeyDeletion', { KeyId: await regionDefault(), ...days }),
  stateRefused: ofDoomed('ScheduleKeyDeletion', days),
};

const cancelKeyDeletionProvocations: Provocations<typeof cancelKeyDeletionFaults> = {
  ...ofKeyId('CancelKeyDeletion'),
  stateRefused: async () => await call('CancelKeyDeletion', { KeyId: await newKey() }),
};

const named = { AliasName: 'alias/payroll' };
const createAliasProvocations: Provocations<typeof createAliasFaults> = {
  ...ofKeyId('CreateAlias', named),
  async limitExceeded() {
    const KeyId = await newKey();
    for (let made = 0; made < maxAliases; made += 1) {
      await createKeyAlias(context, caller, { key: KeyId, name: `a${made}` });
    }
    return await call('CreateAlias', { KeyId, ...named });
  },
  async aliasExists() {
    await done('CreateAlias', { KeyId: await newKey(), ...named });
    return await call('CreateAlias', { KeyId: await newKey(), ...named });
  },
  stateRefused: ofDoomed('CreateAlias', named),
};

const deleteAliasProvocations: Provocations<typeof deleteAliasFaults> = {
  missing: () => call('DeleteAlias'),
  noPermission: () => byStranger('DeleteAlias', named),
  async aliasNotFound() {
    await done('CreateAlias', { RegionId: 'south', KeyId: await keyElsewhere(), ...named });
    return await call('DeleteAlias', named);
  },
};

const listKeysProvocations: Provocations<typeof listKeysFaults> = { noPermission: () => byStranger('ListKeys') };
const listAliasesProvocations: Provocations<typeof listAliasesFaults> = {
  noPermission: () => byStranger('ListAliases'),
};

describe.each([
  ['CreateKey', rowsOf(createKeyFaults, createKeyProvocations)],
  ['DescribeKey', rowsOf(describeKeyFaults, describeKeyProvocations)],
  ['ListKeys', rowsOf(listKeysFaults, listKeysProvocations)],
  ['EnableKey', rowsOf(enableKeyFaults, enableKeyProvocations)],
  ['DisableKey', rowsOf(disableKeyFaults, disableKeyProvocations)],
  ['ScheduleKeyDeletion', rowsOf(scheduleKeyDeletionFaults, scheduleKeyDeletionProvocations)],
  ['CancelKeyDeletion', rowsOf(cancelKeyDeletionFaults, cancelKeyDeletionProvocations)],
  ['CreateAlias', rowsOf(createAliasFaults, createAliasProvocations)],
  ['DeleteAlias', rowsOf(deleteAliasFaults, deleteAliasProvocations)],
  ['ListAliases', rowsOf(listAliasesFaults, listAliasesProvocations)],
  ['ListAliasesByKeyId', rowsOf(keyFaults, ofKeyId('ListAliasesByKeyId'))],
])('%s refuses', (_, rows) => {
  it.each(rows)('$fault.code ($name): $fault.when', async ({ fault, provoke }) => {
    expectFault(await provoke(aliyun), fault);
  });
});

it.each([
  ['EnableKey', enableKeyFaults.stateRefused],
  ['DisableKey', disableKeyFaults.stateRefused],
])('%s refuses a key without material as well', async (action, fault) => {
  expectFault(await call(action, { KeyId: await newKey({ Origin: 'EXTERNAL' }) }), fault);
});
