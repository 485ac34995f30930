/** The rows of sessions, as lists and those who end them see them; who holds one is asked in credentials.ts. */
import { type SqlBool, sql } from 'kysely';
import type { Session } from '../../domain/tenants.ts';
import { type Db, sqlState, type Trx } from '../database.ts';
import type { PageRequest } from '../paging.ts';

function selectSessions(db: Db | Trx, now: number) {
  return db
    .selectFrom('sessions')
    .leftJoin('users', 'users.id', 'sessions.user')
    .leftJoin('agencies', 'agencies.id', 'sessions.agency')
    .select([
      'sessions.id',
      'sessions.account as accountId',
      'sessions.name',
      'sessions.role',
      'sessions.user as userId',
      'users.name as userName',
      'agencies.name as agency',
      'sessions.project as projectId',
      'sessions.access_key as accessKeyId',
      'sessions.created_at as createdAt',
      'sessions.expires_at as expiresAt',
    ])
    .where('sessions.expires_at', '>', now);
}

/** Whose sessions are looked for. */
export interface SessionOwner {
  readonly accountId: string;
  /** Null: of all of them. */
  readonly userId: string | null;
}

/** Of users of the account; those that the bearer of the installation's token made belong to the account that administers. */
function selectSessionsOf(db: Db | Trx, { accountId, userId }: SessionOwner, now: number) {
  const ofAccount = selectSessions(db, now).where(
    sql<SqlBool>`CASE WHEN users.id IS NULL THEN EXISTS (SELECT FROM accounts WHERE id = ${accountId} AND administers)
      ELSE users.account = ${accountId} END`,
  );
  return userId === null ? ofAccount : ofAccount.where('sessions.user', '=', userId);
}

/** `owner`: undefined for whoever's it is. */
export async function findSession(
  db: Db | Trx,
  owner: SessionOwner | undefined,
  id: string,
  now: number,
): Promise<Session | undefined> {
  const sessions = owner === undefined ? selectSessions(db, now) : selectSessionsOf(db, owner, now);
  return await sessions.where('sessions.id', '=', id).executeTakeFirst();
}

/** Newest first. */
export async function listSessions(
  db: Db,
  owner: SessionOwner,
  { after, limit }: PageRequest,
  now: number,
): Promise<Session[]> {
  let query = selectSessionsOf(db, owner, now);
  if (after !== undefined) {
    query = query.where(sql<SqlBool>`(sessions.created_at, sessions.id) < (${after.value}, ${after.id}::uuid)`);
  }
  return await query.orderBy('sessions.created_at', 'desc').orderBy('sessions.id', 'desc').limit(limit).execute();
}

export interface NewSession {
  readonly session: Session;
  /** Hash of it. */
  readonly token: Uint8Array;
  /** Sealed; null for a bearer token. */
  readonly secret: Buffer | null;
  readonly agencyId: string | null;
  /** What it ends with: the access key or the session with which it was asked for; neither: the user's password. */
  readonly issuer: { readonly accessKeyId: string | null; readonly sessionId: string | null };
}

/** A foreign key is not there. */
const foreignKeyViolation = '23503';

/** False when whoever asks for it, the agency or the project is gone meanwhile. */
export async function insertSession(
  trx: Trx,
  { session, token, secret, agencyId, issuer }: NewSession,
): Promise<boolean> {
  try {
    await trx
      .insertInto('sessions')
      .values({
        id: session.id,
        token: Buffer.from(token),
        access_key: session.accessKeyId,
        secret,
        name: session.name,
        user: session.userId,
        issued_with: issuer.accessKeyId,
        issued_by: issuer.sessionId,
        account: session.accountId,
        agency: agencyId,
        role: session.role,
        project: session.projectId,
        created_at: session.createdAt,
        expires_at: session.expiresAt,
      })
      .execute();
    return true;
  } catch (error) {
    if (sqlState(error) === foreignKeyViolation) return false;
    throw error;
  }
}

/** How many sessions the user has, those by agencies too, counted as far as `most`. */
export async function countSessions(trx: Trx, userId: string, now: number, most: number): Promise<number> {
  const some = trx
    .selectFrom('sessions')
    .select('id')
    .where('user', '=', userId)
    .where('expires_at', '>', now)
    .limit(most);
  const { count } = await trx
    .selectFrom(some.as('some'))
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

/** What a session rests on and when it ends, for those that are made with it. */
export async function findSessionIssuer(
  trx: Trx,
  id: string,
): Promise<{ readonly accessKeyId: string | null; readonly expiresAt: number } | undefined> {
  return await trx
    .selectFrom('sessions')
    .select(['issued_with as accessKeyId', 'expires_at as expiresAt'])
    .where('id', '=', id)
    .executeTakeFirst();
}

/** What whoever made the session called it. */
export async function findSessionName(db: Db, id: string): Promise<string | undefined> {
  const row = await db.selectFrom('sessions').select('name').where('id', '=', id).executeTakeFirst();
  return row?.name;
}

/** Deletes the session with those that were made with it; false when it is gone. */
export async function deleteSession(trx: Trx, id: string): Promise<boolean> {
  const { numDeletedRows } = await trx.deleteFrom('sessions').where('id', '=', id).executeTakeFirst();
  return numDeletedRows === 1n;
}

/** Deletes the user's sessions that rest on no access key and on no other session, with those that were made with them. */
export async function deletePasswordSessions(trx: Trx, userId: string): Promise<void> {
  await trx
    .deleteFrom('sessions')
    .where('user', '=', userId)
    .where('issued_with', 'is', null)
    .where('issued_by', 'is', null)
    .execute();
}
