/** What can be asked of a bearer token, and done to it, by whoever has its text; for dialects that name sessions so. */
import { findAccountOfUser, findAdministeringAccount } from '../../db/tenants/accounts.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Account, Session } from '../../domain/tenants.ts';
import { authenticateToken } from '../authenticate.ts';
import type { AppContext, Caller } from '../context.ts';
import { deleteSession, findVisibleSession } from './sessions.ts';

export interface TokenSession extends Session {
  /** Whom the token lets in, as he stands now. */
  readonly principal: Principal;
  /** The user's own account; by an agency he acts in another one. */
  readonly home: Pick<Account, 'id' | 'name'>;
}

/**
 * The session of a token that lets its bearer in; undefined when it does not, or is not the caller's to know: it is another
 * user's, and the caller no owner of his account.
 */
export async function findTokenSession(
  context: AppContext,
  caller: Caller,
  token: string,
): Promise<TokenSession | undefined> {
  const found = await findReached(context, caller, token);
  const home = found && (await findHome(context, found));
  return home && { ...found, home };
}

async function findReached(
  context: AppContext,
  caller: Caller,
  token: string,
): Promise<Omit<TokenSession, 'home'> | undefined> {
  const principal = await authenticateToken(context, token);
  if (principal === undefined || principal.sessionId === null) return undefined;
  const session = await findVisibleSession(context.db, caller, principal.sessionId, context.clock.now());
  return session && { ...session, principal };
}

/** The installation's token belongs to the account that administers it. */
async function findHome({ db }: AppContext, { userId }: Session): Promise<Account | undefined> {
  return userId === null ? await findAdministeringAccount(db) : await findAccountOfUser(db, userId);
}

/** Ends the token and all that was made with it; `session.not-found` where {@link findTokenSession} finds none. */
export async function endToken(context: AppContext, caller: Caller, token: string): Promise<void> {
  const session = await findReached(context, caller, token);
  // The token itself is a secret, which no refusal and no event may tell.
  await deleteSession(context, caller, session?.id ?? 'of this token');
}
