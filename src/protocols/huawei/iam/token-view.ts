/** A token as IAM shows it. */
import type { Caller } from '../../../app/context.ts';
import { findProjectById } from '../../../app/tenants/find-project.ts';
import type { TokenSession } from '../../../app/tenants/tokens.ts';
import type { Role } from '../../../domain/principal.ts';
import type { Hosts } from '../hosts.ts';
import { toHexId } from '../ids.ts';
import type { HuaweiContext } from '../operation.ts';
import { identityTime } from '../times.ts';
import { catalogOf } from './catalog.ts';
import { huaweiRoles } from './roles-data.ts';
import { isTokenMethod } from './token-identity.ts';

interface Viewing {
  readonly context: HuaweiContext;
  readonly hosts: Hosts;
  readonly origin: Caller['origin'];
}

export async function viewToken(
  viewing: Viewing,
  session: TokenSession,
  { withCatalog }: { readonly withCatalog: boolean },
): Promise<object> {
  const { principal, home, agency } = session;
  const domain = domainOf({ id: principal.accountId, name: principal.accountName });
  const user = userOf(session, domain);
  return {
    methods: [methodOf(session)],
    issued_at: identityTime(session.createdAt),
    expires_at: identityTime(session.expiresAt),
    // Of an agency it is the account that lets somebody in.
    user: agency === null ? user : { ...user, name: `${domain.name}/${agency}` },
    ...(agency !== null && { assumed_by: { user: userOf(session, domainOf(home)) } }),
    ...(await scopeOf(viewing, session, domain)),
    roles: rolesOf(principal.role, agency !== null),
    ...(withCatalog && { catalog: await catalogOf(viewing, { ...principal, origin: viewing.origin }) }),
  };
}

interface Domain {
  readonly id: string;
  readonly name: string;
}

function domainOf({ id, name }: Domain): Domain {
  return { id: toHexId(id), name };
}

/** Behind the installation's own token there is no user, but the account. */
function userOf({ userId, userName, home }: TokenSession, domain: Domain) {
  const id = toHexId(userId ?? home.id);
  return { id, name: userName ?? 'installation', domain, password_expires_at: '' };
}

/** `create-token.ts` names the session so; what the native API gave is just a token. */
function methodOf({ name, agency }: TokenSession): string {
  if (agency !== null) return 'assume_role';
  return isTokenMethod(name) ? name : 'token';
}

async function scopeOf({ context, origin }: Viewing, { principal, projectId }: TokenSession, domain: Domain) {
  const caller = { ...principal, origin };
  const project = projectId === null ? undefined : await findProjectById(context, caller, projectId);
  return project === undefined ? { domain } : { project: { id: toHexId(project.id), name: project.name, domain } };
}

const rolesOfUsers: Readonly<Record<Role, readonly string[]>> = {
  owner: ['te_admin', 'secu_admin', 'te_agency'],
  operator: ['ims_adm', 'te_agency'],
  viewer: ['readonly'],
};

/** Whoever acts by an agency has nothing of what is granted on a domain. */
function rolesOf(role: Role, isDelegated: boolean): readonly object[] {
  const names = rolesOfUsers[role];
  const found = huaweiRoles.filter(({ name, type }) => names.includes(name) && !(isDelegated && type === 'AX'));
  return found.map(({ id, name }) => ({ id, name }));
}
