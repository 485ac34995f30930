/** How keys and their aliases are named on the wire. */
import type { Caller } from '../../../app/context.ts';
import type { Key, KeyAlias } from '../../../domain/key.ts';

/** An alias's name begins so here, and not in the core. */
const prefix = 'alias/';

/** `payroll` of `alias/payroll`; undefined for what is no alias. */
export function readAlias(name: string): string | undefined {
  return name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
}

export function aliasName(name: string): string {
  return prefix + name;
}

export function keyArn({ accountNumber }: Caller, { region, id }: Pick<Key, 'region' | 'id'>): string {
  return `acs:kms:${region}:${accountNumber}:key/${id}`;
}

export function aliasArn({ accountNumber }: Caller, { region, name }: Pick<KeyAlias, 'region' | 'name'>): string {
  return `acs:kms:${region}:${accountNumber}:${aliasName(name)}`;
}
