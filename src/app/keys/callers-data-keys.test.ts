/** Data keys that callers keep: what opens them, what does not, and what is told of it. */
import { randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { createTenant } from '../../../test/support/tenants.ts';
import { findDataKey } from '../../db/keys/data-keys.ts';
import { ensureRegions } from '../../db/regions.ts';
import type { Key } from '../../domain/key.ts';
import { readCiphertext } from '../../domain/key-ciphertext.ts';
import { createLocalProvider } from '../../kms/drivers/local/local-provider.ts';
import { maxDataKeyBytes } from '../../kms/key-provider.ts';
import { silentLogger } from '../../telemetry/logger.ts';
import type { AppContext, Caller } from '../context.ts';
import { listEvents } from '../list-events.ts';
import { createDataKey, decryptDataKey, encryptDataKey } from './callers-data-keys.ts';
import { disableKey } from './change-key.ts';
import { createKey } from './create-key.ts';
import { makeDataKey } from './data-keys.ts';
import { createOpenedKeys } from './opened-keys.ts';
import { rotateKey } from './rotate-key.ts';

const { signal } = new AbortController();
const pairs = { bucket: 'payroll', owner: 'anna' };
let database: TestDatabase;
let context: AppContext;
let caller: Caller;
let operator: Caller;
let key: Key;

beforeAll(async () => {
  database = await createTestDatabase();
  context = {
    db: database.db,
    clock: { now: () => 1_800_000_000_000 },
    random: randomBytes,
    regionNumbers: await ensureRegions(database.db, ['north', 'south']),
    idempotencyMs: 1000,
    keyProvider: createLocalProvider({ sealingKey: randomBytes(32), random: randomBytes }),
    keyLimits: { keylessRegions: new Set(), defaultKeyRegions: new Set(), keyAccounts: undefined },
    openedKeys: createOpenedKeys(),
    logger: silentLogger,
    // The rest of a server has nothing to do with keys.
  } as unknown as AppContext;
});
afterAll(() => database.close());
beforeEach(async () => {
  caller = await createTenant(database.db);
  operator = { ...caller, role: 'operator', name: 'operator' };
  key = await newKey(caller);
});

async function newKey(owner: Caller, region = 'north'): Promise<Key> {
  const command = { region, origin: 'mimeo', description: '', alias: 'mine' } as const;
  return (await createKey(context, owner, command, { signal })).result;
}

const wanted = (changes: object = {}) => ({ key: key.id, region: 'north', pairs, ...changes });

function create(changes: object = {}) {
  return createDataKey(context, operator, { ...wanted(changes), length: 64 }, signal);
}

/** `ciphertext`: any bytes. */
async function open(ciphertext: Uint8Array, changes: object = {}, by = operator): Promise<Uint8Array> {
  const read = readCiphertext(ciphertext);
  if (read === undefined) throw new Error('it has not the form of one');
  return await decryptDataKey(context, by, { region: 'north', pairs, ciphertext: read, ...changes }, signal);
}

const refused = (code: string) => expect.objectContaining({ name: 'RefusalError', code });
const notOpening = refused('request.invalid');

it('opens as what it was, with whatever version of the key has wrapped it, and is kept nowhere', async () => {
  const before = await create();
  expect(before.dataKey).toHaveLength(64);
  await rotateKey(context, caller, key.id, signal);
  const after = await create({ key: 'mine' });
  expect([before, after].map(({ ciphertext }) => readCiphertext(ciphertext)?.version)).toEqual([1, 2]);
  for (const { ciphertext, dataKey } of [before, after]) {
    expect(await open(ciphertext)).toEqual(dataKey);
    expect(await open(ciphertext, { key: 'mine' })).toEqual(dataKey);
  }
  expect(await database.db.selectFrom('data_keys').select('id').where('key', '=', key.id).execute()).toEqual([]);
});

it('opens as what it was, whichever bytes and context', async () => {
  const anyKey = fc.uint8Array({ minLength: 1, maxLength: maxDataKeyBytes });
  const anyPairs = fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), { maxKeys: 4 });
  await fc.assert(
    fc.asyncProperty(anyKey, anyPairs, async (dataKey, own) => {
      const { ciphertext } = await encryptDataKey(context, operator, { ...wanted({ pairs: own }), dataKey }, signal);
      const turned = Object.fromEntries(Object.entries(own).reverse());
      expect(Buffer.from(await open(ciphertext, { pairs: turned }))).toEqual(Buffer.from(dataKey));
      await expect(open(ciphertext, { pairs: { ...own, more: '' } })).rejects.toEqual(notOpening);
    }),
    { numRuns: 25 },
  );
});

it('does not open when any byte of it is another', async () => {
  const { ciphertext } = await create();
  for (const place of ciphertext.keys()) {
    const changed = Uint8Array.from(ciphertext);
    changed[place] = (changed[place] ?? 0) ^ (1 << (place % 8));
    if (readCiphertext(changed) === undefined) continue;
    await expect(open(changed, { key: key.id }), `${place}`).rejects.toEqual(notOpening);
    const isOfKey = readCiphertext(changed)?.key === key.id;
    await expect(open(changed), `${place}`).rejects.toEqual(isOfKey ? notOpening : refused('key.not-found'));
  }
  await expect(open(ciphertext.subarray(0, -1))).rejects.toEqual(notOpening);
  await expect(open(Buffer.concat([ciphertext, Buffer.of(0)]))).rejects.toEqual(notOpening);
});

describe('is opened for nobody', () => {
  it('by another key, in another region, or with other pairs', async () => {
    const { ciphertext } = await create();
    const south = await newKey(caller, 'south');
    const { result: other } = await createKey(
      context,
      caller,
      { region: 'north', origin: 'mimeo', description: '' },
      { signal },
    );
    await expect(open(ciphertext, { key: other.id })).rejects.toEqual(notOpening);
    await expect(open(ciphertext, { key: south.id })).rejects.toEqual(refused('key.other-region'));
    await expect(open(ciphertext, { region: 'south' })).rejects.toEqual(refused('key.other-region'));
    for (const others of [
      {},
      { ...pairs, owner: 'bert' },
      { bucket: 'payroll' },
      { bucket: 'anna', owner: 'payroll' },
    ]) {
      await expect(open(ciphertext, { pairs: others })).rejects.toEqual(notOpening);
    }
  });

  it('of another account, or who may not use keys', async () => {
    const { ciphertext } = await create();
    const stranger = await createTenant(database.db);
    const own = await newKey(stranger);
    await expect(open(ciphertext, {}, stranger)).rejects.toEqual(refused('key.not-found'));
    await expect(open(ciphertext, { key: own.id }, stranger)).rejects.toEqual(notOpening);
    await expect(open(ciphertext, {}, { ...caller, role: 'viewer' })).rejects.toEqual(refused('forbidden'));
  });

  it('while the key is disabled', async () => {
    const { ciphertext } = await create();
    await disableKey(context, caller, key.id);
    await expect(open(ciphertext)).rejects.toEqual(refused('key.disabled'));
    await expect(create()).rejects.toEqual(refused('key.disabled'));
  });

  it("where it is a disk's, of the same key", async () => {
    const disk = { key: key.id, region: 'north', image: randomUUID(), disk: 0 };
    let wrapped = new Uint8Array();
    await makeDataKey(context, operator, disk, signal, async (trx, id) => {
      wrapped = Uint8Array.from((await findDataKey(trx, id))?.wrapped ?? []);
    });
    expect(wrapped).not.toHaveLength(0);
    const ciphertext = { key: key.id, version: 1, wrapped };
    const opened = decryptDataKey(context, operator, { region: 'north', pairs: {}, ciphertext }, signal);
    await expect(opened).rejects.toEqual(notOpening);
  });
});

it('is not made where the installation lets nobody encrypt, and is opened there', async () => {
  const { ciphertext, dataKey } = await create();
  const keyLimits = { ...context.keyLimits, keylessRegions: new Set(['north']) };
  const closed = createDataKey({ ...context, keyLimits }, operator, { ...wanted(), length: 64 }, signal);
  await expect(closed).rejects.toEqual(refused('key.region'));
  const read = readCiphertext(ciphertext) ?? expect.fail();
  const opened = decryptDataKey({ ...context, keyLimits }, operator, { ...wanted(), ciphertext: read }, signal);
  expect(await opened).toEqual(dataKey);
});

it('is an event of each use, with who and which key, whatever the key is called', async () => {
  const { ciphertext } = await create({ key: 'mine' });
  await encryptDataKey(context, operator, { ...wanted(), dataKey: randomBytes(64) }, signal);
  await open(ciphertext, { key: 'mine' });
  await open(ciphertext, { key: 'mine', pairs: {} }).catch(() => {});
  const { events } = await listEvents(context, caller, { type: 'key.used', limit: 10 });
  const used = events.map(({ outcome, actor, resource, details }) => [outcome, actor.name, resource.id, details]);
  const told = (purpose: string) => ({ version: 1, image: null, purpose });
  expect(used.toReversed()).toEqual([
    ['succeeded', 'operator', key.id, told('create-data-key')],
    ['succeeded', 'operator', key.id, told('encrypt-data-key')],
    ['succeeded', 'operator', key.id, told('decrypt-data-key')],
    ['request.invalid', 'operator', key.id, told('decrypt-data-key')],
  ]);
});
