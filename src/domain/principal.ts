/** Who calls, and as what: the same for every dialect, whichever way it was proved. */

/** Each role may do what the next one may, and more. */
export const roles = ['owner', 'operator', 'viewer'] as const;
export type Role = (typeof roles)[number];

/**
 * `installation`: the bearer of the data directory's token. `user`: by an access key or a password. `session`: by a bearer token or
 * temporary credentials. `service`: Mimeo itself, for instance a copy that goes on.
 */
export const principalKinds = ['installation', 'user', 'session', 'service'] as const;
export type PrincipalKind = (typeof principalKinds)[number];

export interface Principal {
  readonly kind: PrincipalKind;
  /** The account it acts in: the user's own, or the one whose agency it took. */
  readonly accountId: string;
  readonly accountName: string;
  /** Sixteen digits; what others share images with. */
  readonly accountNumber: number;
  /** The account runs the installation. */
  readonly administers: boolean;
  readonly role: Role;
  /** Null for the installation's own token and for the service. */
  readonly userId: string | null;
  /** What events call it. */
  readonly name: string;
  readonly accessKeyId: string | null;
  /** Of a session, null for all others. */
  readonly sessionId: string | null;
  /** Name of the agency that it acts by, null when it acts for itself. */
  readonly agency: string | null;
  /** Ids of the projects that an agency was granted; null: all of the account. */
  readonly projects: readonly string[] | null;
  /**
   * The project that its token was made for: what its requests mean that name none; null for all others. It limits nothing:
   * whoever has the token may ask for one of another project.
   */
  readonly projectId: string | null;
  /** Of one that a password has let in, which one (`passwordMark`): a session that he makes ends with it. */
  readonly passwordMark?: string;
  /** Signs with temporary credentials, which make nothing that would outlive them (`lasting` in authorization.ts). */
  readonly temporary: boolean;
}

/** True when `role` is `least` or more. */
export function hasRole(role: Role, least: Role): boolean {
  return roles.indexOf(role) <= roles.indexOf(least);
}

/** The lesser of two roles. */
export function lesserRole(one: Role, other: Role): Role {
  return hasRole(one, other) ? other : one;
}
