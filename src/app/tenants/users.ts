/** The users of an account. An account always keeps an owner who can act. */
import type { Db, Trx } from '../../db/database.ts';
import { type Cursor, type PageRequest, toPage } from '../../db/paging.ts';
import { lockAccount } from '../../db/tenants/accounts.ts';
import {
  deleteUser as deleteUserRow,
  findUser as findUserRow,
  insertUser,
  listActingOwners,
  listUsers as listUserRows,
  lockUser,
  updateUser as updateUserRow,
} from '../../db/tenants/users.ts';
import { newUuid } from '../../domain/ids.ts';
import type { Role } from '../../domain/principal.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { checkUserName, disabledSince } from '../../domain/tenant-rules.ts';
import type { User } from '../../domain/tenants.ts';
import { act, demand } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';
import { type Done, makeOnce } from '../once.ts';

export interface UserPage {
  readonly users: readonly User[];
  /** Where the next page begins, null at the end. */
  readonly next: Cursor | null;
}

/** By name. */
export async function listUsers(context: AppContext, caller: Caller, query: PageRequest): Promise<UserPage> {
  demand(caller, 'user.read');
  const rows = await listUserRows(context.db, caller.accountId, { ...query, limit: query.limit + 1 });
  const { page, next } = toPage(rows, query.limit, ({ name, id }) => ({ value: name, id }));
  return { users: page, next };
}

/** `user`: id, name or `self`. */
export async function findUser(context: AppContext, caller: Caller, user: string): Promise<User> {
  demand(caller, 'user.read');
  return await requireUser(context.db, caller, user, findUserRow);
}

/** The user whom the caller means by an id, a name or `self`; the bearer of the installation's token is none. */
export async function requireUser<Connection extends Db | Trx>(
  db: Connection,
  caller: Caller,
  user: string,
  find: (db: Connection, accountId: string, idOrName: string) => Promise<User | undefined>,
): Promise<User> {
  const idOrName = user === 'self' ? caller.userId : user;
  const found = idOrName === null ? undefined : await find(db, caller.accountId, idOrName);
  if (found === undefined) throw new RefusalError('user.not-found', { user });
  return found;
}

export async function createUser(
  context: AppContext,
  caller: Caller,
  { name, role }: { readonly name: string; readonly role: Role },
  token?: string,
): Promise<Done<User>> {
  const id = newUuid(context.random);
  const deed = { action: 'user.manage', type: 'user.create', resource: { type: 'user', id } } as const;
  return await act(context, caller, deed, async (trx, done) => {
    done.details = { name, role };
    const make = async () => {
      checkUserName(name);
      const { accountId } = caller;
      const times = { createdAt: context.clock.now(), disabledAt: null };
      const user: User = { id, accountId, name, role, ...times, hasPassword: false };
      if (!(await insertUser(trx, user))) throw new RefusalError('user.exists', { name });
      return user;
    };
    const repeatable = { operation: deed.type, token, request: { name, role } };
    const find = (made: string) => requireUser(trx, caller, made, findUserRow);
    return await makeOnce(context, trx, caller, repeatable, make, find);
  });
}

export interface UserChanges {
  readonly name?: string | undefined;
  readonly role?: Role | undefined;
  /** A disabled user's keys and sessions are refused; they work again when he does. */
  readonly disabled?: boolean | undefined;
}

export async function updateUser(
  context: AppContext,
  caller: Caller,
  user: string,
  changes: UserChanges,
): Promise<User> {
  const deed = { action: 'user.manage', type: 'user.update', resource: { type: 'user', id: user } } as const;
  return await act(context, caller, deed, async (trx, done) => {
    if (changes.name !== undefined) checkUserName(changes.name);
    const before = await lockForChange(trx, caller, user);
    Object.assign(done, { resource: { type: 'user', id: before.id }, details: { ...changes } });
    const after: User = {
      ...before,
      name: changes.name ?? before.name,
      role: changes.role ?? before.role,
      disabledAt: disabledSince(before.disabledAt, changes.disabled, context.clock.now()),
    };
    if (after.role !== 'owner' || after.disabledAt !== null) await keepAnOwner(trx, before);
    if (!(await updateUserRow(trx, after))) throw new RefusalError('user.exists', { name: after.name });
    return after;
  });
}

/** The user's keys, password and sessions go with him; what he made stays the account's. */
export async function deleteUser(context: AppContext, caller: Caller, user: string): Promise<void> {
  const deed = { action: 'user.delete', resource: { type: 'user', id: user } } as const;
  await act(context, caller, deed, async (trx, done) => {
    const before = await lockForChange(trx, caller, user);
    Object.assign(done, { resource: { type: 'user', id: before.id }, details: { name: before.name } });
    await keepAnOwner(trx, before);
    await deleteUserRow(trx, before.id);
  });
}

/** Locks the account first: two owners who take the right from each other at once must not both succeed. */
async function lockForChange(trx: Trx, caller: Caller, user: string): Promise<User> {
  await lockAccount(trx, caller.accountId);
  return await requireUser(trx, caller, user, lockUser);
}

/** Refuses when nobody but the user is an owner who is not disabled. */
async function keepAnOwner(trx: Trx, user: User): Promise<void> {
  const owners = await listActingOwners(trx, user.accountId);
  if (owners.length === 1 && owners[0]?.id === user.id) throw new RefusalError('user.last-owner', { user: user.name });
}
