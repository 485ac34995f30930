/**
 * Passwords of users, for dialects whose clients log in by one. Owners set everybody's, others their own, each in the whole role
 * of the user: as with access keys, whoever has it may what the user may, for good.
 */
import type { Db, Trx } from '../../db/database.ts';
import { deletePasswordSessions } from '../../db/tenants/sessions.ts';
import { findUser, lockUser, updatePassword } from '../../db/tenants/users.ts';
import { checkPassword } from '../../domain/tenant-rules.ts';
import type { User } from '../../domain/tenants.ts';
import { act, type Deed, recordRefusal } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';
import { demandFullRights } from './access-keys.ts';
import { requireUser } from './users.ts';

export interface SetPasswordCommand {
  /** Id, name or `self`. */
  readonly user: string;
  /** Null takes it away. */
  readonly password: string | null;
}

/** The sessions that were made with the old one end, as the promise of sessions.ts has it. */
export async function setPassword(
  context: AppContext,
  caller: Caller,
  { user, password }: SetPasswordCommand,
  signal: AbortSignal,
): Promise<void> {
  const deed: Deed = { action: 'user.password', resource: { type: 'user', id: user } };
  async function requireHolder<Connection extends Db | Trx>(
    db: Connection,
    done: Deed,
    find: (db: Connection, accountId: string, idOrName: string) => Promise<User | undefined>,
  ): Promise<User> {
    const holder = await requireUser(db, caller, user, find);
    const details = { name: holder.name, removed: password === null };
    Object.assign(done, { resource: { type: 'user', id: holder.id }, details });
    demandFullRights(caller, holder, 'user.password');
    return holder;
  }
  // Before the transaction, which would hold a connection and its locks for as long; and not for whoever may not set it.
  const kept = await recordRefusal(context, caller, deed, async () => {
    if (password === null) return null;
    checkPassword(password);
    await requireHolder(context.db, deed, findUser);
    return await context.passwords.hash(password, signal);
  });
  await act(context, caller, deed, async (trx, done) => {
    const holder = await requireHolder(trx, done, lockUser);
    await updatePassword(trx, holder.id, kept);
    await deletePasswordSessions(trx, holder.id);
  });
}
