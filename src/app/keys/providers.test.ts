/** The days of a key with what really holds material: the use cases and the drivers keep to the same contract. */
import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { createTenant } from '../../../test/support/tenants.ts';
import { startVaultServer } from '../../../test/support/vault-server.ts';
import { ensureRegions } from '../../db/regions.ts';
import { createLocalProvider } from '../../kms/drivers/local/local-provider.ts';
import { createVaultProvider } from '../../kms/drivers/vault/vault-provider.ts';
import type { KeyProvider } from '../../kms/key-provider.ts';
import { Secret } from '../../lib/secret.ts';
import { silentLogger } from '../../telemetry/logger.ts';
import type { AppContext, Caller } from '../context.ts';
import { createKey } from './create-key.ts';
import { makeDataKey, openDataKey } from './data-keys.ts';
import { defaultKey } from './default-key.ts';
import { findKey } from './find-key.ts';
import { importKeyMaterial } from './import-key-material.ts';
import { destroyDueKeys, scheduleKeyDeletion } from './key-deletion.ts';
import { createOpenedKeys } from './opened-keys.ts';
import { rewrapKey } from './rewrap-key.ts';
import { rotateKey } from './rotate-key.ts';

interface Opened {
  readonly keyProvider: KeyProvider;
  close(): Promise<void>;
}

const { signal } = new AbortController();
const day = 24 * 3600 * 1000;

const drivers: Readonly<Record<string, () => Promise<Opened>>> = {
  async local() {
    const keyProvider = createLocalProvider({ sealingKey: randomBytes(32), random: randomBytes });
    return { keyProvider, close: async () => {} };
  },
  async vault() {
    const { address, token, close } = await startVaultServer();
    const settings = { address, token: new Secret(token), mount: 'transit', timeoutMs: 5000, attempts: 2, retryMs: 1 };
    return { keyProvider: createVaultProvider(settings), close };
  },
};

describe.each(Object.keys(drivers))('with the driver %s', (name) => {
  let database: TestDatabase;
  let opened: Opened;
  let context: AppContext;
  let caller: Caller;
  let now = 1_800_000_000_000;

  beforeAll(async () => {
    database = await createTestDatabase();
    opened = await (drivers[name] as () => Promise<Opened>)();
    context = {
      db: database.db,
      clock: { now: () => now },
      random: randomBytes,
      regionNumbers: await ensureRegions(database.db, ['north']),
      idempotencyMs: day,
      keyProvider: opened.keyProvider,
      // Nothing is kept, so each opening asks the driver.
      openedKeys: createOpenedKeys(0),
      keyLimits: { keylessRegions: new Set(), defaultKeyRegions: new Set(), keyAccounts: undefined },
      leastDeletionDays: 7,
      logger: silentLogger,
      // The rest of a server has nothing to do with keys.
    } as unknown as AppContext;
    caller = await createTenant(database.db);
  });
  afterAll(async () => {
    await opened.close();
    await database.close();
  });

  const create = async (origin: 'mimeo' | 'external') =>
    (await createKey(context, caller, { region: 'north', origin, description: '' }, { signal })).result;
  const make = (key: string, disk = 0) =>
    makeDataKey(context, caller, { key, region: 'north', image: randomUUID(), disk }, signal, async () => {});
  const open = ({ id }: { readonly id: string }) => openDataKey(context, caller, { id }, signal);

  it('a key is made, rotated, has all re-wrapped, and takes what it wrapped along when it is destroyed', async () => {
    const { id } = await create('mimeo');
    const made = [await make(id)];
    await Promise.all([1, 2].map(() => rotateKey(context, caller, id, signal)));
    made.push(await make(id));
    for (const each of made) expect(await open(each)).toEqual(each);
    const { version } = await findKey(context, caller, id);
    expect(await rewrapKey(context, caller, id, signal)).toMatchObject({ key: { version }, dataKeys: 1 });
    for (const each of made) expect(await open(each)).toEqual(each);

    const other = await create('mimeo');
    const kept = await make(other.id);
    await scheduleKeyDeletion(context, caller, id, 7);
    now += 7 * day;
    expect(await destroyDueKeys(context, signal)).toBe(1);
    // As if somebody had put the row back.
    await sql`UPDATE keys SET state = 'enabled', deletion_at = NULL, destroyed = false WHERE id = ${id}`.execute(
      database.db,
    );
    for (const each of made) {
      await expect(open(each)).rejects.toMatchObject({ name: 'FailureError', code: 'image-damaged' });
    }
    expect(await open(kept)).toEqual(kept);
  });

  it('imported material is taken once, again only the same, and nowhere kept as it is', async () => {
    const { id } = await create('external');
    const material = randomBytes(32);
    const give = (bytes: Buffer) => importKeyMaterial(context, caller, id, bytes.toString('base64'), signal);
    const outcomes = await Promise.allSettled([give(material), give(material)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    await expect(give(randomBytes(32))).rejects.toMatchObject({ code: 'key.other-material' });
    expect(await findKey(context, caller, id)).toMatchObject({ state: 'enabled', version: 1 });
    const made = await make(id);
    expect(await open(made)).toEqual(made);
    const { rows } = await sql<{ text: string }>`
      SELECT (SELECT string_agg(k::text, '') FROM keys k) || (SELECT string_agg(v::text, '') FROM key_versions v)
             || (SELECT string_agg(d::text, '') FROM data_keys d) AS text`.execute(database.db);
    for (const secret of [material, Buffer.from(made.bytes)]) {
      expect(rows[0]?.text).not.toContain(secret.toString('hex'));
      expect(rows[0]?.text).not.toContain(secret.toString('base64'));
    }
  });

  it('a region has one default key, whoever is the first to ask', async () => {
    const asked = await Promise.all([1, 2, 3].map(() => defaultKey(context, caller, 'north', signal)));
    expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
    const made = await make(asked[0]?.id ?? '');
    expect(await open(made)).toEqual(made);
  });
});
