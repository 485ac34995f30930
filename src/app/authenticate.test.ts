import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, installationToken, until } from '../../test/support/installation.ts';
import { callerOf, createTenant } from '../../test/support/tenants.ts';
import { createNonceMemory, type NonceMemory } from '../db/tenants/nonces.ts';
import type { Principal } from '../domain/principal.ts';
import { authenticateToken, findSigningKey, rememberNonce, rememberUses } from './authenticate.ts';
import type { AppContext, Caller } from './context.ts';
import {
  createAccessKey,
  deleteAccessKey,
  listAccessKeys,
  type NewAccessKey,
  rotateAccessKey,
  updateAccessKey,
} from './tenants/access-keys.ts';
import { updateAccount } from './tenants/accounts.ts';
import { createAgency, deleteAgency, updateAgency } from './tenants/agencies.ts';
import { createSession, deleteSession } from './tenants/sessions.ts';
import { createUser, deleteUser, updateUser } from './tenants/users.ts';

let installation: Installation;
let context: AppContext;
let owner: Caller;
beforeAll(async () => {
  installation = await createInstallation();
  context = installation.context;
});
beforeEach(async () => {
  owner = await installation.newCaller();
});
afterAll(() => installation.close());

function asCaller(principal: Principal | undefined): Caller {
  if (principal === undefined) throw new Error('nobody is authenticated');
  return { ...principal, origin: owner.origin };
}

/** The owner, signing with a key of his. */
async function withKey(): Promise<{ caller: Caller; key: NewAccessKey }> {
  const key = await createAccessKey(context, owner, 'self', { description: '' });
  return { key, caller: asCaller((await findSigningKey(context, key.id, undefined))?.principal) };
}

describe('the token of the installation', () => {
  it('is for the owner of the account that runs it, and nothing like it is', async () => {
    expect(await authenticateToken(context, installationToken)).toMatchObject({
      kind: 'installation',
      accountId: installation.operator.accountId,
      administers: true,
      role: 'owner',
      userId: null,
    });
    for (const token of ['', `${installationToken} `, installationToken.slice(0, -1), 'mimeo_', randomUUID()]) {
      expect(await authenticateToken(context, token)).toBeUndefined();
    }
  });
});

describe('an access key', () => {
  it('stands for its user, with the secret that was shown', async () => {
    const { caller, key } = await withKey();
    expect((await findSigningKey(context, key.id, undefined))?.secret).toBe(key.secret);
    expect(caller).toMatchObject({ ...owner, accessKeyId: key.id, origin: owner.origin });
    expect(await findSigningKey(context, key.id, 'mimeo_token')).toBeUndefined();
    expect(await findSigningKey(context, `${key.id}\u2028`, undefined)).toBeUndefined();
  });

  it('is kept under seal', async () => {
    const { key } = await withKey();
    const row = await context.db.selectFrom('access_keys').select('secret').where('id', '=', key.id).executeTakeFirst();
    expect(row?.secret.includes(key.secret)).toBe(false);
    // Another key's seal does not open here.
    const { key: other } = await withKey();
    await context.db
      .updateTable('access_keys')
      .set({ secret: row?.secret as Buffer })
      .where('id', '=', other.id)
      .execute();
    await expect(findSigningKey(context, other.id, undefined)).rejects.toThrow('cannot be opened');
  });

  it.each([
    ['the key is disabled', (id: string) => updateAccessKey(context, owner, id, { disabled: true })],
    ['the key is deleted', (id: string) => deleteAccessKey(context, owner, id)],
    ['the key is rotated without grace', (id: string) => rotateAccessKey(context, owner, id, { graceSeconds: 0 })],
    [
      'the account is disabled',
      () => updateAccount(context, installation.operator, owner.accountId, { disabled: true }),
    ],
  ])('and the tokens that were made with it are refused as soon as %s', async (_when, end) => {
    const { caller, key } = await withKey();
    const { token } = await createSession(context, caller, { name: 'ci' });
    const child = await createSession(context, asCaller(await authenticateToken(context, token)), { name: 'child' });
    expect(await authenticateToken(context, child.token)).toBeDefined();
    await end(key.id);
    expect(await findSigningKey(context, key.id, undefined)).toBeUndefined();
    expect(await authenticateToken(context, token)).toBeUndefined();
    expect(await authenticateToken(context, child.token)).toBeUndefined();
  });

  it('of a user is refused while he is disabled, and when he is gone', async () => {
    const { result: user } = await createUser(context, owner, { name: 'ann', role: 'viewer' });
    const key = await createAccessKey(context, owner, 'ann', { description: '' });
    expect((await findSigningKey(context, key.id, undefined))?.principal).toMatchObject({
      role: 'viewer',
      name: 'ann',
    });
    await updateUser(context, owner, user.id, { disabled: true });
    expect(await findSigningKey(context, key.id, undefined)).toBeUndefined();
    await updateUser(context, owner, user.id, { disabled: false, role: 'operator' });
    expect((await findSigningKey(context, key.id, undefined))?.principal.role).toBe('operator');
    await deleteUser(context, owner, user.id);
    expect(await findSigningKey(context, key.id, undefined)).toBeUndefined();
  });

  it('that was rotated works until its grace time is over', async () => {
    const { key } = await withKey();
    const next = await rotateAccessKey(context, owner, key.id, { graceSeconds: 60 });
    expect(await findSigningKey(context, key.id, undefined)).toBeDefined();
    installation.advance(61_000);
    expect(await findSigningKey(context, key.id, undefined)).toBeUndefined();
    expect((await findSigningKey(context, next.id, undefined))?.secret).toBe(next.secret);
  });

  it('has its use written down, once a minute', async () => {
    const { key } = await withKey();
    const lastUse = async () => (await listAccessKeys(context, owner, 'self'))[0]?.lastUsedAt ?? null;
    const use = async () => (await findSigningKey(context, key.id, undefined))?.noteUse();
    expect(await lastUse()).toBeNull();
    await use();
    await until(async () => (await lastUse()) !== null);
    const first = await lastUse();
    installation.advance(30_000);
    await use();
    installation.advance(31_000);
    await use();
    await until(async () => (await lastUse()) !== first);
    expect((await lastUse()) as number).toBeGreaterThanOrEqual((first as number) + 61_000);
  });
});

describe('a session', () => {
  it('is a bearer token, until it ends or is ended', async () => {
    const session = await createSession(context, owner, { name: 'ci', seconds: 60 });
    expect(session.token).toMatch(/^mimeo_[\w-]{43}$/);
    const principal = await authenticateToken(context, session.token);
    const { userId } = owner;
    expect(principal).toMatchObject({
      kind: 'session',
      role: 'owner',
      userId,
      sessionId: session.id,
      temporary: false,
    });
    installation.advance(60_000);
    expect(await authenticateToken(context, session.token)).toBeUndefined();

    const other = await createSession(context, owner, { name: 'ci' });
    const bearer = asCaller(await authenticateToken(context, other.token));
    const child = await createSession(context, bearer, { name: 'child' });
    await deleteSession(context, bearer, 'self');
    expect(await authenticateToken(context, other.token)).toBeUndefined();
    expect(await authenticateToken(context, child.token)).toBeUndefined();
  });

  it('is kept as a hash alone', async () => {
    const { token } = await createSession(context, owner, { name: 'ci' });
    const rows = await context.db.selectFrom('sessions').selectAll().execute();
    const kept = rows
      .flatMap((row) => Object.values(row))
      .map((value) => (value instanceof Buffer ? value : String(value)));
    expect(kept.length).toBeGreaterThan(0);
    for (const value of kept) expect(value.includes(token)).toBe(false);
  });

  it('may no more than its user may by now', async () => {
    const { result: ann } = await createUser(context, owner, { name: 'ann', role: 'operator' });
    const caller = callerOf(accountOf(owner), { role: 'operator', userId: ann.id, name: 'ann' });
    const whole = await createSession(context, caller, { name: 'whole' });
    const lesser = await createSession(context, caller, { name: 'lesser', role: 'viewer' });
    await updateUser(context, owner, ann.id, { role: 'owner' });
    expect((await authenticateToken(context, whole.token))?.role).toBe('operator');
    expect((await authenticateToken(context, lesser.token))?.role).toBe('viewer');
    await updateUser(context, owner, ann.id, { role: 'viewer' });
    expect((await authenticateToken(context, whole.token))?.role).toBe('viewer');
    await updateUser(context, owner, ann.id, { disabled: true });
    expect(await authenticateToken(context, whole.token)).toBeUndefined();
  });

  it('with credentials signs, with its own token, and is no bearer token', async () => {
    const session = await createSession(context, owner, { name: 'ci', credentials: true });
    const { id, secret } = session.accessKey as { id: string; secret: string };
    expect(id).toMatch(/^MT/);
    const key = await findSigningKey(context, id, session.token);
    expect(key?.secret).toBe(secret);
    expect(key?.principal).toMatchObject({ kind: 'session', accessKeyId: id, sessionId: session.id, temporary: true });
    const other = await createSession(context, owner, { name: 'ci', credentials: true });
    expect(await findSigningKey(context, id, other.token)).toBeUndefined();
    expect(await findSigningKey(context, id, undefined)).toBeUndefined();
    expect(await authenticateToken(context, session.token)).toBeUndefined();
  });
});

describe('a session by an agency', () => {
  async function delegate(role: 'operator' | 'viewer', expiresAt: number | null = null) {
    const trusted = await createTenant(context.db);
    const grants = [{ project: 'north', role }];
    const fields = { name: 'partner', description: '', trustedAccount: trusted.accountName, grants, expiresAt };
    const { result: agency } = await createAgency(context, owner, fields);
    const command = { name: 'visit', agency: { account: owner.accountName, name: 'partner' } };
    const { token } = await createSession(context, trusted, command);
    return { trusted, agency, token };
  }

  it('acts in the other account, in what was granted', async () => {
    const { trusted, agency, token } = await delegate('operator');
    expect(await authenticateToken(context, token)).toMatchObject({
      accountId: owner.accountId,
      role: 'operator',
      userId: trusted.userId,
      name: `owner@${trusted.accountName}`,
      agency: 'partner',
      projects: [agency.grants[0]?.projectId],
    });
  });

  it.each([
    ['the agency is deleted', ({ agency }: Delegation) => deleteAgency(context, owner, agency.id)],
    [
      'it grants less',
      ({ agency }: Delegation) => updateAgency(context, owner, agency.id, { grants: [{ role: 'viewer' }] }),
    ],
    [
      'it trusts another',
      ({ agency }: Delegation) =>
        updateAgency(context, owner, agency.id, { trustedAccount: installation.operator.accountName }),
    ],
    [
      'the account that is trusted is disabled',
      ({ trusted }: Delegation) => updateAccount(context, installation.operator, trusted.accountId, { disabled: true }),
    ],
    [
      'the user may not take it any more',
      async ({ trusted }: Delegation) => {
        await createUser(context, trusted, { name: 'second', role: 'owner' });
        await updateUser(context, trusted, 'owner', { role: 'viewer' });
      },
    ],
  ])('is refused as soon as %s', async (_when, end) => {
    const delegation = await delegate('operator');
    expect(await authenticateToken(context, delegation.token)).toBeDefined();
    await end(delegation);
    expect(await authenticateToken(context, delegation.token)).toBeUndefined();
  });

  it('is refused when the agency has expired', async () => {
    const { token } = await delegate('viewer', context.clock.now() + 1000);
    expect(await authenticateToken(context, token)).toBeDefined();
    installation.advance(1000);
    expect(await authenticateToken(context, token)).toBeUndefined();
  });

  type Delegation = Awaited<ReturnType<typeof delegate>>;
});

describe('credentials that are asked for at the same moment', () => {
  it('are answered each for itself', async () => {
    const [first, second] = [await withKey(), await withKey()];
    const session = await createSession(context, owner, { name: 'ci', credentials: true });
    const bearer = await createSession(context, owner, { name: 'ci' });
    const temporary = session.accessKey?.id as string;
    await updateAccessKey(context, owner, second.key.id, { disabled: true });
    const asked = Array.from({ length: 10 }, () => [
      // PostgreSQL refuses the whole statement that such a text is in.
      findSigningKey(context, 'MK\0', undefined).catch(() => 'no answer'),
      findSigningKey(context, first.key.id, undefined).then((key) => key?.secret),
      findSigningKey(context, second.key.id, undefined),
      findSigningKey(context, temporary, session.token).then((key) => key?.secret),
      findSigningKey(context, temporary, bearer.token),
      authenticateToken(context, bearer.token).then((principal) => principal?.sessionId),
      authenticateToken(context, session.token),
      authenticateToken(context, installationToken).then((principal) => principal?.kind),
    ]);
    const { secret } = session.accessKey ?? {};
    const answers = ['no answer', first.key.secret, undefined, secret, undefined, bearer.id, undefined, 'installation'];
    for (const each of asked) expect(await Promise.all(each)).toEqual(answers);
  });

  it('are refused from the moment that the key is disabled, however many ask meanwhile', async () => {
    const { key } = await withKey();
    let isDisabled = false;
    const wrong: string[] = [];
    let known = 0;
    const client = async () => {
      for (let left = 200, after = 3; left > 0 && after > 0; left--) {
        const wasDisabled = isDisabled;
        const found = await findSigningKey(context, key.id, undefined);
        if (wasDisabled && found !== undefined) wrong.push('let in after it was disabled');
        if (found !== undefined) known += 1;
        if (wasDisabled) after -= 1;
      }
    };
    const clients = Array.from({ length: 16 }, client);
    await until(() => known > 50);
    await updateAccessKey(context, owner, key.id, { disabled: true });
    isDisabled = true;
    await Promise.all(clients);
    expect(wrong).toEqual([]);
    expect(await findSigningKey(context, key.id, undefined)).toBeUndefined();
  });
});

describe('a nonce', () => {
  it('is good once in its scope, however many try at once, and again when it has expired', async () => {
    const expiresAt = context.clock.now() + 1000;
    const nonce = 'n'.repeat(10_000);
    const tries = await Promise.all(
      Array.from({ length: 8 }, () => rememberNonce(context, owner.accountId, nonce, expiresAt)),
    );
    expect(tries.filter(Boolean)).toHaveLength(1);
    expect(await rememberNonce(context, `${owner.accountId} other`, nonce, expiresAt)).toBe(true);
    installation.advance(1000);
    expect(await rememberNonce(context, owner.accountId, nonce, expiresAt + 1000)).toBe(true);
  });

  it('is the first one’s that asks, whatever others ask at the same moment, here and on other servers', async () => {
    const expiresAt = context.clock.now() + 60_000;
    const servers = [context, { ...context, nonces: createNonceMemory(context.db) }];
    const names = Array.from({ length: 20 }, (_, number) => `nonce ${number}`);
    const asked = servers.flatMap((server) => [...names, ...names.toReversed()].map((name) => ({ server, name })));
    const tries = await Promise.all(
      asked.map(({ server, name }) => rememberNonce(server, owner.accountId, name, expiresAt)),
    );
    const granted = asked.filter((_, place) => tries[place]).map(({ name }) => name);
    expect(granted.toSorted()).toEqual(names.toSorted());
    // Of one server's the one that asked first: the second half asks for what the first has.
    expect(tries.slice(names.length, 2 * names.length)).not.toContain(true);
  });

  it('stays used when the server starts again', async () => {
    const expiresAt = context.clock.now() + 60_000;
    expect(await rememberNonce(context, owner.accountId, 'before the restart', expiresAt)).toBe(true);
    const restarted = { ...context, nonces: createNonceMemory(installation.database.open(1)) };
    expect(await rememberNonce(restarted, owner.accountId, 'before the restart', expiresAt)).toBe(false);
    expect(await rememberNonce(restarted, owner.accountId, 'after it', expiresAt)).toBe(true);
  });
});

describe('what may be sent again', () => {
  it('is good as often as it is said, however many try at once, in its scope and until it expires', async () => {
    const expiresAt = context.clock.now() + 1000;
    const use = (what: string, scope = owner.accountId, most = 3) =>
      rememberUses(context, scope, what, { most, expiresAt });
    const tries = await Promise.all(Array.from({ length: 8 }, () => use('a signature')));
    expect(tries.filter(Boolean)).toHaveLength(3);
    expect(await use('a signature')).toBe(false);
    expect(await use('a signature', 'another scope')).toBe(true);
    expect(await use('1 a signature')).toBe(true);
    expect(await use('another', owner.accountId, 1)).toBe(true);
    expect(await use('another', owner.accountId, 1)).toBe(false);
    installation.advance(1000);
    const later = { most: 3, expiresAt: expiresAt + 1000 };
    expect(await rememberUses(context, owner.accountId, 'a signature', later)).toBe(true);
  });

  it('is one statement the first time, and stays used when the server starts again', async () => {
    let asked = 0;
    const nonces: NonceMemory = {
      remember(...nonce) {
        asked++;
        return context.nonces.remember(...nonce);
      },
    };
    const bounds = { most: 2, expiresAt: context.clock.now() + 60_000 };
    const use = (server: typeof context) => rememberUses(server, owner.accountId, 'before the restart', bounds);
    expect(await use({ ...context, nonces })).toBe(true);
    expect(asked).toBe(1);
    const restarted = { ...context, nonces: createNonceMemory(installation.database.open(1)) };
    expect(await use(restarted)).toBe(true);
    expect(await use(restarted)).toBe(false);
  });
});

function accountOf({ accountId, accountName, accountNumber }: Caller) {
  return { id: accountId, name: accountName, number: accountNumber };
}
