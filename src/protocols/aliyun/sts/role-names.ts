/** An agency is a role here, by which somebody acts in another account; sessions and events call it by its name. */

/** The role itself, as `RoleArn` names it. */
export function roleArn(account: number, role: string): string {
  return `acs:ram::${account}:role/${role}`;
}

/** The account's number and the agency's name; undefined for what is no role's ARN. */
export function readRoleArn(arn: string): { readonly account: string; readonly role: string } | undefined {
  const { account, role } = /^acs:ram::(?<account>\d{16}):role\/(?<role>.{1,64})$/s.exec(arn)?.groups ?? {};
  return account === undefined || role === undefined ? undefined : { account, role };
}

/** Who acts in a role: an agency's name is unique in its account, so it serves as the role's id as well. */
export function assumedRoleId(role: string, session: string): string {
  return `${role}:${session}`;
}
