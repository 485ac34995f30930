/**
 * Who a credential stands for. Everything that it rests on is looked at on each request: when it has expired, is disabled or
 * gone, or was never there, the answer is the same `undefined`. Every dialect asks here.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { noteAccessKeyUse } from '../db/tenants/access-keys.ts';
import type { PasswordHolder, SessionHolder } from '../db/tenants/credentials.ts';
import { may } from '../domain/authorization.ts';
import { delegatedProjects } from '../domain/delegation.ts';
import { lesserRole, type Principal } from '../domain/principal.ts';
import { passwordMark } from '../lib/passwords.ts';
import type { AppContext } from './context.ts';
import { accessKeyPlace } from './tenants/access-keys.ts';
import { hashToken } from './tenants/session-token.ts';

/** Of whoever acts by a credential of his own, and in no session. */
const sessionless = { sessionId: null, agency: null, projects: null, projectId: null, temporary: false } as const;

/** The bearer of the installation's token, or of a session's. */
export async function authenticateToken(context: AppContext, token: string): Promise<Principal | undefined> {
  const hash = hashToken(token);
  if (timingSafeEqual(hash, context.installationToken)) return await installationPrincipal(context);
  const holder = await context.credentials.findTokenHolder(hash, context.clock.now());
  return holder && sessionPrincipal(holder);
}

async function installationPrincipal({ credentials }: AppContext): Promise<Principal | undefined> {
  const account = await credentials.findAdministeringAccount();
  if (account === undefined) return undefined;
  const { id, name, number, administers } = account;
  return {
    kind: 'installation',
    accountId: id,
    accountName: name,
    accountNumber: number,
    administers,
    role: 'owner',
    userId: null,
    name: 'installation',
    accessKeyId: null,
    ...sessionless,
  };
}

export interface UserName {
  /** Id, number or name; without one the user is named by his id. */
  readonly account?: string | undefined;
  /** Id or name. */
  readonly user: string;
}

export interface UserPassword {
  /** Whose it is, however he was named; undefined: nobody logs in so. How often somebody may guess is the front door's to bound. */
  readonly userId: string | undefined;
  /**
   * The user, if `text` is his password. Whether account, user or password are wrong, it is undefined and takes as long.
   * Throws {@link PasswordsBusyError} when too many ask at once.
   */
  prove(text: string, signal: AbortSignal): Promise<Principal | undefined>;
}

export async function findPassword(
  { credentials, passwords }: Pick<AppContext, 'credentials' | 'passwords'>,
  name: UserName,
): Promise<UserPassword> {
  const holder = await credentials.findPasswordHolder(name.account, name.user);
  return {
    userId: holder?.user.id,
    async prove(text, signal) {
      const isRight = await passwords.verify(text, holder?.password, signal);
      return holder !== undefined && isRight ? passwordPrincipal(holder) : undefined;
    },
  };
}

function passwordPrincipal({ account, user, password }: PasswordHolder): Principal {
  return {
    kind: 'user',
    accountId: account.id,
    accountName: account.name,
    accountNumber: account.number,
    administers: account.administers,
    role: user.role,
    userId: user.id,
    name: user.name,
    accessKeyId: null,
    passwordMark: passwordMark(password),
    ...sessionless,
  };
}

/** Of access keys that there can be; for others the database need not be asked, which takes no U+0000. */
export const accessKeyIdPattern = /^[\w.-]{1,128}$/;

export interface SigningKey {
  readonly principal: Principal;
  readonly secret: string;
  /** To be called once the signature has proved right: writes down, in its own time, that the key was used. */
  noteUse(): void;
}

/**
 * The key that a signature has to be checked with: an access key, or with a session's token the temporary credentials that the
 * token belongs to.
 */
export async function findSigningKey(
  context: AppContext,
  accessKeyId: string,
  sessionToken: string | undefined,
): Promise<SigningKey | undefined> {
  return sessionToken === undefined
    ? await findAccessKey(context, accessKeyId)
    : await findTemporaryKey(context, accessKeyId, sessionToken);
}

/** Whether there is such a key: of one that {@link findSigningKey} did not find, whether the session token was to blame. */
export async function isKey({ credentials, clock }: AppContext, id: string): Promise<boolean> {
  const now = clock.now();
  const holder = await credentials.findAccessKeyHolder(id, now);
  if (holder !== undefined) return true;
  const session = await credentials.findTemporaryKeyHolder(id, now);
  return session !== undefined && sessionPrincipal(session) !== undefined;
}

const useAccuracyMs = 60_000;

async function findAccessKey(context: AppContext, id: string): Promise<SigningKey | undefined> {
  const { db, credentials, clock, secrets, logger } = context;
  const now = clock.now();
  const holder = await credentials.findAccessKeyHolder(id, now);
  if (holder === undefined) return undefined;
  const { accountId, accountName, accountNumber, administers, userId } = holder;
  return {
    principal: {
      kind: 'user',
      accountId,
      accountName,
      accountNumber,
      administers,
      role: holder.userRole,
      userId,
      name: holder.userName,
      accessKeyId: id,
      ...sessionless,
    },
    secret: secrets.open(holder.secret, accessKeyPlace(id)),
    noteUse() {
      const since = now - useAccuracyMs;
      if (holder.lastUsedAt !== null && holder.lastUsedAt > since) return;
      // At most what is in flight when a minute begins: the first to be written answers for the others.
      noteAccessKeyUse(db, id, since, now).catch((error: unknown) => {
        logger.warn({ error, accessKey: id }, 'the use of an access key was not written down');
      });
    },
  };
}

async function findTemporaryKey(
  { credentials, clock, secrets }: AppContext,
  accessKeyId: string,
  token: string,
): Promise<SigningKey | undefined> {
  const holder = await credentials.findTemporaryKeyHolder(accessKeyId, clock.now());
  if (holder?.secret == null || !timingSafeEqual(hashToken(token), holder.token)) return undefined;
  const principal = sessionPrincipal(holder);
  if (principal === undefined) return undefined;
  return { principal, secret: secrets.open(holder.secret, accessKeyPlace(accessKeyId)), noteUse() {} };
}

/** Undefined when the user may not use the agency any more, or the agency grants nothing of what the session was made for. */
function sessionPrincipal(holder: SessionHolder): Principal | undefined {
  const { accountId, accountName, accountNumber, administers, userId, userName, userRole, agency } = holder;
  const role = userRole === null ? holder.role : lesserRole(holder.role, userRole);
  const base = {
    kind: 'session',
    accountId,
    accountName,
    accountNumber,
    administers,
    role,
    userId,
    name: userName ?? 'installation',
    accessKeyId: holder.accessKeyId,
    sessionId: holder.sessionId,
    projectId: holder.projectId,
    temporary: holder.accessKeyId !== null,
  } as const;
  const self: Principal = { ...base, role: userRole ?? 'owner', agency: null, projects: null };
  if (agency === null) return { ...self, role };
  const projects = delegatedProjects(agency.grants, role);
  if (projects === undefined || may(self, 'agency.assume') !== 'yes') return undefined;
  // The account that let it in sees from where.
  return { ...base, name: `${base.name}@${holder.homeName}`, agency: agency.name, projects };
}

/**
 * Whether `what` is used for at most the `most`-th time until `expiresAt` (epoch milliseconds), now included: for clients that
 * send a request again as it is. Each use is a nonce of its own, so that the first one, as nearly all are, is one statement.
 */
export async function rememberUses(
  context: Pick<AppContext, 'nonces' | 'clock'>,
  scope: string,
  what: string,
  { most, expiresAt }: { readonly most: number; readonly expiresAt: number },
): Promise<boolean> {
  for (let use = 1; use <= most; use++) {
    if (await rememberNonce(context, scope, `${use} ${what}`, expiresAt)) return true;
  }
  return false;
}

/**
 * Remembers the nonce of a signed request until `expiresAt` (epoch milliseconds); false: it was used before. Clients choose
 * nonces, so what is kept is a hash, of one length.
 */
export async function rememberNonce(
  { nonces, clock }: Pick<AppContext, 'nonces' | 'clock'>,
  scope: string,
  nonce: string,
  expiresAt: number,
): Promise<boolean> {
  const hash = createHash('sha256').update(nonce).digest('base64url');
  return await nonces.remember({ scope, nonce: hash, expiresAt }, clock.now());
}
