/**
 * Access keys: what users sign requests with. A secret is shown when it is made, and then never again. Owners manage
 * everybody's, others their own; another's does not exist for them.
 */
import type { Trx } from '../../db/database.ts';
import {
  deleteAccessKey as deleteAccessKeyRow,
  findAccessKey as findAccessKeyRow,
  insertAccessKey,
  listAccessKeys as listAccessKeyRows,
  lockAccessKey,
  updateAccessKey as updateAccessKeyRow,
} from '../../db/tenants/access-keys.ts';
import { findUser, lockUser } from '../../db/tenants/users.ts';
import type { Action } from '../../domain/authorization.ts';
import type { DeedType } from '../../domain/event-types.ts';
import { checkWhole } from '../../domain/field-rules.ts';
import { newAccessKeyId, newSecret } from '../../domain/ids.ts';
import { hasRole } from '../../domain/principal.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { checkTenantDescription, disabledSince } from '../../domain/tenant-rules.ts';
import type { AccessKey, User } from '../../domain/tenants.ts';
import { act, type Deed, demand } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';
import { requireUser } from './users.ts';

/** A key as it is told once. */
export interface NewAccessKey extends AccessKey {
  readonly secret: string;
}

/** Of a user, those in their grace time too: one in use, one to change to, and some for what cannot share. */
const maxAccessKeys = 5;
const maxGraceSeconds = 7 * 24 * 3600;

/** Oldest first; `user`: id, name or `self`. */
export async function listAccessKeys(context: AppContext, caller: Caller, user: string): Promise<AccessKey[]> {
  demand(caller, 'access-key.read');
  const { id } = await requireUser(context.db, caller, user, findUser);
  if (id !== caller.userId && caller.role !== 'owner') {
    throw new RefusalError('forbidden', { action: 'access-key.read' });
  }
  return await listAccessKeyRows(context.db, id, context.clock.now());
}

export async function findAccessKey({ db, clock }: AppContext, caller: Caller, id: string): Promise<AccessKey> {
  demand(caller, 'access-key.read');
  const found = await findAccessKeyRow(db, caller.accountId, id, clock.now());
  return requireReachable(caller, id, found).key;
}

export async function createAccessKey(
  context: AppContext,
  caller: Caller,
  user: string,
  { description }: { readonly description: string },
): Promise<NewAccessKey> {
  const deed = {
    action: 'access-key.manage',
    type: 'access-key.create',
    resource: { type: 'user', id: user },
  } as const;
  return await act(context, caller, deed, async (trx, done) => {
    checkTenantDescription(description);
    const holder = await requireUser(trx, caller, user, lockUser);
    demandFullRights(caller, holder, deed.action);
    await demandRoom(context, trx, holder);
    const key = await makeAccessKey(context, trx, holder.id, description);
    Object.assign(done, { resource: { type: 'access-key', id: key.id }, details: { user: holder.name } });
    return key;
  });
}

/** Makes a key, whoever asks for it; the caller of this has looked at the right. */
export async function makeAccessKey(
  { random, clock, secrets }: Pick<AppContext, 'random' | 'clock' | 'secrets'>,
  trx: Trx,
  userId: string,
  description: string,
): Promise<NewAccessKey> {
  const secret = newSecret(random);
  const key: AccessKey = {
    id: newAccessKeyId(random),
    userId,
    description,
    createdAt: clock.now(),
    disabledAt: null,
    expiresAt: null,
    lastUsedAt: null,
  };
  await insertAccessKey(trx, key, secrets.seal(secret, accessKeyPlace(key.id)));
  return { ...key, secret };
}

/** What the key's secret is sealed for; temporary ones have theirs likewise. */
export function accessKeyPlace(id: string): string {
  return `access-key:${id}`;
}

export interface AccessKeyChanges {
  readonly description?: string | undefined;
  /** A disabled key is refused at once, and all that was made with it; it works again when it is enabled. */
  readonly disabled?: boolean | undefined;
}

export async function updateAccessKey(
  context: AppContext,
  caller: Caller,
  id: string,
  changes: AccessKeyChanges,
): Promise<AccessKey> {
  return await change(context, caller, 'access-key.update', id, async (trx, { key, user }, done) => {
    if (changes.description !== undefined) checkTenantDescription(changes.description);
    done.details = { ...changes };
    demandFullRights(caller, user, 'access-key.manage');
    const after: AccessKey = {
      ...key,
      description: changes.description ?? key.description,
      disabledAt: disabledSince(key.disabledAt, changes.disabled, context.clock.now()),
    };
    await updateAccessKeyRow(trx, after);
    return after;
  });
}

/** A new key of the same user; the old one works on for the grace time. */
export async function rotateAccessKey(
  context: AppContext,
  caller: Caller,
  id: string,
  { graceSeconds }: { readonly graceSeconds: number },
): Promise<NewAccessKey> {
  return await change(context, caller, 'access-key.rotate', id, async (trx, { key, user }, done) => {
    checkWhole('graceSeconds', graceSeconds, 0, maxGraceSeconds);
    demandFullRights(caller, user, 'access-key.manage');
    const end = context.clock.now() + graceSeconds * 1000;
    await updateAccessKeyRow(trx, { ...key, expiresAt: Math.min(end, key.expiresAt ?? end) });
    await demandRoom(context, trx, user);
    const made = await makeAccessKey(context, trx, user.id, key.description);
    done.details = { graceSeconds, newAccessKey: made.id };
    return made;
  });
}

/** The sessions that were made with it end too. Whoever may use a key may also give it up, in whatever role he acts. */
export async function deleteAccessKey(context: AppContext, caller: Caller, id: string): Promise<void> {
  await change(context, caller, 'access-key.delete', id, (trx) => deleteAccessKeyRow(trx, id));
}

type Holder = Pick<User, 'id' | 'name' | 'role'>;

/** Does something to a key that exists for the caller. */
async function change<Result>(
  context: AppContext,
  caller: Caller,
  type: DeedType,
  id: string,
  work: (trx: Trx, found: { readonly key: AccessKey; readonly user: Holder }, done: Deed) => Promise<Result>,
): Promise<Result> {
  const action = type === 'access-key.delete' ? type : 'access-key.manage';
  const deed: Deed = { action, type, resource: { type: 'access-key', id } };
  return await act(context, caller, deed, async (trx, done) => {
    const found = await lockAccessKey(trx, caller.accountId, id, context.clock.now());
    return await work(trx, requireReachable(caller, id, found), done);
  });
}

function requireReachable<Found extends { readonly user: Holder }>(
  caller: Caller,
  id: string,
  found: Found | undefined,
): Found {
  if (found === undefined || !(found.user.id === caller.userId || caller.role === 'owner')) {
    throw new RefusalError('access-key.not-found', { accessKey: id });
  }
  return found;
}

/**
 * A key, and a password, may what its user may, for good. So it takes his whole role to make one or to let one work again,
 * which a session of a lesser role does not have.
 */
export function demandFullRights(caller: Caller, holder: Holder, action: Action): void {
  const mayReach = holder.id === caller.userId || caller.role === 'owner';
  if (!mayReach || !hasRole(caller.role, holder.role)) throw new RefusalError('forbidden', { action });
}

/** The user is locked, so nobody makes another key at the same time. */
async function demandRoom({ clock }: AppContext, trx: Trx, user: Holder): Promise<void> {
  const keys = await listAccessKeyRows(trx, user.id, clock.now());
  if (keys.length >= maxAccessKeys) {
    throw new RefusalError('access-key.limit', { user: user.name, limit: maxAccessKeys });
  }
}
