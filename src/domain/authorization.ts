/** "May this principal do this to that?" The only place that answers it (design §8); pure, so that it can be asked twice. */
import type { Visibility } from './image.ts';
import { hasRole, type Principal, type Role } from './principal.ts';
import type { MemberStatus } from './sharing.ts';

interface Rule {
  readonly least: Role;
  readonly administers?: true;
  readonly delegable?: 'never' | 'whole';
  readonly lasting?: true;
}

/**
 * What can be asked for, with the least role that may. `administers`: only in the account that runs the installation.
 * `delegable`: whether an agency's grants reach it. `never`, where it is about who may do what, since whoever was let in for a
 * while must not be able to stay; `whole`, where it lies in no project, by a grant of all projects only. `lasting`: gives rights
 * that do not end, so it is not for temporary credentials; what only takes rights away has an action of its own, and is.
 */
export const actions = {
  'image.read': { least: 'viewer' },
  'image.download': { least: 'viewer' },
  // Into a bucket of the installation, which everybody's exports lie in.
  'image.export': { least: 'operator' },
  'image.create': { least: 'operator' },
  'image.upload': { least: 'operator' },
  'image.update': { least: 'operator' },
  'image.delete': { least: 'operator' },
  'image.share': { least: 'operator' },
  'image.publish': { least: 'owner' },
  'snapshot.read': { least: 'viewer' },
  'snapshot.update': { least: 'operator' },
  'snapshot.delete': { least: 'operator' },
  'share.read': { least: 'viewer' },
  'invitation.read': { least: 'viewer', delegable: 'whole' },
  'share.answer': { least: 'operator', delegable: 'whole' },
  'copy.read': { least: 'viewer' },
  'copy.create': { least: 'operator' },
  'copy.cancel': { least: 'operator' },
  'task.read': { least: 'viewer' },
  'task.cancel': { least: 'operator' },
  // Keys lie in an account's region, in none of its projects; who copies in one of these may use them all the same.
  'key.read': { least: 'viewer', delegable: 'whole' },
  'key.use': { least: 'operator' },
  'key.manage': { least: 'owner', delegable: 'whole' },
  'event.read': { least: 'viewer', delegable: 'whole' },
  'quota.read': { least: 'viewer' },
  'account.read': { least: 'viewer' },
  'user.read': { least: 'viewer', delegable: 'never' },
  'user.manage': { least: 'owner', delegable: 'never', lasting: true },
  'user.delete': { least: 'owner', delegable: 'never' },
  // Everybody his own; whose else is looked at with the user.
  'user.password': { least: 'viewer', delegable: 'never', lasting: true },
  'access-key.read': { least: 'viewer', delegable: 'never' },
  'access-key.manage': { least: 'viewer', delegable: 'never', lasting: true },
  'access-key.delete': { least: 'viewer', delegable: 'never' },
  'session.read': { least: 'viewer', delegable: 'never' },
  'session.create': { least: 'viewer', delegable: 'never' },
  'session.delete': { least: 'viewer' },
  'project.read': { least: 'viewer' },
  'project.manage': { least: 'owner', delegable: 'whole' },
  'agency.read': { least: 'viewer', delegable: 'never' },
  'agency.manage': { least: 'owner', delegable: 'never', lasting: true },
  'agency.delete': { least: 'owner', delegable: 'never' },
  'agency.assume': { least: 'operator', delegable: 'never' },
  'resource-group.read': { least: 'viewer' },
  'resource-group.manage': { least: 'operator', delegable: 'whole' },
  'webhook.read': { least: 'viewer', delegable: 'whole' },
  'webhook.manage': { least: 'owner', delegable: 'whole' },
  'region.read': { least: 'viewer' },
  'installation.read': { least: 'viewer', administers: true },
  'installation.operate': { least: 'operator', administers: true },
  'account.manage': { least: 'owner', administers: true, lasting: true },
  'quota.manage': { least: 'owner', administers: true },
} as const satisfies Readonly<Record<string, Rule>>;

export type Action = keyof typeof actions;

/** What another account's images allow to those whom they are shared with. */
const sharedActions: ReadonlySet<Action> = new Set(['image.read', 'image.download', 'image.export', 'copy.create']);

/** What is asked about; without one the question is whether the role allows the action at all. */
export interface Target {
  readonly accountId: string;
  /** Of a thing that lies in a project. */
  readonly projectId?: string;
  /** Of an image: who else may see it. */
  readonly visibility?: Visibility;
  /** Of an image: the caller's account's place among its members, null for none. */
  readonly membership?: MemberStatus | null;
}

/** `hidden`: the target does not exist for the principal, so nothing else may be said about it. */
export type Verdict = 'yes' | 'no' | 'hidden';

export function may(principal: Principal, action: Action, target?: Target): Verdict {
  const rule: Rule = actions[action];
  if (target !== undefined && !sees(principal, action, target)) return 'hidden';
  if (!hasRole(principal.role, rule.least)) return 'no';
  if (rule.administers && !principal.administers) return 'no';
  if (rule.lasting && principal.temporary) return 'no';
  // A task lies in its image's project, and another account's image in none of those.
  if (action === 'image.export' && principal.projects !== null && target && target.accountId !== principal.accountId) {
    return 'no';
  }
  return principal.agency === null || isDelegated(principal, rule) ? 'yes' : 'no';
}

/** Whoever acts by an agency has what its grants say in the account, and nothing of the installation. */
function isDelegated({ projects }: Principal, { administers, delegable }: Rule): boolean {
  if (administers || delegable === 'never') return false;
  return delegable !== 'whole' || projects === null;
}

function sees(principal: Principal, action: Action, target: Target): boolean {
  if (target.accountId === principal.accountId) {
    return principal.projects === null || !target.projectId || principal.projects.includes(target.projectId);
  }
  if (target.visibility === 'public') return sharedActions.has(action);
  // What is shared is shared with the account, and so lies in none of its projects.
  if (principal.projects !== null) return false;
  // One that is still asked whether it wants the image may look at it, and no more.
  if (target.membership === 'pending') return action === 'image.read';
  return target.membership === 'accepted' && sharedActions.has(action);
}
