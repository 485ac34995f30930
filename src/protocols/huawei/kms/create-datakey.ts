import { createDataKey as make } from '../../../app/keys/callers-data-keys.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { dataKeyFaults, dataKeyRefusals, lengthInvalid } from './data-key-faults.ts';
import { dataKeyBytes, dataKeyLength, encryptionContext, toHex } from './data-key-parameters.ts';
import { namingKeyOrAlias, withoutMark } from './key-parameters.ts';

export const createDatakeyFaults = {
  ...dataKeyFaults,
  lengthInvalid: lengthInvalid('KMS.1901'),
} as const satisfies Faults;

export const createDatakey = operation({
  service: 'kms',
  method: 'POST',
  route: '/v1.0/{project_id}/kms/create-datakey',
  name: 'CreateDatakey',
  summary: 'Makes a data key of 64 random bytes, and gives it as it is and wrapped by the key; nothing of it is kept.',
  right: 'key.use',
  deed: 'key.used',
  body: {
    ...namingKeyOrAlias,
    encryption_context: encryptionContext,
    datakey_length: dataKeyLength('bits', createDatakeyFaults.lengthInvalid),
  },
  faults: createDatakeyFaults,
  refusals: dataKeyRefusals,
  async handle({ context, caller, scope, parameters, signal }) {
    const { key_id, encryption_context: pairs } = parameters;
    const wanted = { key: withoutMark(key_id), region: scope.region, pairs, length: dataKeyBytes };
    const { key, dataKey, ciphertext } = await make(context, caller, wanted, signal);
    const body = { key_id: key, plain_text: toHex(dataKey), cipher_text: toHex(ciphertext) };
    dataKey.fill(0);
    return { body };
  },
});
