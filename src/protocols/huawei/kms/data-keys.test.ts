/** Data keys, as the cloud's clients have them, and every row of the tables. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import { createHuaweiClient, type HuaweiClient } from '../../../../test/support/huawei-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/huawei-faults.ts';
import { rotateKey } from '../../../app/keys/rotate-key.ts';
import { createAgency } from '../../../app/tenants/agencies.ts';
import { createSession } from '../../../app/tenants/sessions.ts';
import { KeyProviderError } from '../../../kms/key-provider.ts';
import { commonFaults } from '../common-faults.ts';
import { createDatakeyFaults } from './create-datakey.ts';
import { createDatakeyWithoutPlaintextFaults } from './create-datakey-without-plaintext.ts';
import type { dataKeyFaults } from './data-key-faults.ts';
import { decryptDatakeyFaults } from './decrypt-datakey.ts';
import { encryptDatakeyFaults } from './encrypt-datakey.ts';

const { signal } = new AbortController();
const kms = { service: 'kms' } as const;

let huawei: TestHuawei;
let operator: HuaweiClient;
let viewer: HuaweiClient;
let stranger: HuaweiClient;
let projects: Readonly<Record<'north' | 'south' | 'foreign', string>>;
/** A key of the north, and a data key of it. */
let key: string;
let made: { readonly plain_text: string; readonly cipher_text: string };
/** Another account's, in the north as well. */
let foreign: { readonly key: string; readonly cipher_text: string };

beforeAll(async () => {
  huawei = await createTestHuawei();
  operator = await huawei.newClient('operator');
  viewer = await huawei.newClient('viewer');
  const other = await huawei.installation.newCaller();
  stranger = await huawei.newClient('owner', { caller: other });
  projects = {
    north: await huawei.projectOf('north'),
    south: await huawei.projectOf('south'),
    foreign: await huawei.projectOf('north', other),
  };
  key = await newKey();
  made = await create();
  const foreignKey = await newKey({}, stranger, projects.foreign);
  const { body } = await ask(
    'create-datakey',
    { key_id: foreignKey, datakey_length: '512' },
    stranger,
    projects.foreign,
  );
  foreign = { key: foreignKey, cipher_text: body.cipher_text };
});
afterAll(() => huawei.close());
beforeEach(() => {
  huawei.installation.keyProvider.failure = undefined;
});

const ask = (action: string, body: unknown, by = operator, project = projects.north) =>
  by.call('POST', `/v1.0/${project}/kms/${action}`, { body });

let named = 0;
async function newKey(changes: object = {}, by = huawei.client, project = projects.north): Promise<string> {
  named += 1;
  const { body } = await ask('create-key', { key_alias: `data-keys-${named}`, ...changes }, by, project);
  return body.key_info.key_id;
}

async function closedKey(action: 'disable-key' | 'schedule-key-deletion'): Promise<string> {
  const key_id = await newKey();
  await ask(action, { key_id, pending_days: '7' }, huawei.client);
  return key_id;
}

async function create(changes: object = {}) {
  const { status, body } = await ask('create-datakey', { key_id: key, datakey_length: '512', ...changes });
  expect(status).toBe(200);
  return body;
}

/** Of a data key that is created unless `changes` has one. */
function decrypt(changes: object = {}, by = operator, project = projects.north) {
  const { cipher_text } = made;
  return ask('decrypt-datakey', { key_id: key, cipher_text, datakey_cipher_length: '64', ...changes }, by, project);
}

function digestOf(hex: string): string {
  return createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex').toUpperCase();
}

/** 64 bytes and their digest, as clients send them. */
function plainText(hex = randomBytes(64).toString('hex')): string {
  return hex + digestOf(hex);
}

describe('a data key', () => {
  it('is given as it is and wrapped, and opened again with its digest', async () => {
    const created = await create();
    expect(created).toEqual({
      key_id: key,
      plain_text: expect.stringMatching(/^[0-9A-F]{128}$/),
      cipher_text: expect.stringMatching(/^[0-9A-F]+$/),
    });
    const { cipher_text, plain_text } = created;
    expect(cipher_text).not.toContain(plain_text);
    const opened = {
      status: 200,
      body: { data_key: plain_text, datakey_length: '64', datakey_dgst: digestOf(plain_text) },
    };
    expect(await decrypt({ cipher_text })).toMatchObject(opened);
    expect(await decrypt({ cipher_text: cipher_text.toLowerCase() })).toMatchObject(opened);
    expect(await decrypt({ cipher_text, key_id: undefined })).toMatchObject(opened);
    expect(await decrypt({ cipher_text, key_id: '' })).toMatchObject(opened);
    expect((await create()).plain_text).not.toBe(plain_text);
  });

  it('is given wrapped alone', async () => {
    const { status, body } = await ask('create-datakey-without-plaintext', { key_id: key, datakey_length: 512 });
    expect({ status, body }).toEqual({ status: 200, body: { key_id: key, cipher_text: expect.any(String) } });
    expect((await decrypt({ cipher_text: body.cipher_text })).body.data_key).toMatch(/^(?!0+$)[0-9A-F]{128}$/);
  });

  it('is wrapped that the caller has made, whatever it is', async () => {
    const anyHex = fc.uint8Array({ minLength: 64, maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString('hex'));
    await fc.assert(
      fc.asyncProperty(anyHex, async (hex) => {
        const asked = { key_id: key, plain_text: plainText(hex), datakey_plain_length: 64 };
        const { body } = await ask('encrypt-datakey', asked);
        expect(body).toEqual({ key_id: key, cipher_text: expect.any(String), datakey_length: '64' });
        const opened = await decrypt({ cipher_text: body.cipher_text, datakey_cipher_length: 64 });
        expect(opened.body.data_key).toBe(hex.toUpperCase());
      }),
      { numRuns: 10, examples: [['00'.repeat(64)]] },
    );
  });

  it("takes the key's alias, and opens after the key was rotated", async () => {
    const key_alias = `data-keys-rotated`;
    const key_id = await newKey({ key_alias });
    const { cipher_text, plain_text } = await create({ key_id: `alias/${key_alias}` });
    await rotateKey(huawei.installation.context, huawei.caller, key_id, signal);
    for (const each of [key_id, `alias/${key_alias}`, undefined]) {
      expect((await decrypt({ key_id: each, cipher_text })).body.data_key).toBe(plain_text);
    }
  });

  it('opens with the context that it was made with, in whatever order, and with no other', async () => {
    const { cipher_text, plain_text } = await create({ encryption_context: { bucket: 'a', owner: 'b' } });
    const opened = await decrypt({ cipher_text, encryption_context: { owner: 'b', bucket: 'a' } });
    expect(opened.body.data_key).toBe(plain_text);
    for (const encryption_context of [undefined, {}, { bucket: 'a' }, { bucket: 'b', owner: 'a' }]) {
      expectFault(await decrypt({ cipher_text, encryption_context }), decryptDatakeyFaults.hashMismatch, kms);
    }
  });

  it('does not open when any byte of it is another', async () => {
    const change = fc.record({ place: fc.nat(made.cipher_text.length / 2 - 1), by: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(change, async ({ place, by }) => {
        const bytes = Buffer.from(made.cipher_text, 'hex');
        bytes.writeUInt8(bytes.readUInt8(place) ^ by, place);
        const { status, body } = await decrypt({ cipher_text: bytes.toString('hex') });
        expect(status).toBe(400);
        expect(['KMS.2201', 'KMS.2203']).toContain(body.error_code);
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ['cut', (hex: string) => hex.slice(0, -2), 'hashMismatch'],
    ['cut to its head', (hex: string) => hex.slice(0, 82), 'cipherTextInvalid'],
    ['prolonged', (hex: string) => `${hex}00`, 'hashMismatch'],
    ['far too long', (hex: string) => hex + '00'.repeat(1000), 'cipherTextInvalid'],
    ['half a byte', (hex: string) => hex.slice(0, -1), 'cipherTextInvalid'],
    ['in another alphabet', (hex: string) => Buffer.from(hex, 'hex').toString('base64'), 'cipherTextInvalid'],
    [
      'of a version that the key has not',
      (hex: string) => `${hex.slice(0, 74)}00000002${hex.slice(82)}`,
      'hashMismatch',
    ],
    ['of no version', (hex: string) => `${hex.slice(0, 74)}00000000${hex.slice(82)}`, 'hashMismatch'],
  ] as const)('does not open when it is %s', async (_, change, row) => {
    expectFault(await decrypt({ cipher_text: change(made.cipher_text) }), decryptDatakeyFaults[row], kms);
  });

  it("of another account's opens by no name", async () => {
    const { cipher_text } = foreign;
    expectFault(await decrypt({ cipher_text, key_id: undefined }), decryptDatakeyFaults.keyNotFound, kms);
    expectFault(await decrypt({ cipher_text, key_id: foreign.key }), decryptDatakeyFaults.keyNotFound, kms);
    expectFault(await decrypt({ cipher_text }), decryptDatakeyFaults.hashMismatch, kms);
    const own = await decrypt({ cipher_text, key_id: foreign.key }, stranger, projects.foreign);
    expect(own.status).toBe(200);
  });

  it('opens in the region of its key alone', async () => {
    for (const key_id of [key, undefined]) {
      const answer = await decrypt({ key_id }, operator, projects.south);
      expectFault(answer, decryptDatakeyFaults.keyNotFound, kms);
    }
  });

  it('is opened by an agency of the project, whose principal may use keys', async () => {
    const { installation, caller, url } = huawei;
    const friend = await installation.newCaller();
    await createAgency(installation.context, caller, {
      name: 'data-keys',
      description: '',
      trustedAccount: friend.accountId,
      grants: [{ project: 'north', role: 'operator' }],
      expiresAt: null,
    });
    const agency = { account: caller.accountName, name: 'data-keys' };
    const { token } = await createSession(installation.context, friend, { name: 'visit', agency });
    const visitor = createHuaweiClient({ url, form: 'token', token });
    expect((await decrypt({}, visitor)).body.data_key).toBe(made.plain_text);
  });

  it('is not made nor opened while the key provider is away, which clients are asked to wait for', async () => {
    huawei.installation.keyProvider.failure = new KeyProviderError('unavailable', 'says the test');
    const asked = { key_id: key, datakey_length: '512' };
    for (const answer of [await ask('create-datakey', asked), await decrypt()]) {
      expectFault(answer, commonFaults.unavailable, kms);
    }
  });
});

/** What is said of every operation that uses a key. `more`: what else it needs. */
function using(action: string, more: () => object): Provocations<typeof dataKeyFaults> {
  const of = (key_id: unknown, changes: object = {}, by = operator) =>
    ask(action, { key_id, ...more(), ...changes }, by);
  return {
    jsonInvalid: () => ask(action, '[]'),
    parameterMissing: () => ask(action, { key_id: key }),
    keyIdInvalid: () => of('0'.repeat(32)),
    sequenceInvalid: () => of(key, { sequence: '1' }),
    keyNotFound: () => of(randomUUID()),
    projectInvalid: () => ask(action, {}, operator, projects.foreign),
    forbidden: () => of(key, {}, viewer),
    contextInvalid: () => of(key, { encryption_context: { number: 7 } }),
    keyDisabled: async () => of(await closedKey('disable-key')),
    keyPendingDeletion: async () => of(await closedKey('schedule-key-deletion')),
  };
}

const creating: Provocations<typeof createDatakeyFaults> = {
  ...using('create-datakey', () => ({ datakey_length: '512' })),
  lengthInvalid: () => ask('create-datakey', { key_id: key, datakey_length: '256' }),
};

const creatingBlindly: Provocations<typeof createDatakeyWithoutPlaintextFaults> = {
  ...using('create-datakey-without-plaintext', () => ({ datakey_length: '512' })),
  lengthInvalid: () => ask('create-datakey-without-plaintext', { key_id: key, datakey_length: 'x' }),
};

const encrypting: Provocations<typeof encryptDatakeyFaults> = {
  ...using('encrypt-datakey', () => ({ plain_text: plainText(), datakey_plain_length: '64' })),
  plainTextInvalid: () =>
    ask('encrypt-datakey', { key_id: key, plain_text: 'ab'.repeat(64), datakey_plain_length: '64' }),
  lengthInvalid: () => ask('encrypt-datakey', { key_id: key, plain_text: plainText(), datakey_plain_length: '32' }),
  hashMismatch: () => ask('encrypt-datakey', { key_id: key, plain_text: 'ab'.repeat(96), datakey_plain_length: '64' }),
};

const decrypting: Provocations<typeof decryptDatakeyFaults> = {
  ...using('decrypt-datakey', () => ({ cipher_text: made.cipher_text, datakey_cipher_length: '64' })),
  cipherTextInvalid: () => decrypt({ cipher_text: '020098' }),
  lengthInvalid: () => decrypt({ datakey_cipher_length: '32' }),
  hashMismatch: async () => decrypt({ key_id: await newKey() }),
};

describe.each([
  ['create-datakey', rowsOf(createDatakeyFaults, creating)],
  ['create-datakey-without-plaintext', rowsOf(createDatakeyWithoutPlaintextFaults, creatingBlindly)],
  ['encrypt-datakey', rowsOf(encryptDatakeyFaults, encrypting)],
  ['decrypt-datakey', rowsOf(decryptDatakeyFaults, decrypting)],
])('%s', (_, rows) => {
  it.each(rows)('is refused: $name', async ({ fault, provoke }) => {
    expectFault(await provoke(huawei), fault, kms);
  });
});

it('is an event of each use, and of each that is refused', async () => {
  const key_id = await newKey();
  const { context } = huawei.installation;
  const lastEvent = () =>
    context.db
      .selectFrom('events')
      .select(['type', 'outcome', 'resource_id as key', 'details'])
      .where('account', '=', huawei.caller.accountId)
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
  const asked = { key_id, datakey_length: '512' };
  const { body } = await ask('create-datakey', asked);
  const used = { type: 'key.used', key: key_id };
  const details = { version: 1, image: null };
  expect(await lastEvent()).toMatchObject({
    ...used,
    outcome: 'succeeded',
    details: { ...details, purpose: 'create-data-key' },
  });
  await decrypt({ cipher_text: body.cipher_text, encryption_context: { other: '' }, key_id });
  expect(await lastEvent()).toMatchObject({
    ...used,
    outcome: 'request.invalid',
    details: { ...details, purpose: 'decrypt-data-key' },
  });
  await ask('create-datakey', asked, viewer);
  expect(await lastEvent()).toMatchObject({ type: 'key.used', outcome: 'forbidden' });
});

it.each([[], 'a:b', { list: [] }, { long: 'x'.repeat(8192) }])('takes no context such as %j', async (context) => {
  const asked = { key_id: key, datakey_length: '512', encryption_context: context };
  expectFault(await ask('create-datakey', asked), createDatakeyFaults.contextInvalid, kms);
});

it('wraps nothing with a key that waits for its material', async () => {
  const key_id = await newKey({ origin: 'external' });
  const answer = await ask('create-datakey', { key_id, datakey_length: '512' });
  expectFault(answer, createDatakeyFaults.keyDisabled, kms);
});
