/** Keys from the first to the last of their days, as their owner has them. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { createMemoryKeyProvider, type MemoryKeyProvider } from '../../../test/support/memory-key-provider.ts';
import { createTenant } from '../../../test/support/tenants.ts';
import type { Db, Trx } from '../../db/database.ts';
import { ensureRegions } from '../../db/regions.ts';
import type { Key } from '../../domain/key.ts';
import { KeyProviderError } from '../../kms/key-provider.ts';
import { silentLogger } from '../../telemetry/logger.ts';
import type { AppContext, Caller } from '../context.ts';
import { listEvents } from '../list-events.ts';
import { disableKey, enableKey, updateKey } from './change-key.ts';
import { createKey, type KeyCommand } from './create-key.ts';
import { defaultKey } from './default-key.ts';
import { findKey, listKeyVersions } from './find-key.ts';
import { importKeyMaterial } from './import-key-material.ts';
import { createKeyAlias, deleteKeyAlias, listKeyAliases } from './key-aliases.ts';
import { cancelKeyDeletion, destroyDueKeys, scheduleKeyDeletion } from './key-deletion.ts';
import { grantKey, listKeyGrants, revokeKey } from './key-grants.ts';
import { listKeys } from './list-keys.ts';
import { createOpenedKeys } from './opened-keys.ts';
import { rotateKey } from './rotate-key.ts';

let database: TestDatabase;
let context: AppContext;
let keyProvider: MemoryKeyProvider;
let caller: Caller;
let now = 1_800_000_000_000;
const { signal } = new AbortController();
const day = 24 * 3600 * 1000;

beforeAll(async () => {
  database = await createTestDatabase();
  keyProvider = createMemoryKeyProvider();
  context = {
    db: database.db,
    clock: { now: () => now },
    random: randomBytes,
    regionNumbers: await ensureRegions(database.db, ['north', 'south']),
    idempotencyMs: day,
    keyProvider,
    openedKeys: createOpenedKeys(),
    keyLimits: { keylessRegions: new Set(), defaultKeyRegions: new Set(), keyAccounts: undefined },
    leastDeletionDays: 7,
    logger: silentLogger,
    // The rest of a server has nothing to do with keys.
  } as unknown as AppContext;
});
afterAll(() => database.close());
beforeEach(async () => {
  // Those of the tests before, whose time would come in the next one.
  const kept = { deletion_at: null, state: 'disabled' } as const;
  await database.db.updateTable('keys').set(kept).where('state', '=', 'pending-deletion').execute();
  caller = await createTenant(database.db);
  keyProvider.failure = undefined;
  now += 1000;
});

async function create(changes: Partial<KeyCommand> = {}, token?: string): Promise<Key> {
  const command = { region: 'north', origin: 'mimeo', description: 'payroll', ...changes } as const;
  return (await createKey(context, caller, command, { token, signal })).result;
}

async function events(key: string): Promise<object[]> {
  const { events: found } = await listEvents(context, caller, { resource: key, limit: 100 });
  return found.toReversed().map(({ type, outcome, region, details }) => ({ type, outcome, region, details }));
}

/** Each transaction is committed, and fails as one does whose connection breaks off then. */
function losingAnswers(db: Db): Db {
  const transaction = () => ({
    async execute(work: (trx: Trx) => Promise<unknown>) {
      await db.transaction().execute(work);
      throw new Error('says the test');
    },
  });
  return new Proxy(db, {
    get(target, name) {
      if (name === 'transaction') return transaction;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Of what succeeded. */
async function eventTypes(key: string): Promise<string[]> {
  const { events: found } = await listEvents(context, caller, { resource: key, outcome: 'succeeded', limit: 100 });
  return found.toReversed().map(({ type }) => type);
}

const refused = (code: string, facts: object = {}) =>
  expect.objectContaining({ name: 'RefusalError', code, facts: expect.objectContaining(facts) });

describe('createKey', () => {
  it('makes a key that can be used at once', async () => {
    const key = await create({ alias: 'payroll', grants: ['images'] });
    expect(key).toEqual({
      id: key.id,
      accountId: caller.accountId,
      region: 'north',
      state: 'enabled',
      origin: 'mimeo',
      description: 'payroll',
      isDefault: false,
      version: 1,
      aliases: ['payroll'],
      grants: ['images'],
      createdAt: now,
      deletionAt: null,
    });
    for (const name of [key.id, 'payroll']) expect(await findKey(context, caller, name)).toEqual(key);
    expect(keyProvider.has(key.id)).toBe(true);
    expect(await events(key.id)).toEqual([
      {
        type: 'key.create',
        outcome: 'succeeded',
        region: 'north',
        details: { origin: 'mimeo', alias: 'payroll' },
      },
    ]);
  });

  it('makes one key of a request that is sent twice, and none of what came to nothing stays with the provider', async () => {
    const { calls } = keyProvider;
    const before = { ...calls };
    const first = await create({}, 'once');
    expect((await create({}, 'once')).id).toBe(first.id);
    expect((await listKeys(context, caller, { limit: 10 })).keys).toHaveLength(1);
    expect(calls.createVersion - before.createVersion).toBe(2);
    expect(calls.destroyKey - before.destroyKey).toBe(1);
    expect(keyProvider.has(first.id)).toBe(true);

    await create({ alias: 'taken' });
    await expect(create({ alias: 'taken' })).rejects.toEqual(
      refused('key.alias-exists', { region: 'north', alias: 'taken' }),
    );
    expect(calls.destroyKey - before.destroyKey).toBe(2);
  });

  it('destroys none that may have been made, though the answer to its commit is lost', async () => {
    const lossy = { ...context, db: losingAnswers(database.db) };
    const command = { region: 'north', origin: 'mimeo', description: 'lost' } as const;
    await expect(createKey(lossy, caller, command, { signal })).rejects.toThrow('says the test');
    await expect(defaultKey(lossy, caller, 'north', signal)).rejects.toThrow('says the test');
    const { keys } = await listKeys(context, caller, { limit: 10 });
    expect(keys.map(({ id, isDefault }) => [isDefault, keyProvider.has(id)]).sort()).toEqual([
      [false, true],
      [true, true],
    ]);
  });

  it.each([
    [{ region: 'west' }, 'region.not-found', { region: 'west' }],
    [{ description: 'x'.repeat(1025) }, 'request.invalid', { field: 'description' }],
    [{ alias: 'with space' }, 'request.invalid', { field: 'alias' }],
    [{ alias: 'alias/payroll' }, 'request.invalid', { field: 'alias' }],
    [{ alias: 'none' }, 'request.invalid', { field: 'alias' }],
    [{ alias: 'default' }, 'request.invalid', { field: 'alias' }],
    [{ alias: '0f9c4a1e-54b5-4d0c-8a3e-5be0f6b8d0b1' }, 'request.invalid', { field: 'alias' }],
    [{ alias: '' }, 'request.invalid', { field: 'alias' }],
  ] as const)('refuses %j, before the provider is asked', async (changes, code, facts) => {
    const { createVersion } = keyProvider.calls;
    await expect(create(changes)).rejects.toEqual(refused(code, facts));
    expect(keyProvider.calls.createVersion).toBe(createVersion);
  });

  it('is for owners', async () => {
    const operator: Caller = { ...caller, role: 'operator' };
    const command = { region: 'north', origin: 'mimeo', description: '' } as const;
    await expect(createKey(context, operator, command, { signal })).rejects.toEqual(
      refused('forbidden', { action: 'key.manage' }),
    );
  });

  it('refuses the 201st of a region, whatever was deleted', async () => {
    await sql`
      INSERT INTO keys (id, account, region, state, origin, description, is_default, version, created_at,
                        deletion_at, destroyed)
      SELECT gen_random_uuid(), ${caller.accountId}, r.number, s.state, 'mimeo', '', false, 1, 1,
             CASE s.state WHEN 'deleted' THEN 1 END, s.state = 'deleted'
      FROM regions r, (SELECT 'deleted' AS state UNION ALL SELECT 'disabled' FROM generate_series(1, 199)) s
      WHERE r.id = 'north'`.execute(database.db);
    await create();
    await expect(create()).rejects.toEqual(refused('key.limit', { region: 'north', limit: 200 }));
    await create({ region: 'south' });
  });

  it.each([
    ['unavailable', 'the key provider does not answer at present; try again later'],
    ['refused', 'the key provider does not let this installation at the key; tell its operator'],
  ] as const)('fails when the provider is %s', async (kind, message) => {
    keyProvider.failure = new KeyProviderError(kind, 'says the test');
    await expect(create()).rejects.toEqual(
      expect.objectContaining({ name: 'FailureError', code: 'key-provider-unavailable', message }),
    );
    expect((await listKeys(context, caller, { limit: 10 })).keys).toEqual([]);
  });
});

describe('findKey and listKeys', () => {
  it("show nothing of another account's", async () => {
    const { id } = await create({ alias: 'ours' });
    const stranger = await createTenant(database.db);
    for (const name of [id, 'ours']) {
      await expect(findKey(context, stranger, name)).rejects.toEqual(refused('key.not-found', { key: name }));
      await expect(disableKey(context, stranger, name)).rejects.toEqual(refused('key.not-found', { key: name }));
    }
    expect((await listKeys(context, stranger, { limit: 10 })).keys).toEqual([]);
    expect((await listKeyAliases(context, stranger, { limit: 10 })).aliases).toEqual([]);
  });

  it('find an alias of two regions by its region only', async () => {
    const north = await create({ alias: 'both' });
    const south = await create({ alias: 'both', region: 'south' });
    await expect(findKey(context, caller, 'both')).rejects.toEqual(refused('key.not-found'));
    expect(await findKey(context, caller, 'both', { region: 'north' })).toEqual(north);
    expect(await findKey(context, caller, 'both', { region: 'south' })).toEqual(south);
    await expect(findKey(context, caller, north.id, { region: 'south' })).rejects.toEqual(refused('key.not-found'));
  });

  it('list them newest first, in pages, by region and state', async () => {
    const ids: string[] = [];
    for (const region of ['north', 'south', 'north', 'north']) {
      now += 1;
      ids.unshift((await create({ region })).id);
    }
    const [, third = '', , first = ''] = ids;
    await disableKey(context, caller, third);
    const pages: string[][] = [];
    let after: Parameters<typeof listKeys>[2]['after'];
    do {
      const { keys, next } = await listKeys(context, caller, { limit: 3, after });
      pages.push(keys.map(({ id }) => id));
      after = next ?? undefined;
    } while (after !== undefined);
    expect(pages).toEqual([ids.slice(0, 3), [first]]);
    const idsOf = async (filter: object) =>
      (await listKeys(context, caller, { ...filter, limit: 10 })).keys.map(({ id }) => id);
    expect(await idsOf({ region: 'south' })).toEqual([ids[2]]);
    expect(await idsOf({ states: ['disabled', 'pending-deletion'] })).toEqual([third]);
    expect(await idsOf({ region: 'west' })).toEqual([]);
  });
});

describe('changes', () => {
  it('say what a key is for, disable it and enable it again', async () => {
    const { id } = await create();
    expect(await updateKey(context, caller, id, { description: 'wages' })).toMatchObject({ description: 'wages' });
    expect(await disableKey(context, caller, id)).toMatchObject({ state: 'disabled' });
    expect(await findKey(context, caller, id)).toMatchObject({ state: 'disabled', description: 'wages' });
    expect(await enableKey(context, caller, id)).toMatchObject({ state: 'enabled' });
    expect(await findKey(context, caller, id)).toMatchObject({ state: 'enabled' });
    expect(await eventTypes(id)).toEqual(['key.create', 'key.update', 'key.disable', 'key.enable']);
  });

  it('rotate it, and list its versions newest first', async () => {
    const { id } = await create();
    now += 5;
    expect(await rotateKey(context, caller, id, signal)).toMatchObject({ id, version: 2 });
    expect(await rotateKey(context, caller, id, signal)).toMatchObject({ version: 3 });
    const { versions, next } = await listKeyVersions(context, caller, id, { limit: 2 });
    expect(versions).toEqual([
      { version: 3, createdAt: now },
      { version: 2, createdAt: now },
    ]);
    const rest = await listKeyVersions(context, caller, id, { limit: 2, before: next ?? undefined });
    expect(rest).toEqual({ versions: [{ version: 1, createdAt: now - 5 }], next: null });
    expect((await events(id)).at(-1)).toMatchObject({ type: 'key.rotate', details: { version: 3 } });
  });

  it('make one version of rotations at once', async () => {
    const { id } = await create();
    const rotated = await Promise.all([1, 2, 3].map(() => rotateKey(context, caller, id, signal)));
    const { version } = await findKey(context, caller, id);
    expect(version).toBe(Math.max(...rotated.map((each) => each.version)));
    const { versions } = await listKeyVersions(context, caller, id, { limit: 10 });
    expect(versions.map((each) => each.version)).toEqual(Array.from({ length: version }, (_, n) => version - n));
  });

  it('rotate neither a disabled key nor an external one', async () => {
    const { id } = await create({ alias: 'closed' });
    await disableKey(context, caller, id);
    await expect(rotateKey(context, caller, 'closed', signal)).rejects.toEqual(
      refused('key.disabled', { key: id, state: 'disabled' }),
    );
    expect((await events(id)).at(-1)).toMatchObject({ type: 'key.rotate', outcome: 'key.disabled', region: 'north' });
    const external = await create({ origin: 'external' });
    await expect(rotateKey(context, caller, external.id, signal)).rejects.toEqual(refused('key.external'));
  });
});

describe('an external key', () => {
  const material = randomBytes(32).toString('base64');

  it('waits for its material, takes it once, and again only the same', async () => {
    const key = await create({ origin: 'external' });
    expect(key).toMatchObject({ state: 'pending-import', version: 0 });
    expect(keyProvider.has(key.id)).toBe(false);
    for (const change of [enableKey, disableKey]) {
      await expect(change(context, caller, key.id)).rejects.toEqual(refused('key.pending-import', { key: key.id }));
    }
    const imported = await importKeyMaterial(context, caller, key.id, material, signal);
    expect(imported).toMatchObject({ state: 'enabled', version: 1 });
    expect(await findKey(context, caller, key.id)).toEqual(imported);
    expect(await importKeyMaterial(context, caller, key.id, material, signal)).toEqual(imported);
    const other = randomBytes(32).toString('base64');
    await expect(importKeyMaterial(context, caller, key.id, other, signal)).rejects.toEqual(
      refused('key.other-material', { key: key.id }),
    );
    expect(await eventTypes(key.id)).toEqual(['key.create', 'key.import', 'key.enable', 'key.import']);
    const { rows } = await sql<{ text: string }>`
      SELECT k::text || coalesce(string_agg(v::text, ''), '') || (SELECT string_agg(e::text, '') FROM events e) AS text
      FROM keys k LEFT JOIN key_versions v ON v.key = k.id WHERE k.id = ${key.id} GROUP BY k.*`.execute(database.db);
    const plain = Buffer.from(material, 'base64').toString('hex');
    expect(rows[0]?.text).not.toMatch(new RegExp(`${plain}|${material.replaceAll('+', '\\+')}`));
  });

  it('is bound to the first material even when the provider has failed with it', async () => {
    const { id } = await create({ origin: 'external' });
    keyProvider.failure = new KeyProviderError('unavailable', 'says the test');
    await expect(importKeyMaterial(context, caller, id, material, signal)).rejects.toMatchObject({
      code: 'key-provider-unavailable',
    });
    keyProvider.failure = undefined;
    const other = randomBytes(32).toString('base64');
    await expect(importKeyMaterial(context, caller, id, other, signal)).rejects.toEqual(refused('key.other-material'));
    expect(await importKeyMaterial(context, caller, id, material, signal)).toMatchObject({ state: 'enabled' });
  });

  it('leaves nothing with the provider of a key that was destroyed meanwhile', async () => {
    const { id } = await create({ origin: 'external' });
    const { createVersion } = keyProvider;
    keyProvider.createVersion = async (request) => {
      await scheduleKeyDeletion(context, caller, id, 7);
      now += 7 * day;
      await destroyDueKeys(context, signal);
      return await createVersion(request);
    };
    try {
      await expect(importKeyMaterial(context, caller, id, material, signal)).rejects.toEqual(
        refused('key.not-found', { key: id }),
      );
    } finally {
      keyProvider.createVersion = createVersion;
    }
    expect(keyProvider.has(id)).toBe(false);
  });

  it.each([
    '',
    randomBytes(31).toString('base64'),
    randomBytes(33).toString('base64'),
    randomBytes(32).toString('hex'),
    `${'!'.repeat(43)}=`,
  ])('does not take %j', async (text) => {
    const { id } = await create({ origin: 'external' });
    await expect(importKeyMaterial(context, caller, id, text, signal)).rejects.toEqual(
      refused('request.invalid', { field: 'material' }),
    );
  });

  it('alone takes material', async () => {
    const { id } = await create();
    await expect(importKeyMaterial(context, caller, id, material, signal)).rejects.toEqual(refused('key.not-external'));
  });
});

describe('deletion', () => {
  it('is announced days before, and can be called off', async () => {
    const { id } = await create();
    const doomed = await scheduleKeyDeletion(context, caller, id, 7);
    expect(doomed).toMatchObject({ state: 'pending-deletion', deletionAt: now + 7 * day });
    now += 7 * day - 1;
    expect(await destroyDueKeys(context, signal)).toBe(0);
    expect(await cancelKeyDeletion(context, caller, id)).toMatchObject({ state: 'disabled', deletionAt: null });
    now += 2;
    expect(await destroyDueKeys(context, signal)).toBe(0);
    expect(await enableKey(context, caller, id)).toMatchObject({ state: 'enabled' });
    expect(await eventTypes(id)).toEqual(['key.create', 'key.schedule-deletion', 'key.cancel-deletion', 'key.enable']);
  });

  it('leaves a key that had no material without it when it is called off, and enables where that is wanted', async () => {
    const external = await create({ origin: 'external' });
    await scheduleKeyDeletion(context, caller, external.id, 7);
    expect(await cancelKeyDeletion(context, caller, external.id, { enable: true })).toMatchObject({
      state: 'pending-import',
    });
    const { id } = await create();
    await scheduleKeyDeletion(context, caller, id, 7);
    expect(await cancelKeyDeletion(context, caller, id, { enable: true })).toMatchObject({ state: 'enabled' });
  });

  it.each([6, 1097, 7.5, Number.NaN])('does not take %d days', async (days) => {
    const { id } = await create();
    await expect(scheduleKeyDeletion(context, caller, id, days)).rejects.toEqual(
      refused('request.invalid', { field: 'days', rule: 'must be a whole number from 7 to 1096' }),
    );
  });

  it('ends with a key that does not exist, nor its alias and grants, here or with the provider', async () => {
    const { id } = await create({ alias: 'doomed', grants: ['images'] });
    await rotateKey(context, caller, id, signal);
    await scheduleKeyDeletion(context, caller, id, 7);
    now += 7 * day;
    expect(await destroyDueKeys(context, signal)).toBe(1);
    expect(keyProvider.has(id)).toBe(false);
    for (const name of [id, 'doomed']) {
      await expect(findKey(context, caller, name)).rejects.toEqual(refused('key.not-found', { key: name }));
    }
    expect((await listKeys(context, caller, { limit: 10 })).keys).toEqual([]);
    expect((await listKeyAliases(context, caller, { limit: 10 })).aliases).toEqual([]);
    const versions = await database.db
      .selectFrom('key_versions')
      .select(['version', 'material'])
      .where('key', '=', id)
      .orderBy('version')
      .execute();
    const material = Buffer.of();
    expect(versions).toEqual([
      { version: 1, material },
      { version: 2, material },
    ]);
    expect((await events(id)).at(-1)).toEqual({
      type: 'key.deleted',
      outcome: 'succeeded',
      region: 'north',
      details: { description: 'payroll' },
    });
    expect(await destroyDueKeys(context, signal)).toBe(0);
    await create({ alias: 'doomed' });
  });

  it('tries the provider again that has failed, and lets no key wait for another', async () => {
    const { id } = await create();
    await scheduleKeyDeletion(context, caller, id, 7);
    now += 7 * day;
    keyProvider.failure = new KeyProviderError('unavailable', 'says the test');
    expect(await destroyDueKeys(context, signal)).toBe(0);
    await expect(cancelKeyDeletion(context, caller, id)).rejects.toEqual(refused('key.not-found'));
    expect(keyProvider.has(id)).toBe(true);
    keyProvider.failure = undefined;
    expect(await destroyDueKeys(context, signal)).toBe(1);
    expect(keyProvider.has(id)).toBe(false);
    expect(await eventTypes(id)).toEqual(['key.create', 'key.schedule-deletion', 'key.deleted']);
  });

  it('asks a provider that is away for one key of a round, and deletes them all', async () => {
    const doomed = [await create(), await create(), await create()];
    for (const { id } of doomed) await scheduleKeyDeletion(context, caller, id, 7);
    now += 7 * day;
    const before = keyProvider.calls.destroyKey;
    keyProvider.failure = new KeyProviderError('unavailable', 'says the test');
    expect(await destroyDueKeys(context, signal)).toBe(0);
    expect(keyProvider.calls.destroyKey - before).toBe(1);
    expect((await listKeys(context, caller, { limit: 10 })).keys).toEqual([]);
    keyProvider.failure = undefined;
    expect(await destroyDueKeys(context, signal)).toBe(3);
  });

  it('comes for a key however many cannot be destroyed', async () => {
    const region = context.regionNumbers.get('north') as number;
    await sql`
      INSERT INTO keys (id, account, region, state, origin, description, is_default, version, created_at, deletion_at)
      SELECT gen_random_uuid(), ${caller.accountId}, ${region}, 'deleted', 'mimeo', '', false, 1, 1, 1
      FROM generate_series(1, 100)`.execute(database.db);
    const { id } = await create();
    await scheduleKeyDeletion(context, caller, id, 7);
    now += 7 * day;
    keyProvider.failure = new KeyProviderError('refused', 'says the test');
    await destroyDueKeys(context, signal);
    await expect(findKey(context, caller, id)).rejects.toEqual(refused('key.not-found'));
    await sql`UPDATE keys SET destroyed = true WHERE state = 'deleted'`.execute(database.db);
  });

  it('lets nothing be done with a key meanwhile', async () => {
    const { id } = await create();
    await scheduleKeyDeletion(context, caller, id, 8);
    const tried = [
      enableKey(context, caller, id),
      disableKey(context, caller, id),
      rotateKey(context, caller, id, signal),
      scheduleKeyDeletion(context, caller, id, 7),
      importKeyMaterial(context, caller, id, randomBytes(32).toString('base64'), signal),
    ];
    for (const { status, ...outcome } of await Promise.allSettled(tried)) {
      expect([status, outcome]).toEqual(['rejected', { reason: refused('key.pending-deletion', { key: id }) }]);
    }
    await cancelKeyDeletion(context, caller, id);
    await expect(cancelKeyDeletion(context, caller, id)).rejects.toEqual(
      refused('key.not-pending-deletion', { key: id, state: 'disabled' }),
    );
  });
});

describe('the default key of a region', () => {
  it('is made when it is first asked for, once, and stays as it is', async () => {
    const operator: Caller = { ...caller, role: 'operator' };
    const asked = await Promise.all([1, 2, 3, 4].map(() => defaultKey(context, operator, 'north', signal)));
    const [key] = asked as [Key];
    expect(new Set(asked.map(({ id }) => id))).toEqual(new Set([key.id]));
    expect(key).toMatchObject({ isDefault: true, state: 'enabled', version: 1, region: 'north' });
    expect(await defaultKey(context, operator, 'north', signal)).toEqual(key);
    expect((await defaultKey(context, operator, 'south', signal)).id).not.toBe(key.id);
    expect(await eventTypes(key.id)).toEqual(['key.create']);
    for (const change of [disableKey, (...given: [AppContext, Caller, string]) => scheduleKeyDeletion(...given, 7)]) {
      await expect(change(context, caller, key.id)).rejects.toEqual(refused('key.default', { key: key.id }));
    }
    expect(await rotateKey(context, caller, key.id, signal)).toMatchObject({ version: 2, isDefault: true });
  });

  it('leaves nothing of those that others were quicker than', async () => {
    const made = keyProvider.calls.createVersion - keyProvider.calls.destroyKey;
    await Promise.all([1, 2, 3].map(() => defaultKey(context, caller, 'north', signal)));
    expect(keyProvider.calls.createVersion - keyProvider.calls.destroyKey - made).toBe(1);
  });

  it('is none of a region that there is not, and not for viewers', async () => {
    await expect(defaultKey(context, caller, 'west', signal)).rejects.toEqual(refused('region.not-found'));
    await expect(defaultKey(context, { ...caller, role: 'viewer' }, 'north', signal)).rejects.toEqual(
      refused('forbidden', { action: 'key.use' }),
    );
  });
});

describe('aliases', () => {
  it('are each once a region, listed by name in pages, and taken away', async () => {
    const north = await create();
    const south = await create({ region: 'south' });
    for (const name of ['b', 'a']) {
      expect(await createKeyAlias(context, caller, { key: north.id, name })).toEqual({
        name,
        region: 'north',
        key: north.id,
        createdAt: now,
      });
    }
    await createKeyAlias(context, caller, { key: south.id, name: 'a' });
    await expect(createKeyAlias(context, caller, { key: 'b', name: 'a' })).rejects.toEqual(
      refused('key.alias-exists', { region: 'north', alias: 'a' }),
    );
    expect(await findKey(context, caller, north.id)).toMatchObject({ aliases: ['a', 'b'] });
    const names = async (filter: object) =>
      (await listKeyAliases(context, caller, { ...filter, limit: 10 })).aliases.map(({ name, key }) => [name, key]);
    expect(await names({ region: 'north' })).toEqual([
      ['a', north.id],
      ['b', north.id],
    ]);
    expect(await names({ key: south.id })).toEqual([['a', south.id]]);
    const first = await listKeyAliases(context, caller, { limit: 2 });
    const rest = await listKeyAliases(context, caller, { limit: 2, after: first.next ?? undefined });
    expect([...first.aliases, ...rest.aliases].map(({ name }) => name)).toEqual(['a', 'a', 'b']);
    expect(rest.next).toBeNull();

    await expect(deleteKeyAlias(context, caller, { name: 'a' })).rejects.toEqual(refused('key.alias-not-found'));
    await deleteKeyAlias(context, caller, { name: 'a', region: 'south' });
    await deleteKeyAlias(context, caller, { name: 'a' });
    await expect(deleteKeyAlias(context, caller, { name: 'a' })).rejects.toEqual(
      refused('key.alias-not-found', { alias: 'a' }),
    );
    expect(await names({})).toEqual([['b', north.id]]);
    expect((await events(north.id)).at(-1)).toEqual({
      type: 'key.alias-delete',
      outcome: 'succeeded',
      region: 'north',
      details: { alias: 'a' },
    });
  });

  it('are at most 50 of a key', async () => {
    const { id } = await create({ alias: 'n0' });
    await sql`
      INSERT INTO key_aliases (account, region, name, key, created_at)
      SELECT account, region, 'n' || n, id, 1 FROM keys, generate_series(1, 49) n WHERE id = ${id}`.execute(
      database.db,
    );
    await expect(createKeyAlias(context, caller, { key: id, name: 'n50' })).rejects.toEqual(
      refused('key.alias-limit', { key: id, limit: 50 }),
    );
  });
});

describe('grants', () => {
  it('are given, listed and taken away', async () => {
    const { id } = await create();
    expect(await listKeyGrants(context, caller, id)).toEqual([]);
    const grant = { service: 'images', createdAt: now };
    expect(await grantKey(context, caller, id, 'images')).toEqual(grant);
    now += 1;
    expect(await grantKey(context, caller, id, 'images')).toEqual(grant);
    expect(await listKeyGrants(context, caller, id)).toEqual([grant]);
    await revokeKey(context, caller, id, 'images');
    expect(await findKey(context, caller, id)).toMatchObject({ grants: [] });
    for (const service of ['images', 'volumes']) {
      await expect(revokeKey(context, caller, id, service)).rejects.toEqual(
        refused('key.grant-not-found', { key: id, service }),
      );
    }
  });
});
