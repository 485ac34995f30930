/** Keys as the service shows them: every number, time and truth value is a text. */
import type { Key, KeyOrigin, KeyState } from '../../../domain/key.ts';
import { toHexId } from '../ids.ts';

/** `1`, waiting for activation, there is none. */
const stateNumbers = {
  enabled: '2',
  disabled: '3',
  'pending-deletion': '4',
  'pending-import': '5',
} as const satisfies Readonly<Record<KeyState, string>>;

export function stateNumberOf({ state }: Pick<Key, 'state'>): string {
  return stateNumbers[state];
}

/** The states that a number stands for. */
export function statesOf(wanted: string): KeyState[] {
  return (Object.keys(stateNumbers) as KeyState[]).filter((state) => stateNumbers[state] === wanted);
}

const origins = { mimeo: 'kms', external: 'external' } as const satisfies Readonly<Record<KeyOrigin, string>>;

export const originWords = Object.values(origins);

export function originOf(word: (typeof originWords)[number]): KeyOrigin {
  return word === origins.external ? 'external' : 'mimeo';
}

/** All keys are of these. */
export const keySpec = 'AES_256';
export const keyUsage = 'ENCRYPT_DECRYPT';

export function viewKey(key: Key): object {
  const { id, accountId, region, aliases, description, createdAt, deletionAt, isDefault, origin } = key;
  return {
    key_id: id,
    domain_id: toHexId(accountId),
    // The cloud's keys have one; by the native API ours may have several or none.
    key_alias: aliases[0] ?? '',
    realm: region,
    key_description: description,
    creation_date: String(createdAt),
    scheduled_deletion_date: deletionAt === null ? '' : String(deletionAt),
    key_state: stateNumberOf(key),
    default_key_flag: isDefault ? '1' : '0',
    // Made for a customer; of the cloud's other kinds there is nothing.
    key_type: '1',
    // Of imported material that ends; ours stays.
    expiration_time: '',
    origin: origins[origin],
    key_spec: keySpec,
    key_usage: keyUsage,
  };
}
