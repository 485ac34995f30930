/** Whoever walks all operations of a dialect as those who may not: the keys for it, and which operations a role does not do. */
import type { Caller } from '../../src/app/context.ts';
import { updateAccessKey } from '../../src/app/tenants/access-keys.ts';
import { createSession } from '../../src/app/tenants/sessions.ts';
import { type Action, actions } from '../../src/domain/authorization.ts';
import type { Role } from '../../src/domain/principal.ts';
import type { TestDialect, TestKey } from './dialect-api.ts';

export interface WalkKeys extends Readonly<Record<Role | 'disabled' | 'temporary' | 'stranger', TestKey>> {
  /** Of the temporary key. */
  readonly token: string;
}

/** Keys of the account of the dialect's caller, and of an owner of another one. */
export async function makeWalkKeys(
  dialect: Pick<TestDialect, 'installation' | 'caller' | 'key' | 'newKey'>,
  stranger?: Caller,
): Promise<WalkKeys> {
  const { installation, caller, key, newKey } = dialect;
  const { context } = installation;
  const disabled = await newKey();
  await updateAccessKey(context, caller, disabled.accessKeyId, { disabled: true });
  const { accessKey, token } = await createSession(context, caller, { name: 'walk', credentials: true });
  return {
    disabled,
    temporary: { accessKeyId: accessKey?.id ?? '', secret: accessKey?.secret ?? '' },
    stranger: await newKey('owner', stranger ?? (await installation.newCaller())),
    owner: key,
    operator: await newKey('operator'),
    viewer: await newKey('viewer'),
    token,
  };
}

const order = ['viewer', 'operator', 'owner'] as const;

/** Whether it takes more than the role to do what has this right. */
export function isBeyond(role: Role, right: Action | null): boolean {
  return right !== null && order.indexOf(actions[right].least) > order.indexOf(role);
}
