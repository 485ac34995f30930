import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, installationToken, never } from '../../../test/support/installation.ts';
import { createTenant } from '../../../test/support/tenants.ts';
import { findDefaultProject } from '../../db/tenants/projects.ts';
import { deletePasswordSessions } from '../../db/tenants/sessions.ts';
import { updatePassword } from '../../db/tenants/users.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { authenticateToken, findPassword, findSigningKey } from '../authenticate.ts';
import type { AppContext, Caller } from '../context.ts';
import { createAccessKey } from './access-keys.ts';
import { updateAccount } from './accounts.ts';
import { createAgency } from './agencies.ts';
import { setPassword } from './passwords.ts';
import { createSession } from './sessions.ts';
import { endToken, findTokenSession } from './tokens.ts';
import { createUser, findUser, updateUser } from './users.ts';

const password = 'correct horse';

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

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => 'nothing was refused',
    (thrown: unknown) => thrown,
  );
  if (error instanceof RefusalError) return error.code;
  throw error;
}

/** A user of the owner's account, without a password. */
async function newUser(name: string, role: Caller['role']): Promise<Caller> {
  const { result: user } = await createUser(context, owner, { name, role });
  return { ...owner, role, userId: user.id, name };
}

async function guess(text: string, user = 'owner', account: string | undefined = owner.accountName) {
  const { prove } = await findPassword(context, { account, user });
  return await prove(text, never);
}

const set = (caller: Caller, user: string, text: string | null = password) =>
  setPassword(context, caller, { user, password: text }, never);

async function logIn(text = password): Promise<Caller> {
  const principal = await guess(text);
  if (principal === undefined) throw new Error('the password lets nobody in');
  return { ...principal, origin: owner.origin };
}

async function asBearer(token: string): Promise<Caller> {
  const principal = await authenticateToken(context, token);
  if (principal === undefined) throw new Error('the token lets nobody in');
  return { ...principal, origin: owner.origin };
}

const isGood = async (token: string) => (await authenticateToken(context, token)) !== undefined;

function eventsOf({ accountId }: Caller) {
  return context.db.selectFrom('events').selectAll().where('account', '=', accountId).orderBy('id').execute();
}

describe('a password', () => {
  it('lets in whom his id alone names, and is none where it is longer than can be', async () => {
    await set(owner, 'self');
    const byId = async (user: string) => await (await findPassword(context, { user })).prove(password, never);
    expect(await byId(owner.userId as string)).toMatchObject({ accountId: owner.accountId, userId: owner.userId });
    for (const user of ['owner', owner.accountId]) expect(await byId(user)).toBeUndefined();
    // Its normal form would take the square of its length: this process would answer nobody for minutes.
    const accents = `a${'\u0301'.repeat(300_000)}${'\u0323'.repeat(300_000)}`;
    expect(await guess(accents)).toBeUndefined();
  });

  it('lets its user in, by any name of his and of his account', async () => {
    expect(await findUser(context, owner, 'self')).toMatchObject({ hasPassword: false });
    expect(await guess(password)).toBeUndefined();
    await set(owner, 'self');
    expect(await findUser(context, owner, 'self')).toMatchObject({ hasPassword: true });
    const { origin: _, ...principal } = owner;
    for (const account of [owner.accountId, `${owner.accountNumber}`]) {
      expect(await guess(password, owner.userId as string, account)).toEqual({
        ...principal,
        passwordMark: expect.any(String),
      });
    }
    expect(await logIn()).toMatchObject({ kind: 'user', name: 'owner', accessKeyId: null, sessionId: null });
  });

  it('lets nobody else in, nor anybody who is disabled', async () => {
    await set(owner, 'self');
    const ann = await newUser('ann', 'viewer');
    await set(owner, 'ann', 'another horse');
    expect(await guess('another horse', 'ann')).toMatchObject({ userId: ann.userId, role: 'viewer' });
    const stranger = await createTenant(context.db);
    const guesses = [
      guess('correct horsf'),
      guess(''),
      guess(password, 'ann'),
      guess(password, 'nobody'),
      guess(password, 'owner', stranger.accountName),
      guess(password, 'owner', 'nobody'),
    ];
    expect(new Set(await Promise.all(guesses))).toEqual(new Set([undefined]));
    // Nobody is told by the time it takes: each is work of tens of milliseconds.
    for (const [user, account] of [
      ['owner', 'nobody'],
      ['nobody', owner.accountName],
      ['owner', stranger.accountName],
    ]) {
      const begun = performance.now();
      await guess(password, user, account);
      expect(performance.now() - begun).toBeGreaterThan(20);
    }
    await updateUser(context, owner, 'ann', { disabled: true });
    expect(await guess('another horse', 'ann')).toBeUndefined();
    await updateAccount(context, installation.operator, owner.accountId, { disabled: true });
    expect(await guess(password)).toBeUndefined();
  });

  it('is set by its user and by owners, in the whole role of the user', async () => {
    const ann = await newUser('ann', 'operator');
    const ben = await newUser('ben', 'viewer');
    await set(ann, 'self');
    await set(owner, 'ann', null);
    expect(await findUser(context, owner, 'ann')).toMatchObject({ hasPassword: false });
    expect(await refusal(set(ben, 'ann'))).toBe('forbidden');
    for (const narrowed of [
      { ...ann, role: 'viewer' },
      { ...ann, temporary: true },
      { ...ann, agency: 'partner' },
    ] as const) {
      expect(await refusal(set(narrowed, 'ann'))).toBe('forbidden');
    }
    expect(await refusal(set(await createTenant(context.db), ann.userId as string))).toBe('user.not-found');
    expect(await refusal(set(owner, 'ann', 'short'))).toBe('request.invalid');
    expect(await findUser(context, owner, 'ann')).toMatchObject({ hasPassword: false });
  });

  it('has one holder, however he is named, and is not looked for where nobody has it', async () => {
    const { accountId, accountName, accountNumber, userId } = owner;
    const holderOf = async (user: string, account?: string) => (await findPassword(context, { account, user })).userId;
    expect(await holderOf('owner', accountName)).toBeUndefined();
    await set(owner, 'self');
    for (const account of [accountId, accountName, `${accountNumber}`]) {
      for (const user of ['owner', userId as string]) expect(await holderOf(user, account)).toBe(userId);
    }
    expect(await holderOf(userId as string)).toBe(userId);
    expect(await holderOf('nobody', accountName)).toBeUndefined();
  });

  it('is worked on for nobody who may not set it, nor for nobody, nor once whoever asked is gone', async () => {
    let hashed = 0;
    const passwords = {
      ...context.passwords,
      async hash() {
        hashed += 1;
        return 'a hash';
      },
    };
    const counting = { ...context, passwords };
    const ann = await newUser('ann', 'operator');
    const ask = (caller: Caller, user: string) => setPassword(counting, caller, { user, password }, never);
    for (const caller of [
      { ...ann, userId: owner.userId, role: 'viewer' },
      { ...ann, temporary: true },
    ] as const) {
      expect(await refusal(ask(caller, 'ann'))).toBe('forbidden');
    }
    expect(await refusal(ask(owner, 'nobody'))).toBe('user.not-found');
    expect(hashed).toBe(0);
    await ask(owner, 'self');
    expect(hashed).toBe(1);
    await set(owner, 'self', null);
    const late = setPassword(context, owner, { user: 'self', password }, AbortSignal.abort(new Error('gone')));
    await expect(late).rejects.toThrow('gone');
    expect(await findUser(context, owner, 'self')).toMatchObject({ hasPassword: false });
  });

  it('is written down nowhere', async () => {
    await set(owner, 'self');
    expect(await refusal(set(owner, 'nobody'))).toBe('user.not-found');
    await set(owner, 'self', null);
    const events = await eventsOf(owner);
    expect(events).toMatchObject([
      { type: 'user.password', outcome: 'succeeded', resource_id: owner.userId, details: { removed: false } },
      { type: 'user.password', outcome: 'user.not-found' },
      { type: 'user.password', outcome: 'succeeded', details: { removed: true } },
    ]);
    expect(JSON.stringify(events)).not.toContain(password);
  });
});

describe('a session that was made with a password', () => {
  beforeEach(() => set(owner, 'self'));

  it.each([
    ['is changed', 'battery staple'],
    ['is set again', password],
    ['is taken away', null],
  ])('ends with all that was made with it when the password %s, and others do not', async (_when, next) => {
    const { token } = await createSession(context, await logIn(), { name: 'login' });
    const child = await createSession(context, await asBearer(token), { name: 'child', credentials: true });
    const key = await createAccessKey(context, owner, 'self', { description: '' });
    const signing = await findSigningKey(context, key.id, undefined);
    const byKey = await createSession(
      context,
      { ...owner, ...signing?.principal },
      { name: 'by key', credentials: false },
    );
    const temporary = () => findSigningKey(context, child.accessKey?.id as string, child.token);
    expect([await isGood(token), await temporary()]).toEqual([true, expect.anything()]);
    await set(owner, 'self', next);
    expect([await isGood(token), await temporary()]).toEqual([false, undefined]);
    expect(await isGood(byKey.token)).toBe(true);
  });

  it('is not made any more once the password is another, however late', async () => {
    const late = await logIn();
    const kept = await context.passwords.hash('battery staple', never);
    let asked: Promise<unknown> | undefined;
    await context.db.transaction().execute(async (trx) => {
      await updatePassword(trx, owner.userId as string, kept);
      // While the change is under way it waits, and is not there when the change is.
      asked = refusal(createSession(context, late, { name: 'late' }));
      await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, 100))]);
      await deletePasswordSessions(trx, owner.userId as string);
    });
    expect(await asked).toBe('session.not-found');
    expect(await guess('battery staple')).toBeDefined();
  });
});

describe('of a token', () => {
  it('its bearer, its user and his owners are told, and nobody else', async () => {
    const ann = await newUser('ann', 'viewer');
    const ben = await newUser('ben', 'operator');
    const project = (await findDefaultProject(context.db, owner.accountId, 'north')).id;
    const { id, token, expiresAt } = await createSession(context, ann, { name: 'ci', project, seconds: 60 });
    const told = { id, userId: ann.userId, userName: 'ann', projectId: project, expiresAt, agency: null };
    for (const caller of [ann, owner, await asBearer(token)]) {
      const session = await findTokenSession(context, caller, token);
      expect(session).toMatchObject({ ...told, principal: { role: 'viewer', accountName: owner.accountName } });
      expect(JSON.stringify(session)).not.toContain(token);
    }
    for (const caller of [ben, await createTenant(context.db)]) {
      expect(await findTokenSession(context, caller, token)).toBeUndefined();
      expect(await refusal(endToken(context, caller, token))).toBe('session.not-found');
    }
    for (const other of ['mimeo_nothing', installationToken]) {
      expect(await findTokenSession(context, installation.operator, other)).toBeUndefined();
      expect(await refusal(endToken(context, installation.operator, other))).toBe('session.not-found');
    }
    installation.advance(60_000);
    expect(await findTokenSession(context, owner, token)).toBeUndefined();
  });

  it('by an agency its bearer and its user’s owners are told', async () => {
    const trusted = await createTenant(context.db);
    const grants = [{ role: 'viewer' } as const];
    const fields = { name: 'partner', description: '', trustedAccount: trusted.accountName, grants, expiresAt: null };
    await createAgency(context, owner, fields);
    const agency = { account: owner.accountName, name: 'partner' };
    const { token } = await createSession(context, trusted, { name: 'visit', agency });
    const home = { id: trusted.accountId, name: trusted.accountName };
    const told = {
      agency: 'partner',
      accountId: owner.accountId,
      home,
      principal: { name: `owner@${trusted.accountName}` },
    };
    const bearer = await asBearer(token);
    for (const caller of [trusted, bearer]) expect(await findTokenSession(context, caller, token)).toMatchObject(told);
    expect(await findTokenSession(context, owner, token)).toBeUndefined();
    await endToken(context, bearer, token);
    expect(await isGood(token)).toBe(false);
  });

  it('it can be ended, with what was made with it', async () => {
    const ann = await newUser('ann', 'viewer');
    const { token } = await createSession(context, ann, { name: 'ci' });
    const child = await createSession(context, await asBearer(token), { name: 'child' });
    await endToken(context, owner, token);
    expect([await isGood(token), await isGood(child.token)]).toEqual([false, false]);
    const events = await eventsOf(owner);
    expect(JSON.stringify(events)).not.toContain(token);
  });
});
