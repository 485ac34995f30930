/** What is known to be secret, and where it is found when it is planted. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rememberNonce } from '../../../src/app/authenticate.ts';
import { createAccessKey } from '../../../src/app/tenants/access-keys.ts';
import { createSession } from '../../../src/app/tenants/sessions.ts';
import { deriveDataKeys } from '../../../src/kms/data-key.ts';
import { createPasswords } from '../../../src/lib/passwords.ts';
import { createSecretBox } from '../../../src/lib/secret-box.ts';
import { createTestDatabase } from '../database.ts';
import { createInstallation, never } from '../installation.ts';
import { formsOf } from './forms.ts';
import { knownSecrets, learnSecret } from './known-secrets.ts';
import { findSecretsInFolder } from './scan-folder.ts';
import { createSearch } from './search.ts';

/** A secret that is text. */
function newText(): string {
  return randomBytes(20).toString('base64');
}

/** As `newText`, and known. */
function newSecret(): string {
  const secret = newText();
  learnSecret(secret, 'a secret');
  return secret;
}

function isKnown(secret: string | Uint8Array): boolean {
  return [...knownSecrets()].some(({ bytes }) => bytes.equals(Buffer.from(secret)));
}

/** What `work` is refused with. */
async function refusalOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'none',
    (error: Error) => error.message,
  );
}

describe('a process knows', () => {
  it('what it signs with', () => {
    const key = randomBytes(32);
    createHmac('sha256', key).update('what is signed').digest();
    expect(isKnown(key)).toBe(true);
  });

  it('what it seals, also once that is wiped, and what with', () => {
    const key = randomBytes(32);
    const secret = newText();
    createSecretBox(key).seal(secret, 'here');
    const copy = Buffer.from(key);
    key.fill(0);
    expect([isKnown(secret), isKnown(copy)]).toEqual([true, true]);
  });

  it('passwords', async () => {
    const password = newText();
    await createPasswords({ random: randomBytes }).hash(password, never);
    expect(isKnown(password)).toBe(true);
  });

  it('nothing that could stand anywhere', () => {
    for (const word of [newText().slice(0, 11), 'abc'.repeat(9), randomBytes(300)]) {
      createHmac('sha256', word).update('what is signed').digest();
      expect(isKnown(word)).toBe(false);
    }
  });
});

describe('a search', () => {
  it('finds every needle wherever it stands, and no other', () => {
    const needles = Array.from({ length: 500 }, () => randomBytes(11 + Math.floor(Math.random() * 40)));
    const search = createSearch(needles.map((bytes) => ({ bytes, of: bytes })));
    const there = needles.filter((_needle, index) => index % 2 === 0);
    expect(search(Buffer.concat(there.flatMap((needle) => [needle, randomBytes(3)])))).toEqual(new Set(there));
  });

  it('finds base64 wherever in a longer text it begins', () => {
    const secret = randomBytes(12);
    const search = createSearch(formsOf(secret).map(({ bytes, name }) => ({ bytes, of: name })));
    for (const before of [0, 1, 2, 3, 4]) {
      const all = Buffer.concat([randomBytes(before), secret, randomBytes(5)]);
      expect(search(Buffer.from(all.toString('base64')))).toContain('in base64');
      expect([...search(Buffer.from(all.toString('base64url')))].join()).toMatch(/in base64(url)?/);
    }
  });
});

describe('a database that is dropped', () => {
  const secret = newSecret();

  it.each<[string, string, string | Buffer, string]>([
    ['as it is', 'text', `it is ${secret}.`, 'value: a secret, as it is'],
    ['in hexadecimal', 'text', Buffer.from(secret).toString('hex'), 'value: a secret, in hexadecimal'],
    ['within base64', 'text', Buffer.from(`a:${secret}:b`).toString('base64'), 'value: a secret, in base64'],
    ['among bytes', 'bytea', Buffer.from(`\0${secret}\0`), 'value: a secret, in hexadecimal'],
    ['deep in JSON', 'jsonb', JSON.stringify({ a: [{ b: secret }] }), 'value.a.0.b: a secret, as it is'],
    ['as a name in JSON', 'jsonb', JSON.stringify({ [secret]: 1 }), 'a name in value: a secret, as it is'],
  ])('is refused with a secret in it %s, by table and column', async (_how, type, value, said) => {
    const { db, close } = await createTestDatabase({ empty: true });
    await sql`CREATE TABLE things (id int, value ${sql.raw(type)})`.execute(db);
    await sql`INSERT INTO things VALUES (1, ${value})`.execute(db);
    const refusal = await refusalOf(close());
    expect(refusal.split('\n')).toContain(`public.things.${said}`);
    expect(refusal).not.toContain(secret);
  });

  it('may have its hash, and then not what was hashed', async () => {
    const token = newText();
    const { db, close } = await createTestDatabase({ empty: true });
    await sql`CREATE TABLE things (hash bytea, value text)`.execute(db);
    await sql`INSERT INTO things VALUES (${createHash('sha256').update(token).digest()}, 'other')`.execute(db);
    expect(await refusalOf(close())).toBe('none');

    const other = await createTestDatabase({ empty: true });
    await sql`CREATE TABLE things (value text)`.execute(other.db);
    await sql`INSERT INTO things VALUES (${token})`.execute(other.db);
    expect(await refusalOf(other.close())).toContain('public.things.value: what is kept as a hash, as it is');
  });

  it('is searched for what is made from data keys', async () => {
    const dataKey = randomBytes(32);
    createSecretBox(dataKey).seal('what is sealed', 'here');
    const { db, close } = await createTestDatabase({ empty: true });
    await sql`CREATE TABLE things (value bytea)`.execute(db);
    await sql`INSERT INTO things VALUES (${deriveDataKeys(dataKey).manifest})`.execute(db);
    expect(await refusalOf(close())).toContain('public.things.value: what is made from a data key, in hexadecimal');
  });

  it('is searched for what an installation makes: keys, tokens, nonces', async () => {
    const installation = await createInstallation();
    const { context, operator, database } = installation;
    const key = await createAccessKey(context, operator, 'self', { description: '' });
    const session = await createSession(context, operator, { name: 'session', credentials: true });
    const nonce = newText();
    await rememberNonce(context, 'scope', nonce, Date.now() + 60_000);
    const secrets = [key.secret, session.accessKey?.secret ?? '', session.token, nonce];
    for (const [index, description] of secrets.entries()) {
      await database.db
        .insertInto('access_keys')
        .values({
          id: `MK${index}`,
          user: operator.userId ?? '',
          description,
          secret: Buffer.alloc(0),
          created_at: 0,
          disabled_at: null,
          expires_at: null,
          last_used_at: null,
        })
        .execute();
    }
    const lines = (await refusalOf(installation.close())).split('\n').slice(1).sort();
    const where = 'public.access_keys.description:';
    expect(lines).toEqual([
      `${where} a bearer token`,
      `${where} what is kept as a hash, as it is`,
      `${where} what was encrypted, as it is`,
    ]);
  });
});

describe('a folder', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mimeo-secrets-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is searched file by file', async () => {
    const secret = newSecret();
    await mkdir(join(folder, 'deep'));
    await writeFile(join(folder, 'deep', 'file'), `\0\0${secret}`);
    await writeFile(join(folder, 'its-own'), secret);
    await writeFile(join(folder, 'other'), newText());
    expect(await findSecretsInFolder(folder, ['its-own'])).toEqual(['deep/file: a secret, as it is']);
  });
});
