import { createDataKey as make } from '../../../app/keys/callers-data-keys.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { dataKeyFaults, dataKeyRefusals, lengthInvalid } from './data-key-faults.ts';
import { dataKeyBytes, dataKeyLength, encryptionContext, toHex } from './data-key-parameters.ts';
import { namingKeyOrAlias, withoutMark } from './key-parameters.ts';

export const createDatakeyWithoutPlaintextFaults = {
  ...dataKeyFaults,
  lengthInvalid: lengthInvalid('KMS.2001'),
} as const satisfies Faults;

export const createDatakeyWithoutPlaintext = operation({
  service: 'kms',
  method: 'POST',
  route: '/v1.0/{project_id}/kms/create-datakey-without-plaintext',
  name: 'CreateDatakeyWithoutPlaintext',
  summary: 'Makes a data key of 64 random bytes, and gives it wrapped by the key alone.',
  right: 'key.use',
  deed: 'key.used',
  body: {
    ...namingKeyOrAlias,
    encryption_context: encryptionContext,
    datakey_length: dataKeyLength('bits', createDatakeyWithoutPlaintextFaults.lengthInvalid),
  },
  faults: createDatakeyWithoutPlaintextFaults,
  refusals: dataKeyRefusals,
  async handle({ context, caller, scope, parameters, signal }) {
    const { key_id, encryption_context: pairs } = parameters;
    const wanted = { key: withoutMark(key_id), region: scope.region, pairs, length: dataKeyBytes };
    const { key, dataKey, ciphertext } = await make(context, caller, wanted, signal);
    dataKey.fill(0);
    return { body: { key_id: key, cipher_text: toHex(ciphertext) } };
  },
});
