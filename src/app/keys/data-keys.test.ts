/** Data keys: who may make and open them, with which keys, and what is told of it. */
import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { createMemoryKeyProvider, type MemoryKeyProvider } from '../../../test/support/memory-key-provider.ts';
import { createTenant } from '../../../test/support/tenants.ts';
import { inTransaction } from '../../db/database.ts';
import { updateWrapped } from '../../db/keys/data-keys.ts';
import { ensureRegions } from '../../db/regions.ts';
import { createStoreLedger } from '../../db/store-ledger.ts';
import type { Key } from '../../domain/key.ts';
import { KeyProviderError } from '../../kms/key-provider.ts';
import { manifestKey } from '../../store/blob-keys.ts';
import { silentLogger } from '../../telemetry/logger.ts';
import type { AppContext, Caller } from '../context.ts';
import { listEvents } from '../list-events.ts';
import { disableKey, enableKey } from './change-key.ts';
import { createKey } from './create-key.ts';
import { type DataKey, forgetClosedKeys, makeDataKey, openDataKey } from './data-keys.ts';
import { defaultKey } from './default-key.ts';
import { destroyDueKeys, scheduleKeyDeletion } from './key-deletion.ts';
import { revokeKey } from './key-grants.ts';
import { createOpenedKeys } from './opened-keys.ts';
import { rewrapKey } from './rewrap-key.ts';
import { rotateKey } from './rotate-key.ts';
import { checkKey } from './use-key.ts';

let database: TestDatabase;
let context: AppContext;
/** The same installation, another server. */
let elsewhere: AppContext;
let keyProvider: MemoryKeyProvider;
let caller: Caller;
let operator: Caller;
let key: Key;
let now = 1_800_000_000_000;
const { signal } = new AbortController();
const image = randomUUID();
const day = 24 * 3600 * 1000;

beforeAll(async () => {
  database = await createTestDatabase();
  keyProvider = createMemoryKeyProvider();
  const regionNumbers = await ensureRegions(database.db, ['north', 'south']);
  context = {
    db: database.db,
    clock: { now: () => now },
    random: randomBytes,
    regionNumbers,
    idempotencyMs: day,
    keyProvider,
    openedKeys: createOpenedKeys(),
    keyLimits: { keylessRegions: new Set(), defaultKeyRegions: new Set(), keyAccounts: undefined },
    leastDeletionDays: 7,
    logger: silentLogger,
    // The rest of a server has nothing to do with keys.
  } as unknown as AppContext;
  elsewhere = { ...context, openedKeys: createOpenedKeys() };
});
afterAll(() => database.close());
beforeEach(async () => {
  for (const table of ['manifests', 'data_keys'] as const) await database.db.deleteFrom(table).execute();
  caller = await createTenant(database.db);
  operator = { ...caller, role: 'operator', name: 'operator' };
  keyProvider.failure = undefined;
  now += 1000;
  const command = { region: 'north', origin: 'mimeo', description: '', grants: ['images'] } as const;
  key = (await createKey(context, caller, command, { signal })).result;
});

const wanted = (of: Pick<Key, 'id'> = key) =>
  ({ key: of.id, region: 'north', service: 'images', image, disk: 0 }) as const;

function make(of: Pick<Key, 'id'> = key, user = operator): Promise<DataKey> {
  return makeDataKey(context, user, wanted(of), signal, async () => {});
}

function open({ id }: Pick<DataKey, 'id'>, on = context, user = operator): Promise<DataKey> {
  return openDataKey(on, user, { id, service: 'images' }, signal);
}

async function uses(): Promise<object[]> {
  const { events } = await listEvents(context, caller, { type: 'key.used', limit: 100 });
  return events.toReversed().map(({ outcome, actor, resource, region, details }) => ({
    outcome,
    who: actor.name,
    key: resource.id,
    region,
    ...details,
  }));
}

const refused = (code: string, facts: object = {}) =>
  expect.objectContaining({ name: 'RefusalError', code, facts: expect.objectContaining(facts) });
const failed = (code: string) => expect.objectContaining({ name: 'FailureError', code });

describe('a data key', () => {
  it('is kept wrapped, opens as what it was, and every use is told with who, which key and which image', async () => {
    const made = await make();
    expect(made.bytes).toHaveLength(32);
    expect(await open(made)).toEqual(made);
    expect(await open(made, elsewhere)).toEqual(made);
    const row = await database.db.selectFrom('data_keys').selectAll().where('id', '=', made.id).executeTakeFirst();
    expect(row).toMatchObject({
      key: key.id,
      version: 1,
      context: { account: caller.accountId, image, region: 'north', disk: '0' },
    });
    expect(row?.wrapped.includes(Buffer.from(made.bytes))).toBe(false);
    const use = { outcome: 'succeeded', who: 'operator', key: key.id, region: 'north', version: 1, image };
    expect(await uses()).toEqual([
      { ...use, purpose: 'encrypt' },
      { ...use, purpose: 'decrypt' },
      { ...use, purpose: 'decrypt' },
    ]);
    const { rows } = await sql<{ text: string }>`SELECT string_agg(e::text, '') AS text FROM events e`.execute(
      database.db,
    );
    expect(rows[0]?.text).not.toContain(Buffer.from(made.bytes).toString('hex'));
  });

  it('is opened by the provider once a server, and handed out as a copy', async () => {
    const made = await make();
    const before = keyProvider.calls.unwrap;
    (await open(made)).bytes.fill(0);
    expect(await open(made)).toEqual(made);
    expect(keyProvider.calls.unwrap).toBe(before);
    await open(made, elsewhere);
    await open(made, elsewhere);
    expect(keyProvider.calls.unwrap).toBe(before + 1);
  });

  it('is made together with what it encrypts, or not at all', async () => {
    const attach = async () => {
      throw new Error('says the test');
    };
    await expect(makeDataKey(context, operator, wanted(), signal, attach)).rejects.toThrow('says the test');
    expect(await database.db.selectFrom('data_keys').select('id').execute()).toEqual([]);
    expect(await uses()).toEqual([]);
  });

  it('goes with the last manifest that it encrypts', async () => {
    const north = context.regionNumbers.get('north') as number;
    const manifests = [randomUUID(), randomUUID()] as const;
    const condemned = { region: north, state: 'condemned', size: 1, condemned_at: 1 } as const;
    const { id } = await makeDataKey(context, operator, wanted(), signal, async (trx, data_key) => {
      const rows = manifests.map((manifest) => ({ id: manifest, ...condemned, data_key }));
      await trx.insertInto('manifests').values(rows).execute();
    });
    const ledger = createStoreLedger(database.db, north);
    const left = async () => (await database.db.selectFrom('data_keys').select('id').execute()).map((row) => row.id);
    await ledger.forget(manifestKey(manifests[0]));
    expect(await left()).toEqual([id]);
    await ledger.forget(manifestKey(manifests[1]));
    expect(await left()).toEqual([]);
    expect(await database.db.selectFrom('manifests').select('id').execute()).toEqual([]);
    await expect(open({ id })).rejects.toEqual(failed('source-gone'));
  });

  it('does not open when its bytes, or what it is bound to, are others', async () => {
    const made = await make();
    await sql`UPDATE data_keys SET context = context || '{"image": "another"}' WHERE id = ${made.id}`.execute(
      database.db,
    );
    await expect(open(made, elsewhere)).rejects.toEqual(failed('image-damaged'));
    expect((await uses()).at(-1)).toMatchObject({ outcome: 'image-damaged', purpose: 'decrypt' });
  });

  it('waits for a provider that is away', async () => {
    const made = await make();
    keyProvider.failure = new KeyProviderError('unavailable', 'says the test');
    await expect(open(made, elsewhere)).rejects.toEqual(failed('key-provider-unavailable'));
    await expect(make()).rejects.toEqual(failed('key-provider-unavailable'));
    keyProvider.failure = undefined;
    expect(await open(made, elsewhere)).toEqual(made);
  });
});

describe('a key that is disabled', () => {
  it('opens nothing on any server, whatever that has opened before, until it is enabled again', async () => {
    const made = await make();
    await open(made, elsewhere);
    await disableKey(elsewhere, caller, key.id);
    const no = refused('key.disabled', { key: key.id, state: 'disabled' });
    for (const server of [context, elsewhere]) await expect(open(made, server)).rejects.toEqual(no);
    await expect(make()).rejects.toEqual(no);
    expect((await uses()).slice(-1)).toMatchObject([
      { outcome: 'key.disabled', key: key.id, purpose: 'encrypt', image },
    ]);
    for (const { openedKeys } of [context, elsewhere]) expect(openedKeys.get(made.id)).toBeUndefined();
    await enableKey(context, caller, key.id);
    expect(await open(made, elsewhere)).toEqual(made);
  });

  it('leaves the memory of servers that are not asked', async () => {
    const made = await make();
    const other = (await createKey(context, caller, { region: 'north', origin: 'mimeo', description: '' }, { signal }))
      .result;
    const kept = await makeDataKey(
      context,
      caller,
      { key: other.id, region: 'north', image, disk: 1 },
      signal,
      async () => {},
    );
    await disableKey(elsewhere, caller, key.id);
    expect(context.openedKeys.get(made.id)).toBeDefined();
    await forgetClosedKeys(context);
    expect(context.openedKeys.get(made.id)).toBeUndefined();
    expect(context.openedKeys.get(kept.id)).toEqual(kept.bytes);
  });

  it('wraps nothing, even when it was asked before', async () => {
    const { wrap } = keyProvider;
    keyProvider.wrap = async (...given) => {
      await disableKey(elsewhere, caller, key.id);
      return await wrap(...given);
    };
    try {
      await expect(make()).rejects.toEqual(refused('key.disabled', { key: key.id, state: 'disabled' }));
    } finally {
      keyProvider.wrap = wrap;
    }
    expect(await database.db.selectFrom('data_keys').select('id').execute()).toEqual([]);
  });

  it('opens nothing once it is to be deleted, nor after', async () => {
    const made = await make();
    await scheduleKeyDeletion(elsewhere, caller, key.id, 7);
    await expect(open(made)).rejects.toEqual(refused('key.disabled', { key: key.id, state: 'pending-deletion' }));
    now += 7 * day;
    expect(await destroyDueKeys(elsewhere, signal)).toBe(1);
    await expect(open(made)).rejects.toEqual(refused('key.not-found', { key: key.id }));
    await sql`UPDATE keys SET state = 'enabled', deletion_at = NULL, destroyed = false`.execute(database.db);
    await expect(openDataKey(context, operator, { id: made.id }, signal)).rejects.toEqual(failed('image-damaged'));
  });
});

describe('checkKey', () => {
  const check = (changes: object, user = operator) => checkKey(database.db, user, { ...wanted(), ...changes });

  it('takes the right, the region and, for the image service, a grant', async () => {
    expect(await check({})).toMatchObject({ id: key.id });
    await expect(check({}, { ...caller, role: 'viewer' })).rejects.toEqual(refused('forbidden', { action: 'key.use' }));
    await expect(check({ region: 'south' })).rejects.toEqual(
      refused('key.other-region', { key: key.id, region: 'north' }),
    );
    await expect(check({}, await createTenant(database.db))).rejects.toEqual(refused('key.not-found', { key: key.id }));
    await revokeKey(context, caller, key.id, 'images');
    await expect(check({})).rejects.toEqual(refused('key.not-granted', { key: key.id, service: 'images' }));
    expect(await check({ service: undefined })).toMatchObject({ id: key.id });
    const own = await defaultKey(context, operator, 'north', signal);
    expect(await check({ key: own.id })).toMatchObject({ id: own.id });
  });

  it('keeps what was encrypted from the image service once the grant is taken away', async () => {
    const made = await make();
    await revokeKey(context, caller, key.id, 'images');
    await expect(open(made)).rejects.toEqual(refused('key.not-granted', { key: key.id }));
    expect((await uses()).at(-1)).toMatchObject({ outcome: 'key.not-granted', key: key.id });
    expect(await openDataKey(context, operator, { id: made.id }, signal)).toEqual(made);
  });

  it('lets somebody use it whose copy is a job', async () => {
    const user = { ...operator, origin: null };
    const made = await makeDataKey(context, user, wanted(), signal, async () => {});
    expect(await openDataKey(context, user, { id: made.id, service: 'images' }, signal)).toEqual(made);
  });
});

describe('rotation', () => {
  it('leaves what older versions wrapped readable, and wraps with the new one', async () => {
    const old = await make();
    await rotateKey(context, caller, key.id, signal);
    const young = await make();
    const versions = await database.db.selectFrom('data_keys').select(['id', 'version']).orderBy('version').execute();
    expect(versions).toEqual([
      { id: old.id, version: 1 },
      { id: young.id, version: 2 },
    ]);
    for (const each of [old, young]) expect(await open(each, elsewhere)).toEqual(each);
  });

  /** As many data keys as that, the sixteenth of each version. */
  async function insertDataKeys(count: number, version: number): Promise<void> {
    const rows = await Promise.all(
      Array.from({ length: count }, async (_, disk) => {
        const bound = { account: caller.accountId, image, region: 'north', disk: String(disk) };
        const material = Buffer.of();
        const wrapped = await keyProvider.wrap({ key: key.id, version, material }, randomBytes(32), bound, signal);
        return {
          id: randomUUID(),
          key: key.id,
          version,
          wrapped: Buffer.from(wrapped),
          context: JSON.stringify(bound),
          created_at: 1,
        };
      }),
    );
    await database.db.insertInto('data_keys').values(rows).execute();
  }

  it('and re-wrapping: thousands in seconds, of all versions, and each opens as before', async () => {
    const made = await make();
    await insertDataKeys(1800, 1);
    await rotateKey(context, caller, key.id, signal);
    await insertDataKeys(700, 2);
    await rotateKey(context, caller, key.id, signal);
    await make();
    const startedAt = performance.now();
    expect(await rewrapKey(context, caller, key.id, signal)).toMatchObject({ key: { version: 3 }, dataKeys: 2501 });
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    const versions = await database.db.selectFrom('data_keys').select('version').distinct().execute();
    expect(versions).toEqual([{ version: 3 }]);
    expect(await open(made, elsewhere)).toEqual(made);
    expect(await rewrapKey(context, caller, key.id, signal)).toMatchObject({ dataKeys: 0 });
    const { events } = await listEvents(context, caller, { type: 'key.rewrap', limit: 10 });
    expect(events.map(({ details }) => details)).toEqual([
      { version: 3, dataKeys: 0 },
      { version: 3, dataKeys: 2501 },
    ]);
  });

  it('goes on with re-wrapping that was cut off', async () => {
    await insertDataKeys(1200, 1);
    await rotateKey(context, caller, key.id, signal);
    const { rewrap } = keyProvider;
    const cut = new AbortController();
    keyProvider.rewrap = async (...given) => {
      const rewrapped = await rewrap(...given);
      if (given[2].length === 500) cut.abort(new Error('says the test'));
      return rewrapped;
    };
    try {
      await expect(rewrapKey(context, caller, key.id, cut.signal)).rejects.toThrow('says the test');
    } finally {
      keyProvider.rewrap = rewrap;
    }
    expect(await rewrapKey(context, caller, key.id, signal)).toMatchObject({ dataKeys: 700 });
  });

  it('leaves nothing outdated that was being wrapped meanwhile', async () => {
    const { wrap } = keyProvider;
    keyProvider.wrap = async (...given) => {
      const wrapped = await wrap(...given);
      keyProvider.wrap = wrap;
      await rotateKey(elsewhere, caller, key.id, signal);
      await rewrapKey(elsewhere, caller, key.id, signal);
      return wrapped;
    };
    const made = await make();
    const versions = await database.db.selectFrom('data_keys').select(['id', 'version']).execute();
    expect(versions).toEqual([{ id: made.id, version: 2 }]);
    expect(await uses()).toMatchObject([{ outcome: 'succeeded', version: 2, purpose: 'encrypt' }]);
    expect(await open(made, elsewhere)).toEqual(made);
  });

  it('leaves nothing outdated where somebody re-wraps for an older version, and is quicker', async () => {
    await insertDataKeys(2100, 1);
    for (const _ of [2, 3]) await rotateKey(context, caller, key.id, signal);
    const { rewrap } = keyProvider;
    // Whoever was asked between the two rotations has the same batches in hand, each a moment earlier.
    keyProvider.rewrap = async (from, to, items, ...rest) => {
      if (from.version === 1) {
        const ids = items.map((item) => (item as { readonly id?: string }).id as string);
        const wrapped = await rewrap(from, { ...to, version: 2 }, items, ...rest);
        const made = ids.map((id, place) => ({ id, wrapped: wrapped[place] as Uint8Array }));
        await inTransaction(database.db, (trx) => updateWrapped(trx, from, 2, made));
      }
      return await rewrap(from, to, items, ...rest);
    };
    try {
      expect(await rewrapKey(context, caller, key.id, signal)).toMatchObject({ dataKeys: 2100 });
    } finally {
      keyProvider.rewrap = rewrap;
    }
    const versions = await database.db.selectFrom('data_keys').select('version').distinct().execute();
    expect(versions).toEqual([{ version: 3 }]);
  });

  it('re-wraps all that opens, and says how many do not', async () => {
    const made = [await make(), await make(), await make()];
    const [damaged] = made.map(({ id }) => id).sort();
    await insertDataKeys(600, 1);
    await rotateKey(context, caller, key.id, signal);
    await sql`UPDATE data_keys SET wrapped = 'x' WHERE id = ${damaged}`.execute(database.db);
    await expect(rewrapKey(context, caller, key.id, signal)).rejects.toMatchObject({
      code: 'image-damaged',
      message: expect.stringContaining('1 data keys do not open'),
    });
    const left = await database.db.selectFrom('data_keys').select('id').where('version', '=', 1).execute();
    expect(left).toEqual([{ id: damaged }]);
    for (const each of made.filter(({ id }) => id !== damaged)) expect(await open(each, elsewhere)).toEqual(each);
  });

  it('ends re-wrapping with a key that is disabled meanwhile, and begins none', async () => {
    await insertDataKeys(600, 1);
    await rotateKey(context, caller, key.id, signal);
    const { rewrap } = keyProvider;
    keyProvider.rewrap = async (...given) => {
      await disableKey(elsewhere, caller, key.id);
      return await rewrap(...given);
    };
    const no = refused('key.disabled', { key: key.id });
    try {
      await expect(rewrapKey(context, caller, key.id, signal)).rejects.toEqual(no);
    } finally {
      keyProvider.rewrap = rewrap;
    }
    const { calls } = keyProvider;
    const before = calls.rewrap;
    await expect(rewrapKey(context, caller, key.id, signal)).rejects.toEqual(no);
    expect(calls.rewrap).toBe(before);
  });
});

describe('what was opened', () => {
  it('is bounded, and what was not asked for the longest goes first and is overwritten', () => {
    const opened = createOpenedKeys(2);
    opened.put('one', 'k', Uint8Array.of(1));
    opened.put('two', 'k', Uint8Array.of(2));
    expect(opened.get('one')).toEqual(Uint8Array.of(1));
    opened.put('three', 'other', Uint8Array.of(3));
    expect(opened.get('two')).toBeUndefined();
    expect(opened.keys().sort()).toEqual(['k', 'other']);
    opened.forgetKey('k');
    expect([opened.get('one'), opened.get('three')]).toEqual([undefined, Uint8Array.of(3)]);
  });
});
