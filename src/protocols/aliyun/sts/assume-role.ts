import { createSession } from '../../../app/tenants/sessions.ts';
import { FaultError } from '../../shared/faults.ts';
import { whole } from '../../shared/parameters.ts';
import { toSecond } from '../../shared/times.ts';
import { commonFaults } from '../common-faults.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { required, text } from '../parameters.ts';
import { assumedRoleId, readRoleArn, roleArn } from './role-names.ts';

export const assumeRoleFaults = {
  roleArn: {
    status: 400,
    code: 'InvalidParameter.RoleArn',
    message: 'The parameter RoleArn is wrongly formed.',
    when: 'RoleArn is not of the form acs:ram::<account number>:role/<agency name>',
  },
  roleSessionName: {
    status: 400,
    code: 'InvalidParameter.RoleSessionName',
    message: 'The parameter RoleSessionName is wrongly formed.',
    when: 'RoleSessionName breaks its rule',
  },
  durationSeconds: {
    status: 400,
    code: 'InvalidParameter.DurationSeconds',
    message: 'The Min/Max value of DurationSeconds is 15min/1hr.',
    when: 'DurationSeconds is no whole number from 900 on, or more than sessions last here or than the credentials that sign have left',
  },
  policyGrammar: {
    status: 400,
    code: 'InvalidParameter.PolicyGrammar',
    message: 'The parameter Policy has not passed grammar check.',
    when: 'there is a Policy: Mimeo has none, and without it the credentials would give more than was asked for',
  },
  noPermission: {
    status: 403,
    code: 'NoPermission',
    message: 'You are not authorized to do this action. You should be authorized by RAM.',
    when: 'the caller is a viewer, acts by an agency already, or the agency grants nothing to the role that the caller has',
  },
  roleNotFound: {
    status: 404,
    code: 'EntityNotExist.Role',
    message: 'The role not exists: %s.',
    when: "the account has no agency of this name that trusts the caller's account",
  },
} as const satisfies Faults;

const sessionName = /^[A-Za-z0-9.@_-]{2,32}$/;

/** The longest that Alibaba Cloud lets a role last; how long sessions may last here is a setting. */
const longest = 43_200;
const usual = 3600;

/** Temporary credentials to act in another account by one of its agencies. */
export const assumeRole = operation({
  service: 'sts',
  action: 'AssumeRole',
  summary: "Gives temporary credentials for another account's agency.",
  right: 'agency.assume',
  parameters: {
    RoleArn: required(
      text({
        rule: 'acs:ram::<account number>:role/<agency name>',
        fault: assumeRoleFaults.roleArn,
        matches: (arn) => readRoleArn(arn) !== undefined,
      }),
    ),
    RoleSessionName: required(
      text({
        rule: '2 to 32 letters, digits and . @ _ -, and not self',
        fault: assumeRoleFaults.roleSessionName,
        matches: (name) => sessionName.test(name) && name !== 'self',
      }),
    ),
    DurationSeconds: {
      ...whole({ least: 900, most: longest, fault: assumeRoleFaults.durationSeconds }),
      rule: `900 to ${longest}; by default ${usual}, or what the credentials that sign have left`,
    },
    Policy: text({ rule: 'must not be given', fault: assumeRoleFaults.policyGrammar, matches: () => false }),
  },
  faults: assumeRoleFaults,
  refusals: {
    forbidden: assumeRoleFaults.noPermission,
    'agency.not-found': ({ agency }) => new FaultError(assumeRoleFaults.roleNotFound, agency),
    'request.invalid': assumeRoleFaults.durationSeconds,
    // The caller's own has ended since the request was let in.
    'session.not-found': commonFaults.keyNotFound,
  },
  async handle({ context, caller, parameters }) {
    const { RoleArn, RoleSessionName, DurationSeconds } = parameters;
    const { account, role } = readRoleArn(RoleArn) as NonNullable<ReturnType<typeof readRoleArn>>;
    const session = await createSession(context, caller, {
      name: RoleSessionName,
      seconds: DurationSeconds,
      mostSeconds: usual,
      credentials: true,
      agency: { account, name: role },
    });
    const { token, accessKey, expiresAt } = session;
    return {
      Credentials: {
        AccessKeyId: accessKey?.id,
        AccessKeySecret: accessKey?.secret,
        SecurityToken: token,
        Expiration: toSecond(expiresAt),
      },
      AssumedRoleUser: {
        Arn: `${roleArn(Number(account), role)}/${RoleSessionName}`,
        AssumedRoleId: assumedRoleId(role, RoleSessionName),
      },
    };
  },
});
