import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, makeImage } from '../../../test/support/installation.ts';
import { insertSessions, mostSessions } from '../../../test/support/many-sessions.ts';
import { callerOf, createTenant } from '../../../test/support/tenants.ts';
import { findRequester } from '../../db/requester.ts';
import { agencyPermits } from '../../db/tenants/agencies.ts';
import { findDefaultProject, findProject } from '../../db/tenants/projects.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { authenticateToken, findSigningKey } from '../authenticate.ts';
import type { AppContext, Caller } from '../context.ts';
import { createAccessKey, deleteAccessKey, listAccessKeys, rotateAccessKey, updateAccessKey } from './access-keys.ts';
import { createAccount, createOwnerKey, findAccount, listAccounts, updateAccount } from './accounts.ts';
import {
  createAgency,
  deleteAgency,
  findAgency,
  grantAgency,
  listAgencies,
  revokeGrant,
  updateAgency,
} from './agencies.ts';
import { forgetExpired } from './forget-expired.ts';
import { createProject, deleteProject, listProjects, updateProject } from './projects.ts';
import {
  createResourceGroup,
  deleteResourceGroup,
  listResourceGroups,
  updateResourceGroup,
} from './resource-groups.ts';
import { createSession, deleteSession, listSessions } from './sessions.ts';
import { createUser, deleteUser, findUser, listUsers, updateUser } from './users.ts';

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

const page = { limit: 100 };

/** The code that is refused with. */
async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => 'nothing was refused',
    (thrown: unknown) => thrown,
  );
  if (error instanceof RefusalError) return error.code;
  throw error;
}

function as(role: Caller['role'], overrides: Partial<Caller> = {}): Caller {
  return { ...owner, role, ...overrides };
}

/** A user of the owner's account. */
async function newUser(name: string, role: Caller['role']): Promise<Caller> {
  const { result: user } = await createUser(context, owner, { name, role });
  return as(role, { userId: user.id, name });
}

/** Begins one change after the other while the row is locked, so that each has read what it will before any can write. */
async function atOnce(
  table: 'projects' | 'resource_groups',
  id: string,
  changes: readonly (() => Promise<unknown>)[],
): Promise<void> {
  const begun: Promise<unknown>[] = [];
  await context.db.transaction().execute(async (trx) => {
    await trx.selectFrom(table).select('id').where('id', '=', id).forNoKeyUpdate().execute();
    for (const change of changes) {
      begun.push(change());
      await expect.poll(countWaiting, { interval: 5, timeout: 10_000 }).toBe(begun.length);
    }
  });
  await Promise.all(begun);
}

async function countWaiting(): Promise<number> {
  const { rows } = await sql<{ waiting: number }>`
    SELECT count(*)::int AS waiting FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(context.db);
  return rows[0]?.waiting ?? 0;
}

function eventsOf(accountId: string) {
  const events = context.db.selectFrom('events').select(['type', 'outcome', 'resource_id', 'actor_name', 'details']);
  return events.where('account', '=', accountId).orderBy('id').execute();
}

describe('accounts', () => {
  it('are made with an owner, his key and a project in each region, by administrators alone', async () => {
    const name = `a-${randomUUID()}`;
    const made = await createAccount(context, installation.operator, { name });
    expect(made.account).toMatchObject({ name, administers: false, disabledAt: null });
    expect(made.owner).toMatchObject({ accountId: made.account.id, name: 'owner', role: 'owner' });
    const key = await findSigningKey(context, made.accessKey.id, undefined);
    expect(key).toMatchObject({
      secret: made.accessKey.secret,
      principal: { accountId: made.account.id, role: 'owner' },
    });
    for (const region of ['north', 'south']) {
      const project = await findDefaultProject(context.db, made.account.id, region);
      expect(project).toMatchObject({ name: region, region, isDefault: true });
    }
    expect(await refusal(createAccount(context, installation.operator, { name }))).toBe('account.exists');
    expect(await refusal(createAccount(context, installation.operator, { name: 'Self' }))).toBe('request.invalid');
    expect(await refusal(createAccount(context, owner, { name: 'other' }))).toBe('forbidden');
    const operator = { ...installation.operator, role: 'operator' } as const;
    expect(await refusal(createAccount(context, operator, { name: 'other' }))).toBe('forbidden');
  });

  it('exist for administrators by id, number and name; for others their own does', async () => {
    for (const account of [owner.accountId, `${owner.accountNumber}`, owner.accountName]) {
      expect((await findAccount(context, installation.operator, account)).id).toBe(owner.accountId);
      expect((await findAccount(context, as('viewer'), account)).id).toBe(owner.accountId);
      const stranger = await createTenant(context.db);
      expect(await refusal(findAccount(context, stranger, account))).toBe('account.not-found');
    }
    expect((await findAccount(context, owner, 'self')).id).toBe(owner.accountId);
    expect(await listAccounts(context, owner, page)).toMatchObject({ accounts: [{ id: owner.accountId }], next: null });
    const names: string[] = [];
    let after: Parameters<typeof listAccounts>[2]['after'];
    do {
      const { accounts, next } = await listAccounts(context, installation.operator, { limit: 2, after });
      names.push(...accounts.map(({ name }) => name));
      after = next ?? undefined;
    } while (after !== undefined);
    const { accounts } = await listAccounts(context, installation.operator, { limit: 1000 });
    expect(names).toEqual(accounts.map(({ name }) => name));
    expect(names).toContain(owner.accountName);
  });

  it('are disabled by others than themselves, and are told what was done to them', async () => {
    const { operator } = installation;
    expect(await refusal(updateAccount(context, owner, 'self', { disabled: true }))).toBe('forbidden');
    expect(await refusal(updateAccount(context, operator, 'self', { disabled: true }))).toBe('account.own');
    expect(await refusal(updateAccount(context, operator, randomUUID(), {}))).toBe('account.not-found');
    const taken = { name: operator.accountName };
    expect(await refusal(updateAccount(context, operator, owner.accountName, taken))).toBe('account.exists');
    const disabled = await updateAccount(context, operator, owner.accountName, { disabled: true });
    expect(disabled.disabledAt).not.toBeNull();
    expect((await updateAccount(context, operator, owner.accountId, { disabled: false })).disabledAt).toBeNull();
    const told = (await eventsOf(owner.accountId)).filter(({ type }) => type === 'account.update');
    expect(told.map(({ details, outcome }) => [details, outcome])).toEqual([
      // What he tried himself, without the right.
      [{}, 'forbidden'],
      [{ disabled: true }, 'succeeded'],
      [{ disabled: false }, 'succeeded'],
    ]);
  });

  it('get a key for an owner who has lost all of his, whatever the limit', async () => {
    for (let count = 0; count < 5; count++) await createAccessKey(context, owner, 'self', { description: '' });
    const { operator } = installation;
    const key = await createOwnerKey(context, operator, owner.accountName, {});
    expect((await findSigningKey(context, key.id, undefined))?.principal.userId).toBe(owner.userId);
    await newUser('ann', 'operator');
    expect(await refusal(createOwnerKey(context, operator, owner.accountName, { user: 'ann' }))).toBe('user.not-found');
    expect(await refusal(createOwnerKey(context, owner, 'self', {}))).toBe('forbidden');
  });
});

describe('users', () => {
  it('are the account’s own, by id, name and self', async () => {
    const ann = await newUser('ann', 'viewer');
    for (const user of [ann.userId as string, 'ann']) {
      expect((await findUser(context, ann, user)).name).toBe('ann');
      const stranger = await createTenant(context.db);
      expect(await refusal(findUser(context, stranger, user))).toBe('user.not-found');
      expect(await refusal(updateUser(context, stranger, user, { disabled: true }))).toBe('user.not-found');
      expect(await refusal(deleteUser(context, stranger, user))).toBe('user.not-found');
    }
    expect((await findUser(context, ann, 'self')).id).toBe(ann.userId);
    expect(await refusal(findUser(context, as('owner', { userId: null }), 'self'))).toBe('user.not-found');
    expect((await listUsers(context, ann, { limit: 1 })).users.map(({ name }) => name)).toEqual(['ann']);
  });

  it('are managed by owners alone, under names that are free', async () => {
    const ann = await newUser('ann', 'operator');
    expect(await refusal(createUser(context, ann, { name: 'ben', role: 'viewer' }))).toBe('forbidden');
    expect(await refusal(updateUser(context, ann, 'self', { role: 'owner' }))).toBe('forbidden');
    expect(await refusal(createUser(context, owner, { name: 'ann', role: 'viewer' }))).toBe('user.exists');
    expect(await refusal(updateUser(context, owner, 'ann', { name: 'owner' }))).toBe('user.exists');
    expect(await refusal(createUser(context, owner, { name: 'self', role: 'viewer' }))).toBe('request.invalid');
    expect(await updateUser(context, owner, 'ann', { name: 'anna' })).toMatchObject({ id: ann.userId, name: 'anna' });
    await deleteUser(context, owner, 'anna');
    expect(await refusal(findUser(context, owner, 'anna'))).toBe('user.not-found');
  });

  it('keep an owner who can act, though all take it from each other at once', async () => {
    for (const changes of [{ disabled: true }, { role: 'viewer' }] as const) {
      expect(await refusal(updateUser(context, owner, 'owner', changes))).toBe('user.last-owner');
    }
    expect(await refusal(deleteUser(context, owner, 'self'))).toBe('user.last-owner');
    const second = await newUser('second', 'owner');
    await updateUser(context, owner, 'second', { disabled: true });
    expect(await refusal(deleteUser(context, owner, 'self'))).toBe('user.last-owner');
    await updateUser(context, owner, 'second', { disabled: false });

    const owners = [owner, second, ...(await Promise.all(['c', 'd', 'e', 'f'].map((name) => newUser(name, 'owner'))))];
    // In a ring, each disables the next one.
    const outcomes = await Promise.allSettled(
      owners.map((caller, index) => {
        const next = owners[(index + 1) % owners.length] as Caller;
        return updateUser(context, caller, next.name, { disabled: true });
      }),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(owners.length - 1);
    const { users } = await listUsers(context, owner, page);
    expect(users.filter(({ disabledAt }) => disabledAt === null)).toHaveLength(1);
  });
});

describe('access keys', () => {
  it('are the user’s own, and his owners’', async () => {
    const ann = await newUser('ann', 'viewer');
    const ben = await newUser('ben', 'operator');
    const key = await createAccessKey(context, ann, 'self', { description: 'laptop' });
    expect(await listAccessKeys(context, ann, 'ann')).toMatchObject([{ id: key.id, description: 'laptop' }]);
    expect(await listAccessKeys(context, owner, 'ann')).toHaveLength(1);
    expect(await refusal(listAccessKeys(context, ben, 'ann'))).toBe('forbidden');
    expect(await refusal(createAccessKey(context, ben, 'ann', { description: '' }))).toBe('forbidden');
    for (const stranger of [ben, await createTenant(context.db)]) {
      const attempts = [
        () => updateAccessKey(context, stranger, key.id, { disabled: true }),
        () => rotateAccessKey(context, stranger, key.id, { graceSeconds: 0 }),
        () => deleteAccessKey(context, stranger, key.id),
      ];
      for (const attempt of attempts) expect(await refusal(attempt())).toBe('access-key.not-found');
    }
    await updateAccessKey(context, owner, key.id, { disabled: true });
    expect((await updateAccessKey(context, ann, key.id, { disabled: false, description: 'old' })).description).toBe(
      'old',
    );
    await deleteAccessKey(context, ann, key.id);
    expect(await listAccessKeys(context, ann, 'self')).toEqual([]);
  });

  it('are at most five, though seven are asked for at once', async () => {
    const asked = Array.from({ length: 7 }, () => createAccessKey(context, owner, 'self', { description: '' }));
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    const [key] = await listAccessKeys(context, owner, 'self');
    const id = key?.id as string;
    expect(await refusal(rotateAccessKey(context, owner, id, { graceSeconds: 60 }))).toBe('access-key.limit');
    expect(await refusal(rotateAccessKey(context, owner, id, { graceSeconds: -1 }))).toBe('request.invalid');
    await rotateAccessKey(context, owner, id, { graceSeconds: 0 });
    expect(await refusal(rotateAccessKey(context, owner, id, { graceSeconds: 0 }))).toBe('access-key.not-found');
    expect(await listAccessKeys(context, owner, 'self')).toHaveLength(5);
  });

  it('never live longer by being rotated again', async () => {
    const key = await createAccessKey(context, owner, 'self', { description: '' });
    await rotateAccessKey(context, owner, key.id, { graceSeconds: 60 });
    await rotateAccessKey(context, owner, key.id, { graceSeconds: 3600 });
    const [old] = await listAccessKeys(context, owner, 'self');
    expect((old?.expiresAt as number) - context.clock.now()).toBeLessThanOrEqual(60_000);
  });

  it('are not to be had by who has less than the user’s role, or has it for a time', async () => {
    const key = await createAccessKey(context, owner, 'self', { description: '' });
    const narrowed = as('viewer', { kind: 'session', sessionId: randomUUID() });
    const temporary = as('owner', { kind: 'session', sessionId: randomUUID(), temporary: true });
    const delegated = as('owner', { kind: 'session', agency: 'partner' });
    for (const caller of [narrowed, temporary, delegated]) {
      expect(await refusal(createAccessKey(context, caller, 'owner', { description: '' }))).toBe('forbidden');
      expect(await refusal(rotateAccessKey(context, caller, key.id, { graceSeconds: 0 }))).toBe('forbidden');
      expect(await refusal(updateAccessKey(context, caller, key.id, { disabled: false }))).toBe('forbidden');
    }
    expect(await refusal(createUser(context, delegated, { name: 'mole', role: 'owner' }))).toBe('forbidden');
    expect(await refusal(createSession(context, delegated, { name: 'chain' }))).toBe('forbidden');
    const token = createSession(context, temporary, { name: 'token' });
    expect(await refusal(token)).toBe('request.invalid');
  });

  it('nor by any other way of temporary credentials, which may give up what they cannot make', async () => {
    const temporary = as('owner', { kind: 'session', sessionId: randomUUID(), temporary: true });
    const administrator: Caller = { ...installation.operator, temporary: true };
    expect(await refusal(createAccount(context, administrator, { name: `a-${randomUUID()}` }))).toBe('forbidden');
    expect(await refusal(createOwnerKey(context, administrator, owner.accountId, {}))).toBe('forbidden');
    const lasting = { name: 'ims', description: '', trustedAccount: null, grants: [{ role: 'owner' as const }] };
    expect(await refusal(createAgency(context, temporary, { ...lasting, expiresAt: null }))).toBe('forbidden');
    expect(await refusal(createUser(context, temporary, { name: 'mole', role: 'owner' }))).toBe('forbidden');

    const ann = await newUser('ann', 'viewer');
    expect(await refusal(updateUser(context, temporary, 'ann', { role: 'owner' }))).toBe('forbidden');
    const key = await createAccessKey(context, ann, 'self', { description: '' });
    const { result: agency } = await createAgency(context, owner, { ...lasting, expiresAt: null });
    await deleteAccessKey(context, temporary, key.id);
    await deleteAgency(context, temporary, agency.id);
    await deleteUser(context, temporary, 'ann');
    expect(await listUsers(context, owner, page)).toMatchObject({ users: [{ name: 'owner' }] });
  });

  it('leave events without their secrets', async () => {
    const key = await createAccessKey(context, owner, 'self', { description: 'laptop' });
    const next = await rotateAccessKey(context, owner, key.id, { graceSeconds: 60 });
    await deleteAccessKey(context, owner, key.id);
    const events = await eventsOf(owner.accountId);
    expect(events.map(({ type, resource_id }) => [type, resource_id])).toEqual([
      ['access-key.create', key.id],
      ['access-key.rotate', key.id],
      ['access-key.delete', key.id],
    ]);
    expect(events[1]?.details).toEqual({ graceSeconds: 60, newAccessKey: next.id });
    for (const secret of [key.secret, next.secret]) expect(JSON.stringify(events)).not.toContain(secret);
  });

  it('of absurd names are refused, and the refusal is an event', async () => {
    const id = randomBytes(8000).toString('base64url');
    expect(await refusal(deleteAccessKey(context, owner, id))).toBe('access-key.not-found');
    expect(await eventsOf(owner.accountId)).toMatchObject([
      { type: 'access-key.delete', outcome: 'access-key.not-found' },
    ]);
  });
});

describe('sessions', () => {
  it('are no more than who asks for them', async () => {
    const ann = await newUser('ann', 'operator');
    const make = (command: object) => createSession(context, ann, { name: 'ci', ...command });
    expect(await make({})).toMatchObject({ role: 'operator', userId: ann.userId, accessKeyId: null });
    expect(await make({ role: 'viewer', seconds: 1 })).toMatchObject({ role: 'viewer' });
    expect(await refusal(make({ role: 'owner' }))).toBe('request.invalid');
    const longest = context.sessionMs / 1000;
    expect(await refusal(make({ seconds: longest + 1 }))).toBe('request.invalid');
    expect(await refusal(make({ seconds: 0 }))).toBe('request.invalid');
    const { id, expiresAt } = await make({ seconds: 100 });
    const bearer: Caller = { ...ann, kind: 'session', sessionId: id };
    expect(await refusal(createSession(context, bearer, { name: 'longer', seconds: 101 }))).toBe('request.invalid');
    expect((await createSession(context, bearer, { name: 'child' })).expiresAt).toBe(expiresAt);
    await deleteSession(context, bearer, 'self');
    expect(await refusal(createSession(context, bearer, { name: 'late' }))).toBe('session.not-found');
  });

  it('are so many of one user at most as long as they live', async () => {
    const ann = await newUser('ann', 'operator');
    const make = (caller: Caller, command = {}) => createSession(context, caller, { name: 'ci', ...command });
    const now = context.clock.now();
    await insertSessions(context.db, ann, 10, now - 1);
    await insertSessions(context.db, ann, mostSessions - 1, now + 60_000);
    await make(ann);
    expect(await refusal(make(ann))).toBe('session.limit');
    expect(await refusal(make(ann, { credentials: true }))).toBe('session.limit');
    await make(owner);
    await context.db.deleteFrom('sessions').where('user', '=', ann.userId).execute();
    await make(ann);
  });

  it('are seen and ended by their user and by owners', async () => {
    const ann = await newUser('ann', 'viewer');
    const ben = await newUser('ben', 'operator');
    const first = await createSession(context, ann, { name: 'first' });
    const second = await createSession(context, ann, { name: 'second' });
    const ids = async (caller: Caller) =>
      (await listSessions(context, caller, page)).sessions.map(({ id }) => id).sort();
    expect(await ids(ann)).toEqual([first.id, second.id].sort());
    expect(await ids(owner)).toEqual([first.id, second.id].sort());
    const stranger = await createTenant(context.db);
    for (const other of [ben, stranger]) {
      expect(await ids(other)).toEqual([]);
      expect(await refusal(deleteSession(context, other, first.id))).toBe('session.not-found');
    }
    const top = await listSessions(context, ann, { limit: 1 });
    const rest = await listSessions(context, ann, { limit: 1, after: top.next ?? undefined });
    expect([...top.sessions, ...rest.sessions].map(({ id }) => id).sort()).toEqual([first.id, second.id].sort());
    await deleteSession(context, ann, first.id);
    await deleteSession(context, owner, second.id);
    expect(await ids(ann)).toEqual([]);
    expect(await refusal(deleteSession(context, ann, 'self'))).toBe('session.not-found');
    expect(await refusal(deleteSession(context, ann, 'not an id'))).toBe('session.not-found');
  });

  it('may be of a project, which has to be one where they act', async () => {
    const make = (project: string) => createSession(context, owner, { name: 'ci', project });
    const { id: north } = await findDefaultProject(context.db, owner.accountId, 'north');
    const { result: web } = await createProject(context, owner, { region: 'north', name: 'web', description: '' });
    const session = await make(web.id);
    expect(session).toMatchObject({ projectId: web.id, accountId: owner.accountId });
    expect(await authenticateToken(context, session.token)).toMatchObject({ projectId: web.id, projects: null });
    expect((await listSessions(context, owner, page)).sessions).toMatchObject([{ projectId: web.id }]);
    expect(await createSession(context, owner, { name: 'ci' })).toMatchObject({ projectId: null });
    const stranger = await createTenant(context.db);
    const { id: foreign } = await findDefaultProject(context.db, stranger.accountId, 'north');
    for (const project of [foreign, randomUUID()]) expect(await refusal(make(project))).toBe('project.not-found');

    const fields = { name: 'partner', description: '', trustedAccount: stranger.accountName, expiresAt: null };
    await createAgency(context, owner, { ...fields, grants: [{ project: north, role: 'operator' }] });
    const agency = { account: owner.accountName, name: 'partner' };
    const visit = (project: string) => createSession(context, stranger, { name: 'visit', agency, project });
    expect(await visit(north)).toMatchObject({ projectId: north, accountId: owner.accountId });
    for (const project of [web.id, foreign]) expect(await refusal(visit(project))).toBe('project.not-found');
    // What is granted less elsewhere reaches there in that role.
    const both = [{ project: north, role: 'operator' } as const, { project: web.id, role: 'viewer' } as const];
    await updateAgency(context, owner, 'partner', { grants: both });
    expect(await visit(north)).toMatchObject({ role: 'operator' });
    expect(await visit(web.id)).toMatchObject({ role: 'viewer' });

    // Whoever says in which account it has to act gets none in another.
    const within = (account: string, by?: typeof agency) =>
      createSession(context, stranger, { name: 'visit', agency: by, account });
    expect(await within(owner.accountName, agency)).toMatchObject({ accountId: owner.accountId });
    expect(await within(stranger.accountId)).toMatchObject({ accountId: stranger.accountId });
    expect(await refusal(within(stranger.accountId, agency))).toBe('account.not-found');
    for (const account of [owner.accountName, 'nobody'])
      expect(await refusal(within(account))).toBe('account.not-found');
    await deleteProject(context, owner, web.id);
    expect(await authenticateToken(context, session.token)).toBeUndefined();
  });

  it('by an agency take what it grants their user, and are told to who grants it', async () => {
    const trusted = await createTenant(context.db);
    const grants = [{ project: 'north', role: 'owner' } as const, { role: 'viewer' } as const];
    const fields = { name: 'partner', description: '', trustedAccount: trusted.accountName, grants, expiresAt: null };
    const {
      result: { id },
    } = await createAgency(context, owner, fields);
    const agency = { account: `${owner.accountNumber}`, name: 'partner' };
    const visit = (caller: Caller, role?: Caller['role']) =>
      createSession(context, caller, { name: 'v', agency, role });
    expect(await visit(trusted)).toMatchObject({ accountId: owner.accountId, role: 'owner', agency: 'partner' });
    const operator: Caller = { ...trusted, role: 'operator' };
    expect(await visit(operator)).toMatchObject({ role: 'operator' });
    expect(await visit(operator, 'viewer')).toMatchObject({ role: 'viewer' });
    expect(await refusal(visit(operator, 'owner'))).toBe('request.invalid');
    expect(await refusal(visit({ ...trusted, role: 'viewer' }))).toBe('forbidden');
    const told = (await eventsOf(owner.accountId)).filter(({ type }) => type === 'agency.assume');
    expect(told).toHaveLength(3);
    expect(told[0]).toMatchObject({ resource_id: id, details: { account: trusted.accountName, role: 'owner' } });

    const stranger = await createTenant(context.db);
    expect(await refusal(visit(stranger))).toBe('agency.not-found');
    for (const wrong of [
      { account: 'nobody', name: 'partner' },
      { ...agency, name: 'nothing' },
    ]) {
      expect(await refusal(createSession(context, trusted, { name: 'v', agency: wrong }))).toBe('agency.not-found');
    }
    await updateAgency(context, owner, id, { grants: [{ role: 'viewer' }] });
    expect(await refusal(visit(trusted, 'operator'))).toBe('forbidden');
    await updateAgency(context, owner, id, { trustedAccount: null });
    expect(await refusal(visit(trusted))).toBe('agency.not-found');
  });
});

describe('projects', () => {
  it('are made, renamed and deleted, the default ones excepted', async () => {
    const { result: project } = await createProject(context, owner, {
      region: 'north',
      name: 'web',
      description: 'shop',
    });
    expect(project).toMatchObject({ region: 'north', isDefault: false });
    const again = { region: 'north', name: 'web', description: '' };
    expect(await refusal(createProject(context, owner, again))).toBe('project.exists');
    expect(await refusal(createProject(context, owner, { ...again, region: 'west' }))).toBe('region.not-found');
    expect(await refusal(createProject(context, as('operator'), { ...again, name: 'x' }))).toBe('forbidden');
    expect(await refusal(updateProject(context, owner, project.id, { name: 'north' }))).toBe('project.exists');
    expect(await updateProject(context, owner, 'web', { name: 'shop' })).toMatchObject({ name: 'shop' });
    const standard = await findDefaultProject(context.db, owner.accountId, 'north');
    expect(await refusal(updateProject(context, owner, standard.id, { name: 'x' }))).toBe('request.invalid');
    expect(await updateProject(context, owner, standard.id, { description: 'x' })).toMatchObject({ description: 'x' });
    expect(await refusal(deleteProject(context, owner, standard.id))).toBe('project.in-use');
    const stranger = await createTenant(context.db);
    expect(await refusal(deleteProject(context, stranger, project.id))).toBe('project.not-found');
    await deleteProject(context, owner, project.id);
    expect((await listProjects(context, owner, page)).projects.map(({ name }) => name)).toEqual(['north', 'south']);
    expect((await listProjects(context, owner, { ...page, region: 'south' })).projects).toHaveLength(1);
  });

  it('stay while they have images', async () => {
    const { result: project } = await createProject(context, owner, { region: 'north', name: 'web', description: '' });
    const image = await makeImage(context, owner, [new Uint8Array(4096)]);
    await context.db.updateTable('images').set({ project: project.id }).where('id', '=', image.id).execute();
    expect(await refusal(deleteProject(context, owner, project.id))).toBe('project.in-use');
  });

  it('keep what two change of them at once', async () => {
    const { result } = await createProject(context, owner, { region: 'north', name: 'web', description: '' });
    await atOnce('projects', result.id, [
      () => updateProject(context, owner, result.id, { description: 'shop' }),
      () => updateProject(context, owner, result.id, { name: 'shop' }),
    ]);
    expect(await findProject(context.db, owner.accountId, result.id)).toMatchObject({
      name: 'shop',
      description: 'shop',
    });
  });

  it('of one name in two regions need the region to be told apart', async () => {
    for (const region of ['north', 'south'])
      await createProject(context, owner, { region, name: 'web', description: '' });
    const { db } = context;
    expect(await findProject(db, owner.accountId, 'web')).toBeUndefined();
    expect(await findProject(db, owner.accountId, 'web', 'south')).toMatchObject({ region: 'south' });
    expect(await findProject(db, owner.accountId, 'north', 'south')).toBeUndefined();
  });

  it('that an agency was not granted do not exist for who acts by it', async () => {
    const { id } = await findDefaultProject(context.db, owner.accountId, 'north');
    const visitor = as('owner', { agency: 'partner', projects: [id] });
    expect((await listProjects(context, visitor, page)).projects.map((project) => project.id)).toEqual([id]);
    expect(await refusal(updateProject(context, visitor, id, {}))).toBe('forbidden');
  });
});

describe('agencies', () => {
  const plain = { name: 'ims', description: '', trustedAccount: null, expiresAt: null };

  it('keep what they are told, each part looked at', async () => {
    const { id: north } = await findDefaultProject(context.db, owner.accountId, 'north');
    const grants = [{ project: 'north', role: 'operator' } as const];
    const { result: agency } = await createAgency(context, owner, { ...plain, grants });
    expect(agency).toMatchObject({ trustedAccountId: null, grants: [{ projectId: north, role: 'operator' }] });
    expect(await findAgency(context, owner, 'ims')).toEqual(agency);
    expect((await listAgencies(context, as('viewer'), page)).agencies).toEqual([agency]);
    expect(await refusal(createAgency(context, owner, { ...plain, grants }))).toBe('agency.exists');
    const stranger = await createTenant(context.db);
    const { id: foreign } = await findDefaultProject(context.db, stranger.accountId, 'north');
    const cases = [
      [{ grants: Array.from({ length: 101 }, () => ({ role: 'viewer' as const })) }, 'request.invalid'],
      [{ grants: [{ role: 'viewer', title: 't'.repeat(65) }] }, 'request.invalid'],
      [{ grants: [{ project: north, role: 'viewer', isGlobal: true }] }, 'request.invalid'],
      [{ grants: [{ project: foreign, role: 'viewer' }] }, 'project.not-found'],
      [{ trustedAccount: 'nobody' }, 'account.not-found'],
      [{ trustedAccount: owner.accountName }, 'request.invalid'],
      [{ expiresAt: context.clock.now() }, 'request.invalid'],
      [{ name: '' }, 'request.invalid'],
    ] as const;
    for (const [changes, code] of cases) {
      expect(await refusal(updateAgency(context, owner, 'ims', changes))).toBe(code);
    }
    expect(await refusal(findAgency(context, stranger, agency.id))).toBe('agency.not-found');
    expect(await refusal(updateAgency(context, stranger, agency.id, {}))).toBe('agency.not-found');
    expect(await findAgency(context, owner, 'ims')).toEqual(agency);
    await deleteAgency(context, owner, 'ims');
    expect(await refusal(findAgency(context, owner, 'ims'))).toBe('agency.not-found');
  });

  it('that trust the image service permit what they grant, until they expire', async () => {
    const { id: north } = await findDefaultProject(context.db, owner.accountId, 'north');
    const { id: south } = await findDefaultProject(context.db, owner.accountId, 'south');
    const expiresAt = context.clock.now() + 1000;
    await createAgency(context, owner, { ...plain, expiresAt, grants: [{ project: north, role: 'operator' }] });
    const ask = (projectId: string, now = context.clock.now(), name = 'ims') =>
      context.db.transaction().execute((trx) => agencyPermits(trx, owner.accountId, name, projectId, now));
    expect(await ask(north)).toEqual({ agency: 'ims', permitted: true });
    expect(await ask(south)).toEqual({ agency: 'ims', permitted: false });
    expect(await ask(north, expiresAt)).toEqual({ agency: 'ims', permitted: false });
    expect(await ask(north, 0, 'nothing')).toBeUndefined();
    await updateAgency(context, owner, 'ims', { grants: [{ role: 'viewer' }, { project: 'south', role: 'owner' }] });
    expect(await ask(north)).toMatchObject({ permitted: false });
    expect(await ask(south)).toMatchObject({ permitted: true });
    await updateAgency(context, owner, 'ims', { trustedAccount: installation.operator.accountName });
    expect(await ask(south)).toBeUndefined();
  });

  it('are granted one thing after the other, and keep what it is called', async () => {
    const { result } = await createAgency(context, owner, { ...plain, grants: [] });
    expect(result.grants).toEqual([]);
    const { id: north } = await findDefaultProject(context.db, owner.accountId, 'north');
    const { id: south } = await findDefaultProject(context.db, owner.accountId, 'south');
    const grant = (project: string, title: string) =>
      grantAgency(context, owner, { agency: 'ims', grant: { project, role: 'operator', title } });
    // At once, none of them lost; the same one is there once.
    await Promise.all([grant(north, 'ims_adm'), grant(north, 'te_admin'), grant('south', 'ims_adm')]);
    await grant('north', 'ims_adm');
    const shape = { role: 'operator', isGlobal: false };
    const expected = [
      { ...shape, projectId: north, title: 'ims_adm' },
      { ...shape, projectId: north, title: 'te_admin' },
      { ...shape, projectId: south, title: 'ims_adm' },
    ];
    const kept = async () => (await findAgency(context, owner, 'ims')).grants;
    expect(await kept()).toHaveLength(3);
    expect(await kept()).toEqual(expect.arrayContaining(expected));

    const revoke = { agency: 'ims', grant: { projectId: north, title: 'ims_adm', isGlobal: false } };
    expect((await revokeGrant(context, owner, revoke)).grants).toHaveLength(2);
    expect((await revokeGrant(context, owner, revoke)).grants).toHaveLength(2);
    expect(await kept()).toEqual(expect.arrayContaining(expected.slice(1)));
    expect(await kept()).not.toContainEqual(expected[0]);
    const everywhere = { projectId: null, title: '', isGlobal: false };
    await grantAgency(context, owner, { agency: 'ims', grant: { role: 'viewer' } });
    expect(await kept()).toContainEqual({ ...everywhere, role: 'viewer' });
    await revokeGrant(context, owner, { agency: 'ims', grant: everywhere });
    expect(await kept()).toHaveLength(2);

    const stranger = await createTenant(context.db);
    expect(await refusal(revokeGrant(context, stranger, { ...revoke, agency: result.id }))).toBe('agency.not-found');
    expect(await refusal(revokeGrant(context, as('operator'), revoke))).toBe('forbidden');
    expect(await refusal(grant(randomUUID(), 'ims_adm'))).toBe('project.not-found');
    const full = Array.from({ length: 100 }, (_, number) => ({ role: 'viewer' as const, title: `t${number}` }));
    await updateAgency(context, owner, 'ims', { grants: full });
    expect(await refusal(grant(north, 'one more'))).toBe('request.invalid');
  });

  it('grant nothing of what is global', async () => {
    const trusted = await createTenant(context.db);
    const grants = [{ role: 'owner', title: 'secu_admin', isGlobal: true } as const];
    await createAgency(context, owner, { ...plain, name: 'service', grants });
    const { id: north } = await findDefaultProject(context.db, owner.accountId, 'north');
    const permitted = await context.db
      .transaction()
      .execute((trx) => agencyPermits(trx, owner.accountId, 'service', north, context.clock.now()));
    expect(permitted).toEqual({ agency: 'service', permitted: false });

    const fields = { ...plain, name: 'partner', trustedAccount: trusted.accountName };
    await createAgency(context, owner, { ...fields, grants });
    const visit = { name: 'visit', agency: { account: owner.accountName, name: 'partner' } };
    expect(await refusal(createSession(context, trusted, visit))).toBe('forbidden');
    await grantAgency(context, owner, { agency: 'partner', grant: { role: 'viewer' } });
    const { token } = await createSession(context, trusted, visit);
    expect(await authenticateToken(context, token)).toMatchObject({ role: 'viewer', projects: null });
    const requester = () =>
      context.db
        .transaction()
        .execute((trx) => findRequester(trx, owner.accountId, trusted.userId, context.clock.now()));
    await grantAgency(context, owner, { agency: 'partner', grant: { role: 'operator' } });
    expect(await requester()).toMatchObject({ agency: 'partner', role: 'operator' });
    await updateAgency(context, owner, 'partner', { grants });
    expect(await authenticateToken(context, token)).toBeUndefined();
    expect(await requester()).toBeUndefined();
  });
});

describe('resource groups', () => {
  it('are made, changed and deleted, unless they have images', async () => {
    const { result: group } = await createResourceGroup(context, as('operator'), { name: 'web', description: '' });
    expect(group.aliyunId).toMatch(/^rg-[a-z0-9]{15}$/);
    const again = createResourceGroup(context, owner, { name: 'web', description: '' });
    expect(await refusal(again)).toBe('resource-group.exists');
    expect(await refusal(createResourceGroup(context, as('viewer'), { name: 'x', description: '' }))).toBe('forbidden');
    const stranger = await createTenant(context.db);
    expect(await refusal(updateResourceGroup(context, stranger, group.id, {}))).toBe('resource-group.not-found');
    const disabled = await updateResourceGroup(context, owner, group.aliyunId, { name: 'shop', disabled: true });
    expect(await listResourceGroups(context, as('viewer'), page)).toEqual({ resourceGroups: [disabled], next: null });

    const image = await makeImage(context, owner, [new Uint8Array(4096)]);
    await context.db.updateTable('images').set({ resource_group: group.id }).where('id', '=', image.id).execute();
    expect(await refusal(deleteResourceGroup(context, owner, group.id))).toBe('resource-group.in-use');
    await context.db.updateTable('images').set({ resource_group: null }).where('id', '=', image.id).execute();
    await deleteResourceGroup(context, owner, 'shop');
    expect((await listResourceGroups(context, owner, page)).resourceGroups).toEqual([]);
  });

  it('keep what two change of them at once', async () => {
    const { result } = await createResourceGroup(context, owner, { name: 'web', description: '' });
    await atOnce('resource_groups', result.id, [
      () => updateResourceGroup(context, owner, result.id, { description: 'shop' }),
      () => updateResourceGroup(context, owner, result.id, { disabled: true }),
    ]);
    const { resourceGroups } = await listResourceGroups(context, owner, page);
    expect(resourceGroups).toMatchObject([{ description: 'shop', disabledAt: expect.any(Number) }]);
  });
});

describe('forgetExpired', () => {
  it('deletes what has expired, and that alone', async () => {
    const signal = new AbortController().signal;
    // What other tests have made for a short time is over.
    installation.advance(3_700_000);
    await forgetExpired(context, signal);
    const now = context.clock.now();
    await createSession(context, owner, { name: 'short', seconds: 1 });
    await createSession(context, owner, { name: 'long' });
    const key = await createAccessKey(context, owner, 'self', { description: '' });
    await rotateAccessKey(context, owner, key.id, { graceSeconds: 1 });
    for (const [nonce, expiresAt] of [
      ['old', now + 1000],
      ['new', now + 3_600_000],
    ] as const) {
      await context.nonces.remember({ scope: owner.accountId, nonce, expiresAt }, now);
    }
    installation.advance(2000);
    expect(await forgetExpired(context, signal)).toMatchObject({ nonces: 1, sessions: 1, access_keys: 1 });
    expect(await forgetExpired(context, signal)).toMatchObject({ nonces: 0, sessions: 0, access_keys: 0 });
    expect((await listSessions(context, owner, page)).sessions.map(({ name }) => name)).toEqual(['long']);
    expect(await listAccessKeys(context, owner, 'self')).toHaveLength(1);
    await expect(forgetExpired(context, AbortSignal.abort())).rejects.toThrow();
  });
});

it('the owner of one account is nobody in another', async () => {
  const { accountId, accountName, accountNumber } = await createTenant(context.db);
  const account = { id: accountId, name: accountName, number: accountNumber };
  const stranger = callerOf(account, { userId: owner.userId });
  expect(await refusal(findUser(context, stranger, 'self'))).toBe('user.not-found');
  expect(await refusal(createAccessKey(context, stranger, 'self', { description: '' }))).toBe('user.not-found');
});
