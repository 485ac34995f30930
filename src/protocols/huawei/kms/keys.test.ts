/** Keys from the first to the last of their days, as the cloud's clients have them, and every row of the tables. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import { createHuaweiClient, type HuaweiClient } from '../../../../test/support/huawei-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/huawei-faults.ts';
import type { Caller } from '../../../app/context.ts';
import { defaultKey } from '../../../app/keys/default-key.ts';
import { findKey } from '../../../app/keys/find-key.ts';
import { importKeyMaterial } from '../../../app/keys/import-key-material.ts';
import { destroyDueKeys } from '../../../app/keys/key-deletion.ts';
import { rotateKey } from '../../../app/keys/rotate-key.ts';
import { checkKey } from '../../../app/keys/use-key.ts';
import { createAgency } from '../../../app/tenants/agencies.ts';
import { createSession } from '../../../app/tenants/sessions.ts';
import { KeyProviderError } from '../../../kms/key-provider.ts';
import { commonFaults } from '../common-faults.ts';
import { toHexId } from '../ids.ts';
import { cancelKeyDeletionFaults } from './cancel-key-deletion.ts';
import { createKeyFaults } from './create-key.ts';
import { disableKeyFaults } from './disable-key.ts';
import { enableKeyFaults } from './enable-key.ts';
import { type changeFaults, keyFaults } from './key-faults.ts';
import { listKeyTagsFaults } from './list-key-tags.ts';
import { listKeysFaults } from './list-keys.ts';
import { scheduleKeyDeletionFaults } from './schedule-key-deletion.ts';

const day = 24 * 3600 * 1000;
const { signal } = new AbortController();
const kms = { service: 'kms' } as const;

let huawei: TestHuawei;
let client: HuaweiClient;
let viewer: HuaweiClient;
/** Acts by an agency of the account in one project of it. */
let visitor: HuaweiClient;
let projects: Readonly<Record<'north' | 'south', string>>;
/** The default key of the north. */
let region: string;
/** Another account's key, and its project. */
let foreign: string;
let elsewhere: string;

beforeAll(async () => {
  huawei = await createTestHuawei();
  const { installation, caller, projectOf } = huawei;
  const { context, newCaller } = installation;
  client = huawei.client;
  viewer = await huawei.newClient('viewer');
  projects = { north: await projectOf('north'), south: await projectOf('south') };
  region = (await defaultKey(context, caller, 'north', signal)).id;
  const friend = await newCaller();
  const ofFriend = await huawei.newClient('owner', { caller: friend });
  elsewhere = await projectOf('north', friend);
  const answer = await ask('create-key', { key_alias: 'foreign' }, ofFriend, elsewhere);
  foreign = answer.body.key_info.key_id;
  await createAgency(context, caller, {
    name: 'north-only',
    description: '',
    trustedAccount: friend.accountId,
    grants: [{ project: 'north', role: 'owner' }],
    expiresAt: null,
  });
  const agency = { account: caller.accountName, name: 'north-only' };
  const { token } = await createSession(context, friend, { name: 'visit', agency });
  visitor = createHuaweiClient({ url: huawei.url, form: 'token', token });
});
afterAll(() => huawei.close());
beforeEach(() => {
  huawei.installation.keyProvider.failure = undefined;
});

const ask = (action: string, body: unknown, by = client, project = projects.north) =>
  by.call('POST', `/v1.0/${project}/kms/${action}`, { body });

const tagsOf = (key: string, by = client, project = projects.north) =>
  by.call('GET', `/v1.0/${project}/kms/${key}/tags`);

let made = 0;
const newAlias = () => {
  made += 1;
  return `key-${made}`;
};

async function newKey(changes: object = {}): Promise<string> {
  const { status, body } = await ask('create-key', { key_alias: newAlias(), ...changes });
  expect(status).toBe(200);
  return body.key_info.key_id;
}

/** A key of a state, by its number. */
async function keyIn(state: '2' | '3' | '4' | '5'): Promise<string> {
  const id = await newKey(state === '5' ? { origin: 'external' } : {});
  if (state === '3') await ask('disable-key', { key_id: id });
  if (state === '4') await ask('schedule-key-deletion', { key_id: id, pending_days: '7' });
  return id;
}

async function stateOf(id: string): Promise<string> {
  return (await ask('describe-key', { key_id: id })).body.key_info.key_state;
}

describe('a key', () => {
  it('is made in the region of the project, and shown as it was made', async () => {
    const { installation, caller } = huawei;
    const before = installation.context.clock.now();
    const alias = newAlias();
    const answer = await ask('create-key', {
      key_alias: alias,
      key_description: 'payroll',
      key_spec: 'AES_256',
      key_usage: 'ENCRYPT_DECRYPT',
      origin: 'kms',
      sequence: randomUUID(),
    });
    const domain_id = toHexId(caller.accountId);
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 200,
      body: { key_info: { key_id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/), domain_id } },
    });
    const { key_id } = answer.body.key_info;
    const { body } = await ask('describe-key', { key_id });
    expect(body).toEqual({
      key_info: {
        key_id,
        domain_id,
        key_alias: alias,
        realm: 'north',
        key_description: 'payroll',
        creation_date: expect.stringMatching(/^\d{13}$/),
        scheduled_deletion_date: '',
        key_state: '2',
        default_key_flag: '0',
        key_type: '1',
        expiration_time: '',
        origin: 'kms',
        key_spec: 'AES_256',
        key_usage: 'ENCRYPT_DECRYPT',
      },
    });
    expect(Number(body.key_info.creation_date)).toBeGreaterThanOrEqual(before);
    expect((await ask('describe-key', { key_id: `alias/${alias}` })).body).toEqual(body);
  });

  it('may be used for images at once', async () => {
    const { installation, caller } = huawei;
    const wanted = { key: await newKey(), region: 'north', service: 'images' } as const;
    expect(await checkKey(installation.context.db, caller, wanted)).toMatchObject({ id: wanted.key });
  });

  it('has no tags', async () => {
    expect(await tagsOf(await newKey())).toMatchObject({ status: 200, body: { tags: [], existTagsNum: 0 } });
  });

  it('tells how often it was rotated, which it is by its owner alone', async () => {
    const { installation, caller } = huawei;
    const key_id = await newKey();
    const status = async (key: string) => (await ask('get-key-rotation-status', { key_id: key })).body;
    const never = { key_rotation_enabled: false, rotation_interval: 365, number_of_rotations: 0 };
    expect(await status(key_id)).toEqual(never);
    await rotateKey(installation.context, caller, key_id, signal);
    expect(await status(key_id)).toEqual({ ...never, number_of_rotations: 1 });
    expect(await status(await keyIn('5'))).toEqual(never);
  });

  it('is disabled and enabled', async () => {
    const key_id = await newKey();
    const disabled = await ask('disable-key', { key_id });
    expect(disabled).toMatchObject({ status: 200, body: { key_info: { key_id, key_state: '3' } } });
    expect(await stateOf(key_id)).toBe('3');
    expect((await ask('enable-key', { key_id })).body).toEqual({ key_info: { key_id, key_state: '2' } });
    expect(await stateOf(key_id)).toBe('2');
  });

  it('that is to be deleted says when, is kept where that is called off, and is gone when its time has come', async () => {
    const { context } = huawei.installation;
    const key_id = await newKey();
    const before = context.clock.now();
    const doom = () => ask('schedule-key-deletion', { key_id, pending_days: '8' });
    expect((await doom()).body).toEqual({ key_id, key_state: '4' });
    const { key_info } = (await ask('describe-key', { key_id })).body;
    expect(key_info.key_state).toBe('4');
    const after = Number(key_info.scheduled_deletion_date) - before;
    expect(after).toBeGreaterThanOrEqual(8 * day);
    expect(after).toBeLessThan(8 * day + 60_000);
    expect((await ask('cancel-key-deletion', { key_id })).body).toEqual({ key_id, key_state: '3' });
    expect((await ask('describe-key', { key_id })).body.key_info).toMatchObject({
      key_state: '3',
      scheduled_deletion_date: '',
    });
    await doom();
    // The server's own clock goes by what clients sign.
    await destroyDueKeys({ ...context, clock: { now: () => before + 9 * day } }, signal);
    expectFault(await ask('describe-key', { key_id }), keyFaults.keyNotFound, kms);
  });

  it('of material from elsewhere waits for it, also when it is kept after all', async () => {
    const { installation, caller } = huawei;
    const key_id = await keyIn('5');
    const shown = async () => (await ask('describe-key', { key_id })).body.key_info;
    expect(await shown()).toMatchObject({ key_state: '5', origin: 'external' });
    await ask('schedule-key-deletion', { key_id, pending_days: 7 });
    expect((await ask('cancel-key-deletion', { key_id })).body).toEqual({ key_id, key_state: '5' });
    const material = Buffer.alloc(32, 7).toString('base64');
    await importKeyMaterial(installation.context, caller, key_id, material, signal);
    expect(await shown()).toMatchObject({ key_state: '2', origin: 'external' });
  });

  it('of the region says that it is the default one', async () => {
    const { body } = await ask('describe-key', { key_id: region });
    expect(body.key_info).toMatchObject({ default_key_flag: '1', key_alias: '', key_state: '2' });
  });

  it('lies in one region: in another there is none of its id or alias, which another key may have', async () => {
    const key_alias = newAlias();
    const key_id = await newKey({ key_alias });
    const south = (action: string, body: object) => ask(action, body, client, projects.south);
    for (const named of [key_id, `alias/${key_alias}`]) {
      expectFault(await south('describe-key', { key_id: named }), keyFaults.keyNotFound, kms);
    }
    for (const action of ['enable-key', 'disable-key', 'cancel-key-deletion']) {
      expectFault(await south(action, { key_id }), keyFaults.keyNotFound, kms);
    }
    expectFault(await south('schedule-key-deletion', { key_id, pending_days: '7' }), keyFaults.keyNotFound, kms);
    expect(await stateOf(key_id)).toBe('2');
    const other = await south('create-key', { key_alias });
    expect((await south('describe-key', { key_id: `alias/${key_alias}` })).body.key_info).toMatchObject({
      key_id: other.body.key_info.key_id,
      realm: 'south',
    });
  });

  it("of another account's is not touched", async () => {
    const { db } = huawei.installation.context;
    await ask('schedule-key-deletion', { key_id: foreign, pending_days: '7' });
    const row = await db.selectFrom('keys').select('state').where('id', '=', foreign).executeTakeFirst();
    expect(row).toEqual({ state: 'enabled' });
  });

  it('is not made while its provider is away, which clients are asked to wait for', async () => {
    huawei.installation.keyProvider.failure = new KeyProviderError('unavailable', 'says the test');
    const answer = await ask('create-key', { key_alias: newAlias() });
    expectFault(answer, commonFaults.unavailable, kms);
  });

  it('is never shown with its material, nor is what made it an event without its maker', async () => {
    const { installation, caller } = huawei;
    const key = await findKey(installation.context, caller, await newKey());
    const { bytes } = await ask('describe-key', { key_id: key.id });
    expect(bytes.toString()).not.toMatch(/material/i);
    const events = installation.context.db.selectFrom('events').select(['type', 'outcome', 'protocol']);
    expect(await events.where('resource_id', '=', key.id).execute()).toEqual([
      { type: 'key.create', outcome: 'succeeded', protocol: 'huawei' },
    ]);
  });
});

describe('the list', () => {
  let owner: Caller;
  let lister: HuaweiClient;
  let project: string;
  /** Newest first. */
  let ids: string[];
  const list = (body?: object) => ask('list-keys', body, lister, project);

  beforeAll(async () => {
    owner = await huawei.installation.newCaller();
    lister = await huawei.newClient('owner', { caller: owner });
    project = await huawei.projectOf('north', owner);
    ids = [];
    for (const origin of ['kms', 'kms', 'external']) {
      const { body } = await ask('create-key', { key_alias: newAlias(), origin }, lister, project);
      ids.unshift(body.key_info.key_id);
      huawei.installation.advance(1000);
    }
    await ask('disable-key', { key_id: ids[2] }, lister, project);
    await ask('create-key', { key_alias: 'south' }, lister, await huawei.projectOf('south', owner));
  });

  it("has the region's own, newest first, each as it is shown", async () => {
    const { status, body } = await list();
    expect({ status, ...body, key_details: undefined }).toEqual({
      status: 200,
      keys: ids,
      key_details: undefined,
      next_marker: '',
      truncated: 'false',
      total: 3,
    });
    const shown = ids.map(async (key_id) => (await ask('describe-key', { key_id }, lister, project)).body.key_info);
    expect(body.key_details).toEqual(await Promise.all(shown));
  });

  it.each([
    ['1', []],
    ['2', [1]],
    ['3', [2]],
    ['4', []],
    ['5', [0]],
    ['', [0, 1, 2]],
  ])('has those of a state: %s', async (key_state, places) => {
    const { body } = await list({ key_state });
    expect(body).toMatchObject({ keys: places.map((place) => ids[place]), total: places.length });
  });

  it('has pages, each of which says where the next one begins', async () => {
    const { body: first } = await list({ limit: '2' });
    expect(first).toMatchObject({ keys: ids.slice(0, 2), truncated: 'true', next_marker: '2', total: 3 });
    const { body: second } = await list({ limit: '2', marker: first.next_marker });
    expect(second).toMatchObject({ keys: ids.slice(2), truncated: 'false', next_marker: '', total: 3 });
    expect((await list({ limit: 3 })).body).toMatchObject({ keys: ids, truncated: 'false' });
    expect((await list({ marker: '3' })).body).toMatchObject({ keys: [], key_details: [], truncated: 'false' });
  });

  it('has all 201 that there can be', async () => {
    await insertKeys(owner, 197);
    await defaultKey(huawei.installation.context, owner, 'north', signal);
    const { body } = await list();
    expect(body).toMatchObject({ keys: { length: 201 }, truncated: 'false', total: 201 });
    expectFault(await ask('create-key', { key_alias: newAlias() }, lister, project), createKeyFaults.tooMany, kms);
  });
});

async function insertKeys({ accountId }: Caller, count: number): Promise<void> {
  await sql`
    INSERT INTO keys (id, account, region, state, origin, description, is_default, version, created_at)
    SELECT gen_random_uuid(), ${accountId}, r.number, 'disabled', 'mimeo', '', false, 1, 1
    FROM regions r, generate_series(1, ${count}) WHERE r.id = 'north'`.execute(huawei.installation.context.db);
}

/** What is said of every operation that names a key. `more`: what else it needs. */
function naming(action: string, more: object = {}): Provocations<typeof keyFaults> {
  const of = (key_id: unknown, changes: object = {}, by = client) => ask(action, { key_id, ...more, ...changes }, by);
  return {
    jsonInvalid: () => ask(action, '[]'),
    parameterMissing: () => of(undefined),
    keyIdInvalid: () => of('0'.repeat(32)),
    sequenceInvalid: () => of(randomUUID(), { sequence: '1' }),
    keyNotFound: () => of(foreign),
    projectInvalid: () => ask(action, {}, client, elsewhere),
    forbidden: () => of(region, {}, visitor),
  };
}

function changing(action: string, more: object = {}): Provocations<typeof changeFaults> {
  return { ...naming(action, more), isDefault: () => ask(action, { key_id: region, ...more }) };
}

const creating: Provocations<typeof createKeyFaults> = {
  jsonInvalid: () => ask('create-key', 'no JSON'),
  parameterMissing: () => ask('create-key', { key_alias: '' }),
  sequenceInvalid: () => ask('create-key', { key_alias: newAlias(), sequence: 'x'.repeat(37) }),
  parameterInvalid: () => ask('create-key', { key_alias: newAlias(), key_spec: 'RSA_2048' }),
  projectInvalid: () => ask('create-key', { key_alias: newAlias() }, client, elsewhere),
  forbidden: () => ask('create-key', { key_alias: newAlias() }, viewer),
  aliasInvalid: () => ask('create-key', { key_alias: 'with space' }),
  descriptionInvalid: () => ask('create-key', { key_alias: newAlias(), key_description: 'd'.repeat(256) }),
  async aliasTaken() {
    const key_alias = newAlias();
    await newKey({ key_alias });
    return await ask('create-key', { key_alias });
  },
  async tooMany() {
    const { installation, newClient, projectOf } = huawei;
    const full = await installation.newCaller();
    await insertKeys(full, 200);
    const owner = await newClient('owner', { caller: full });
    return await ask('create-key', { key_alias: 'one-more' }, owner, await projectOf('north', full));
  },
};

const describing: Provocations<typeof keyFaults> = naming('describe-key');

const showingRotation: Provocations<typeof keyFaults> = naming('get-key-rotation-status');

const listing: Provocations<typeof listKeysFaults> = {
  jsonInvalid: () => ask('list-keys', '"all"'),
  sequenceInvalid: () => ask('list-keys', { sequence: 'one' }),
  parameterInvalid: () => ask('list-keys', { key_state: '6' }),
  projectInvalid: () => ask('list-keys', {}, client, elsewhere),
  forbidden: () => ask('list-keys', {}, visitor),
  limitInvalid: () => ask('list-keys', { limit: '1001' }),
  markerInvalid: () => ask('list-keys', { marker: '-1' }),
};

const listingTags: Provocations<typeof listKeyTagsFaults> = {
  keyIdInvalid: () => tagsOf('0'.repeat(32)),
  keyNotFound: () => tagsOf(foreign),
  projectInvalid: () => tagsOf(region, client, elsewhere),
  forbidden: () => tagsOf(region, visitor),
};

const enabling: Provocations<typeof enableKeyFaults> = {
  ...changing('enable-key'),
  notDisabled: async () => ask('enable-key', { key_id: await keyIn('2') }),
};

const disabling: Provocations<typeof disableKeyFaults> = {
  ...changing('disable-key'),
  notEnabled: async () => ask('disable-key', { key_id: await keyIn('3') }),
};

const scheduling: Provocations<typeof scheduleKeyDeletionFaults> = {
  ...changing('schedule-key-deletion', { pending_days: '7' }),
  parameterMissing: async () => ask('schedule-key-deletion', { key_id: await newKey() }),
  daysInvalid: async () => ask('schedule-key-deletion', { key_id: await newKey(), pending_days: '6' }),
  pendingDeletion: async () => ask('schedule-key-deletion', { key_id: await keyIn('4'), pending_days: '7' }),
};

const cancelling: Provocations<typeof cancelKeyDeletionFaults> = {
  ...naming('cancel-key-deletion'),
  notPendingDeletion: async () => ask('cancel-key-deletion', { key_id: await keyIn('3') }),
};

describe.each([
  ['create-key', rowsOf(createKeyFaults, creating)],
  ['describe-key', rowsOf(keyFaults, describing)],
  ['get-key-rotation-status', rowsOf(keyFaults, showingRotation)],
  ['list-keys', rowsOf(listKeysFaults, listing)],
  ['tags', rowsOf(listKeyTagsFaults, listingTags)],
  ['enable-key', rowsOf(enableKeyFaults, enabling)],
  ['disable-key', rowsOf(disableKeyFaults, disabling)],
  ['schedule-key-deletion', rowsOf(scheduleKeyDeletionFaults, scheduling)],
  ['cancel-key-deletion', rowsOf(cancelKeyDeletionFaults, cancelling)],
])('%s', (_, rows) => {
  it.each(rows)('is refused: $name', async ({ fault, provoke }) => {
    expectFault(await provoke(huawei), fault, kms);
  });
});

describe('what is not done', () => {
  it.each([
    ['create-key', 'key.create'],
    ['enable-key', 'key.enable'],
    ['disable-key', 'key.disable'],
    ['schedule-key-deletion', 'key.schedule-deletion'],
    ['cancel-key-deletion', 'key.cancel-deletion'],
  ])('%s, for who may not, which is an event', async (action, type) => {
    const outcomes = huawei.installation.context.db.selectFrom('events').select('outcome').where('type', '=', type);
    const refused = outcomes.where('outcome', '=', 'forbidden');
    const before = (await refused.execute()).length;
    await ask(action, {}, viewer);
    expect(await refused.execute()).toHaveLength(before + 1);
  });

  it.each([
    ['enable-key', '2', enableKeyFaults.notDisabled],
    ['enable-key', '4', enableKeyFaults.notDisabled],
    ['enable-key', '5', enableKeyFaults.notDisabled],
    ['disable-key', '3', disableKeyFaults.notEnabled],
    ['disable-key', '4', disableKeyFaults.notEnabled],
    ['disable-key', '5', disableKeyFaults.notEnabled],
    ['cancel-key-deletion', '2', cancelKeyDeletionFaults.notPendingDeletion],
    ['cancel-key-deletion', '5', cancelKeyDeletionFaults.notPendingDeletion],
  ] as const)('%s with a key in state %s, which it stays in', async (action, state, fault) => {
    const key_id = await keyIn(state);
    expectFault(await ask(action, { key_id }), fault, kms);
    expect(await stateOf(key_id)).toBe(state);
  });

  it.each(['x'.repeat(256), 'alias/mine', 'mine/default', 'ключ', '0f9c4a1e-54b5-4d0c-8a3e-5be0f6b8d0b1', 7])(
    'a key called %s',
    async (key_alias) => {
      expectFault(await ask('create-key', { key_alias }), createKeyFaults.aliasInvalid, kms);
    },
  );

  it.each([{ key_usage: 'SIGN_VERIFY' }, { origin: 'mimeo' }])('a key with %j', async (changes) => {
    const answer = await ask('create-key', { key_alias: newAlias(), ...changes });
    expectFault(answer, createKeyFaults.parameterInvalid, kms);
  });

  it.each(['', 'x'])('a deletion in %j days', async (pending_days) => {
    const row = pending_days === '' ? 'parameterMissing' : 'daysInvalid';
    const answer = await ask('schedule-key-deletion', { key_id: await newKey(), pending_days });
    expectFault(answer, scheduleKeyDeletionFaults[row], kms);
  });

  it.each([
    ['the region has none', { keylessRegions: new Set(['north']) }],
    ["the region has none of customers'", { defaultKeyRegions: new Set(['north']) }],
    ['other accounts alone may have them', { keyAccounts: new Set(['somebody']) }],
  ])('a key where %s', async (_, limits) => {
    const { installation, key } = huawei;
    const context = { ...installation.context, keyLimits: { ...installation.context.keyLimits, ...limits } };
    const { url, close } = await createTestHuawei({ on: { ...installation, context } });
    const strict = createHuaweiClient({ url, form: 'huawei', ...key });
    const answer = await ask('create-key', { key_alias: newAlias() }, strict);
    expectFault(answer, createKeyFaults.forbidden, kms);
    await close();
  });

  it('a deletion sooner than the configuration allows', async () => {
    const { installation, key } = huawei;
    const context = { ...installation.context, leastDeletionDays: 30 };
    const { url, close } = await createTestHuawei({ on: { ...installation, context } });
    const strict = createHuaweiClient({ url, form: 'huawei', ...key });
    const answer = await ask('schedule-key-deletion', { key_id: await newKey(), pending_days: '29' }, strict);
    expectFault(answer, scheduleKeyDeletionFaults.daysInvalid, kms);
    await close();
  });

  it.each(['alias/', 'alias/with space', 'alias/0f9c4a1e-54b5-4d0c-8a3e-5be0f6b8d0b1', 'key'])(
    'looking for %s',
    async (key_id) => {
      expectFault(await ask('describe-key', { key_id }), keyFaults.keyIdInvalid, kms);
    },
  );

  it('anything to a key by its alias but to show it', async () => {
    const key_alias = newAlias();
    await newKey({ key_alias });
    expectFault(await ask('disable-key', { key_id: `alias/${key_alias}` }), disableKeyFaults.keyIdInvalid, kms);
  });
});
