import { createKeyAlias } from '../../../app/keys/key-aliases.ts';
import { refuseDoomed } from '../../../domain/key-rules.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { aliasParameter } from './alias-parameter.ts';
import { invalid, keyFaults, keyRefusals, limitExceeded, stateRefused } from './key-faults.ts';
import { readAlias } from './key-names.ts';
import { findNamedKey, keyParameters } from './named-key.ts';

export const createAliasFaults = {
  ...keyFaults,
  limitExceeded: { ...limitExceeded, when: 'the key has 50 aliases' },
  aliasExists: {
    status: 400,
    code: 'AliasAlreadyExists',
    message: 'AliasName Already Exists.',
    when: 'a key of the account has the alias in the region',
  },
  stateRefused: { ...stateRefused, when: 'the key is PendingDeletion' },
} as const satisfies Faults;

export const createAlias = operation({
  service: 'kms',
  action: 'CreateAlias',
  summary: 'Gives a key another name.',
  right: 'key.manage',
  deed: 'key.alias-create',
  parameters: { ...keyParameters, AliasName: aliasParameter },
  faults: createAliasFaults,
  refusals: {
    ...keyRefusals,
    'key.alias-exists': createAliasFaults.aliasExists,
    'key.alias-limit': createAliasFaults.limitExceeded,
    'key.pending-deletion': createAliasFaults.stateRefused,
    'request.invalid': invalid('AliasName'),
  },
  async handle(request) {
    const { context, caller, parameters } = request;
    const key = await findNamedKey(request);
    refuseDoomed(key);
    await createKeyAlias(context, caller, { key: key.id, name: readAlias(parameters.AliasName) as string });
    return {};
  },
});
