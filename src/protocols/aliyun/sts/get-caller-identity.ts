import type { Caller } from '../../../app/context.ts';
import { findOwnSessionName } from '../../../app/tenants/sessions.ts';
import { operation } from '../operation.ts';
import { assumedRoleId } from './role-names.ts';

/** Who signs: Terraform asks for its account's number here. */
export const getCallerIdentity = operation({
  service: 'sts',
  action: 'GetCallerIdentity',
  summary: 'Says who signs the request.',
  right: null,
  parameters: {},
  faults: {},
  async handle({ context, caller }) {
    const AccountId = String(caller.accountNumber);
    if (caller.agency !== null)
      return { AccountId, ...assumed(caller.agency, caller, await findOwnSessionName(context, caller)) };
    return { AccountId, ...(caller.userId === null ? root(AccountId) : user(caller.userId, caller)) };
  },
});

/** By an agency, in a session. */
function assumed(role: string, { accountNumber }: Caller, session = '') {
  return {
    IdentityType: 'AssumedRoleUser',
    RoleId: role,
    PrincipalId: assumedRoleId(role, session),
    Arn: `acs:ram::${accountNumber}:assumed-role/${role}/${session}`,
  };
}

/** Behind temporary credentials that the bearer of the installation's token made there is no user. */
function root(accountId: string) {
  return { IdentityType: 'Account', UserId: accountId, PrincipalId: accountId, Arn: `acs:ram::${accountId}:root` };
}

function user(id: string, { accountNumber, name }: Caller) {
  return { IdentityType: 'RAMUser', UserId: id, PrincipalId: id, Arn: `acs:ram::${accountNumber}:user/${name}` };
}
