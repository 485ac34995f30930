/** Accounts: made and disabled by the owners of the one that administers the installation. To others only their own exists. */
import type { Trx } from '../../db/database.ts';
import { recordEvent } from '../../db/events.ts';
import { type Cursor, type PageRequest, toPage } from '../../db/paging.ts';
import {
  findAccount as findAccountRow,
  insertAccount,
  listAccounts as listAccountRows,
  lockAccount,
  updateAccount as updateAccountRow,
} from '../../db/tenants/accounts.ts';
import { ensureProjects } from '../../db/tenants/projects.ts';
import { insertUser, listActingOwners } from '../../db/tenants/users.ts';
import { may } from '../../domain/authorization.ts';
import { actorOf } from '../../domain/event.ts';
import type { DeedType } from '../../domain/event-types.ts';
import { newAccountNumber, newUuid } from '../../domain/ids.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { checkAccountName, disabledSince } from '../../domain/tenant-rules.ts';
import type { Account, User } from '../../domain/tenants.ts';
import { act, type Deed, demand } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';
import { makeAccessKey, type NewAccessKey } from './access-keys.ts';

export interface AccountPage {
  readonly accounts: readonly Account[];
  /** Where the next page begins, null at the end. */
  readonly next: Cursor | null;
}

/** By name: all of them for whoever may read the installation, the caller's own for others. */
export async function listAccounts(context: AppContext, caller: Caller, query: PageRequest): Promise<AccountPage> {
  demand(caller, 'account.read');
  if (may(caller, 'installation.read') !== 'yes') {
    const own = query.after === undefined ? [await findAccount(context, caller, 'self')] : [];
    return { accounts: own, next: null };
  }
  const rows = await listAccountRows(context.db, { ...query, limit: query.limit + 1 });
  const { page, next } = toPage(rows, query.limit, ({ name, id }) => ({ value: name, id }));
  return { accounts: page, next };
}

/** `account`: id, number, name or `self`. */
export async function findAccount(context: AppContext, caller: Caller, account: string): Promise<Account> {
  demand(caller, 'account.read');
  const found = await findAccountRow(context.db, account === 'self' ? caller.accountId : account);
  const exists = found?.id === caller.accountId || may(caller, 'installation.read') === 'yes';
  if (found === undefined || !exists) throw new RefusalError('account.not-found', { account });
  return found;
}

export interface NewAccount {
  readonly account: Account;
  readonly owner: User;
  readonly accessKey: NewAccessKey;
}

/** An account with an owner, its key, which is shown now only, and a default project in each region. */
export async function createAccount(
  context: AppContext,
  caller: Caller,
  { name }: { readonly name: string },
): Promise<NewAccount> {
  const id = newUuid(context.random);
  const deed = { action: 'account.manage', type: 'account.create', resource: { type: 'account', id } } as const;
  return await act(context, caller, deed, async (trx, done) => {
    checkAccountName(name);
    done.details = { name };
    const account = await makeAccount(context, trx, { id, name, administers: false });
    if (account === undefined) throw new RefusalError('account.exists', { name });
    return { account, ...(await makeOwner(context, trx, id)) };
  });
}

type MakingContext = Pick<AppContext, 'random' | 'clock' | 'secrets'>;

/** The account and its projects; undefined when there is one of this name. */
export async function makeAccount(
  { random, clock }: MakingContext,
  trx: Trx,
  { id, name, administers }: Pick<Account, 'id' | 'name' | 'administers'>,
): Promise<Account | undefined> {
  const createdAt = clock.now();
  const account: Account = { id, name, number: newAccountNumber(random), administers, createdAt, disabledAt: null };
  if (!(await insertAccount(trx, account))) return undefined;
  await ensureProjects(trx, () => newUuid(random), createdAt, id);
  return account;
}

/** The owner `owner` and his first key, for an account without users. */
export async function makeOwner(
  context: MakingContext,
  trx: Trx,
  accountId: string,
): Promise<{ readonly owner: User; readonly accessKey: NewAccessKey }> {
  const { random, clock } = context;
  const id = newUuid(random);
  const times = { createdAt: clock.now(), disabledAt: null };
  const owner: User = { id, accountId, name: 'owner', role: 'owner', ...times, hasPassword: false };
  if (!(await insertUser(trx, owner))) throw new Error(`account ${accountId} has a user called ${owner.name} already`);
  return { owner, accessKey: await makeAccessKey(context, trx, owner.id, 'made with the account') };
}

export interface AccountChanges {
  readonly name?: string | undefined;
  /** Whatever belongs to a disabled account is refused, until it is enabled. */
  readonly disabled?: boolean | undefined;
}

export async function updateAccount(
  context: AppContext,
  caller: Caller,
  account: string,
  changes: AccountChanges,
): Promise<Account> {
  return await change(context, caller, 'account.update', account, async (trx, before, done) => {
    if (changes.name !== undefined) checkAccountName(changes.name);
    done.details = { ...changes };
    if (changes.disabled && before.id === caller.accountId) throw new RefusalError('account.own', { account });
    const after: Account = {
      ...before,
      name: changes.name ?? before.name,
      disabledAt: disabledSince(before.disabledAt, changes.disabled, context.clock.now()),
    };
    if (!(await updateAccountRow(trx, after.id, after))) throw new RefusalError('account.exists', { name: after.name });
    return after;
  });
}

/**
 * A key for an owner who has lost all of his; without `user`, for the account's oldest owner. The limit of keys does not hold
 * here: lost ones must not lock an account out.
 */
export async function createOwnerKey(
  context: AppContext,
  caller: Caller,
  account: string,
  { user }: { readonly user?: string | undefined },
): Promise<NewAccessKey> {
  return await change(context, caller, 'access-key.create', account, async (trx, { id }, done) => {
    const owners = await listActingOwners(trx, id);
    const owner = owners.find((each) => user === undefined || each.id === user || each.name === user);
    if (owner === undefined) throw new RefusalError('user.not-found', { user: user ?? 'owner' });
    const key = await makeAccessKey(context, trx, owner.id, 'made by an administrator');
    Object.assign(done, { resource: { type: 'access-key', id: key.id }, details: { account: id, user: owner.name } });
    return key;
  });
}

/** What administrators do to an account is an event of theirs, and one of the account that it happens to. */
async function change<Result>(
  context: AppContext,
  caller: Caller,
  type: DeedType,
  account: string,
  work: (trx: Trx, account: Account, done: Deed) => Promise<Result>,
): Promise<Result> {
  const deed: Deed = { action: 'account.manage', type, resource: { type: 'account', id: account } };
  return await act(context, caller, deed, async (trx, done) => {
    const found = await lockAccount(trx, account === 'self' ? caller.accountId : account);
    if (found === undefined) throw new RefusalError('account.not-found', { account });
    done.resource = { type: 'account', id: found.id };
    const result = await work(trx, found, done);
    if (found.id !== caller.accountId) {
      const { resource, details = {} } = done;
      const told = { accountId: found.id, type, outcome: 'succeeded', actor: actorOf(caller), resource, details };
      await recordEvent(trx, { ...told, region: null, origin: caller.origin }, context.clock.now());
    }
    return result;
  });
}
