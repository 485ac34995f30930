/**
 * Sessions: bearer tokens, and temporary credentials where a key is asked for with it. A session is never more than whoever
 * asks for it: not in what it may, nor in how long it lives, nor in what it rests on.
 */
import type { Db, Trx } from '../../db/database.ts';
import { recordEvent } from '../../db/events.ts';
import { type Cursor, type PageRequest, toPage } from '../../db/paging.ts';
import { findAccount } from '../../db/tenants/accounts.ts';
import { findAgency } from '../../db/tenants/agencies.ts';
import { findProject } from '../../db/tenants/projects.ts';
import {
  countSessions,
  deleteSession as deleteSessionRow,
  findSession,
  findSessionIssuer,
  findSessionName,
  insertSession,
  listSessions as listSessionRows,
  type NewSession,
  type SessionOwner,
} from '../../db/tenants/sessions.ts';
import { lockPassword } from '../../db/tenants/users.ts';
import { delegatedProjects, delegatedRole } from '../../domain/delegation.ts';
import { actorOf, type NewEvent } from '../../domain/event.ts';
import { checkWhole } from '../../domain/field-rules.ts';
import { isUuid, newSecret, newTemporaryKeyId, newUuid } from '../../domain/ids.ts';
import { hasRole, type Role } from '../../domain/principal.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { checkTenantName } from '../../domain/tenant-rules.ts';
import type { Project, Session } from '../../domain/tenants.ts';
import { passwordMark } from '../../lib/passwords.ts';
import { act, type Deed, demand } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';
import { accessKeyPlace } from './access-keys.ts';
import { hashToken, newSessionToken } from './session-token.ts';

export interface SessionPage {
  readonly sessions: readonly Session[];
  /** Where the next page begins, null at the end. */
  readonly next: Cursor | null;
}

/** Those that have not ended, newest first: the caller's own, and for owners those of all users of the account. */
export async function listSessions(context: AppContext, caller: Caller, query: PageRequest): Promise<SessionPage> {
  demand(caller, 'session.read');
  const owner = ownerFor(caller);
  const request = { ...query, limit: query.limit + 1 };
  const rows = owner === undefined ? [] : await listSessionRows(context.db, owner, request, context.clock.now());
  const { page, next } = toPage(rows, query.limit, ({ createdAt, id }) => ({ value: createdAt, id }));
  return { sessions: page, next };
}

/** Whose sessions exist for the caller; undefined: nobody's. */
function ownerFor({ role, accountId, userId }: Caller): SessionOwner | undefined {
  if (role === 'owner') return { accountId, userId: null };
  return userId === null ? undefined : { accountId, userId };
}

/** The caller's own session, and those that he would find in his list. */
export async function findVisibleSession(
  db: Db | Trx,
  caller: Caller,
  id: string,
  now: number,
): Promise<Session | undefined> {
  if (id === caller.sessionId) return await findSession(db, undefined, id, now);
  const owner = caller.agency === null && isUuid(id) ? ownerFor(caller) : undefined;
  return owner && (await findSession(db, owner, id, now));
}

/** What the session is called that the caller acts in; undefined without one, or when it has ended meanwhile. */
export async function findOwnSessionName(
  { db }: Pick<AppContext, 'db'>,
  { sessionId }: Caller,
): Promise<string | undefined> {
  return sessionId === null ? undefined : await findSessionName(db, sessionId);
}

export interface CreateSessionCommand {
  readonly name: string;
  /** As long as can be by default, `mostSeconds` at most. */
  readonly seconds?: number | undefined;
  readonly mostSeconds?: number | undefined;
  /** The caller's by default; by an agency, the greatest that its grants give him, in the project if there is one. */
  readonly role?: Role | undefined;
  /** With a key to sign requests with; then the token goes along with each, and is none by itself. */
  readonly credentials?: boolean | undefined;
  /** Of another account, its id, number or name, to act there. */
  readonly agency?: { readonly account: string; readonly name: string } | undefined;
  /** Id or name, of the account that it acts in: what its requests mean that name no project. */
  readonly project?: string | undefined;
  /** Id, number or name of the account that it has to act in; in another one it is not made. */
  readonly account?: string | undefined;
}

/** A session as it is told once. */
export interface NewSessionAnswer extends Session {
  readonly token: string;
  readonly accessKey?: { readonly id: string; readonly secret: string };
}

export async function createSession(
  context: AppContext,
  caller: Caller,
  command: CreateSessionCommand,
): Promise<NewSessionAnswer> {
  const { random, clock, secrets } = context;
  const id = newUuid(random);
  const deed: Deed = { action: 'session.create', resource: { type: 'session', id } };
  return await act(context, caller, deed, async (trx, done) => {
    const { name, credentials = false } = command;
    checkTenantName(name);
    demandNoPromotion(caller, credentials);
    const now = clock.now();
    const issuer = await findIssuer(trx, caller);
    const place = await findPlace(trx, caller, command, now);
    await demandAccount(trx, place.session.accountId, command.account);
    await demandRoom(trx, caller, now);
    done.details = { name, credentials, ...place.session };
    const token = newSessionToken(random);
    const accessKey = credentials ? { id: newTemporaryKeyId(random), secret: newSecret(random) } : undefined;
    const session: Session = {
      ...place.session,
      id,
      name,
      userId: caller.userId,
      userName: caller.userId === null ? null : caller.name,
      accessKeyId: accessKey?.id ?? null,
      createdAt: now,
      expiresAt: now + lifeOf(context, command, issuer.expiresAt - now),
    };
    const row: NewSession = {
      session,
      token: hashToken(token),
      secret: accessKey ? secrets.seal(accessKey.secret, accessKeyPlace(accessKey.id)) : null,
      agencyId: place.agencyId,
      issuer: { accessKeyId: issuer.accessKeyId, sessionId: caller.sessionId },
    };
    if (!(await insertSession(trx, row))) throw new RefusalError('session.not-found', { session: 'self' });
    if (place.agencyId !== null) {
      await recordEvent(trx, assumption(caller, place.session.accountId, place.agencyId, session), now);
    }
    return { ...session, token, ...(accessKey && { accessKey }) };
  });
}

/** A bearer token may make what lasts (`lasting` in authorization.ts), so temporary credentials make nothing but their like. */
function demandNoPromotion(caller: Caller, credentials: boolean): void {
  if (caller.temporary && !credentials) {
    throw new RefusalError('request.invalid', {
      field: 'credentials',
      rule: 'must be true: temporary ones make no token',
    });
  }
}

/**
 * Of a user, at a time: there are clients that make one for each command, and in twelve hours this is one every four seconds.
 * Those that are made at the same moment may be a few more.
 */
const maxSessions = 10_000;

async function demandRoom(trx: Trx, { userId, name }: Caller, now: number): Promise<void> {
  if (userId === null || (await countSessions(trx, userId, now, maxSessions)) < maxSessions) return;
  throw new RefusalError('session.limit', { user: name, limit: maxSessions });
}

/** What the new session will rest on: the caller's access key, be it that his own session was made with it, or his password. */
async function findIssuer(
  trx: Trx,
  caller: Caller,
): Promise<{ readonly accessKeyId: string | null; readonly expiresAt: number }> {
  const { sessionId, accessKeyId } = caller;
  if (sessionId === null) {
    await demandSamePassword(trx, caller);
    return { accessKeyId, expiresAt: Number.POSITIVE_INFINITY };
  }
  const issuer = await findSessionIssuer(trx, sessionId);
  if (issuer === undefined) throw new RefusalError('session.not-found', { session: 'self' });
  return issuer;
}

/** Whoever sets a new password ends what was made with the old one, and must not miss what is just being made with it. */
async function demandSamePassword(trx: Trx, { userId, passwordMark: proven }: Caller): Promise<void> {
  if (userId === null || proven === undefined) return;
  const password = await lockPassword(trx, userId);
  if (password === null || passwordMark(password) !== proven) {
    throw new RefusalError('session.not-found', { session: 'self' });
  }
}

/** Where the session acts, and as what. */
async function findPlace(
  trx: Trx,
  caller: Caller,
  { agency, role, project }: CreateSessionCommand,
  now: number,
): Promise<{ session: Pick<Session, 'accountId' | 'agency' | 'role' | 'projectId'>; agencyId: string | null }> {
  if (role !== undefined && !hasRole(caller.role, role)) {
    throw new RefusalError('request.invalid', { field: 'role', rule: `must be ${caller.role}, your own, or less` });
  }
  if (agency === undefined) {
    const { accountId } = caller;
    const projectId = reached(await findNamed(trx, accountId, project), caller.projects, project);
    return { session: { accountId, agency: null, role: role ?? caller.role, projectId }, agencyId: null };
  }
  demand(caller, 'agency.assume');
  const account = await findAccount(trx, agency.account);
  const found = account && (await findAgency(trx, account.id, agency.name));
  // Whether there is an account of this name, or an agency that trusts somebody else, is not the caller's to know.
  const isThere =
    found !== undefined &&
    account?.disabledAt === null &&
    found.trustedAccountId === caller.accountId &&
    (found.expiresAt === null || found.expiresAt > now);
  if (!isThere) throw new RefusalError('agency.not-found', { agency: agency.name });
  const { accountId, grants } = found;
  const named = await findNamed(trx, accountId, project);
  const acting = role ?? delegatedRole(grants, caller.role, named?.id) ?? delegatedRole(grants, caller.role);
  const projects = acting && delegatedProjects(grants, acting);
  if (acting === undefined || projects === undefined) throw new RefusalError('forbidden', { action: 'agency.assume' });
  const projectId = reached(named, projects, project);
  return { session: { accountId, agency: found.name, role: acting, projectId }, agencyId: found.id };
}

async function demandAccount(trx: Trx, acting: string, account: string | undefined): Promise<void> {
  const isMeant = account === undefined || (await findAccount(trx, account))?.id === acting;
  if (!isMeant) throw new RefusalError('account.not-found', { account });
}

async function findNamed(trx: Trx, accountId: string, project: string | undefined): Promise<Project | undefined> {
  return project === undefined ? undefined : await findProject(trx, accountId, project);
}

/** `projects`: where it may act, null for all of the account. */
function reached(found: Project | undefined, projects: readonly string[] | null, project: string | undefined) {
  if (project === undefined) return null;
  if (found === undefined || projects?.includes(found.id) === false) {
    throw new RefusalError('project.not-found', { project });
  }
  return found.id;
}

/** What the account that is entered is told. */
function assumption(caller: Caller, accountId: string, agencyId: string, { id, role, expiresAt }: Session): NewEvent {
  return {
    accountId,
    type: 'agency.assume',
    outcome: 'succeeded',
    actor: actorOf(caller),
    resource: { type: 'agency', id: agencyId },
    region: null,
    origin: caller.origin,
    details: { session: id, account: caller.accountName, role, expiresAt },
  };
}

/** Milliseconds; `most` is what the caller's own session has left. */
function lifeOf({ sessionMs }: AppContext, { seconds, mostSeconds }: CreateSessionCommand, most: number): number {
  const longest = Math.min(sessionMs, most);
  if (seconds === undefined) return mostSeconds === undefined ? longest : Math.min(longest, mostSeconds * 1000);
  checkWhole('seconds', seconds, 1, Math.floor(longest / 1000));
  return seconds * 1000;
}

/** Ends the session and all that were made with it. `session`: its id, or `self`, which logs out. */
export async function deleteSession(context: AppContext, caller: Caller, session: string): Promise<void> {
  const id = session === 'self' ? caller.sessionId : session;
  const deed = { action: 'session.delete', resource: { type: 'session', id: id ?? session } } as const;
  await act(context, caller, deed, async (trx) => {
    const now = context.clock.now();
    const found = id === null ? undefined : await findVisibleSession(trx, caller, id, now);
    if (found === undefined || !(await deleteSessionRow(trx, found.id)))
      throw new RefusalError('session.not-found', { session });
  });
}
