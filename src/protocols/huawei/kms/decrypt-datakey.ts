import { createHash } from 'node:crypto';
import { decryptDataKey as decrypt } from '../../../app/keys/callers-data-keys.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { dataKeyFaults, dataKeyRefusals, hashMismatch } from './data-key-faults.ts';
import { cipherText, dataKeyLength, encryptionContext, toHex } from './data-key-parameters.ts';
import { namedKeyOrAlias, withoutMark } from './key-parameters.ts';

export const decryptDatakeyFaults = {
  ...dataKeyFaults,
  cipherTextInvalid: {
    status: 400,
    code: 'KMS.2201',
    message: 'Invalid cipher_text.',
    when: 'cipher_text is not in hexadecimal, or not of the form of those that the service gives',
  },
  lengthInvalid: {
    status: 400,
    code: 'KMS.2202',
    message: 'datakey_cipher_length must contain 64 bytes.',
    when: 'datakey_cipher_length is not 64',
  },
  hashMismatch: hashMismatch(
    'KMS.2203',
    'cipher_text was changed, another key than key_id has wrapped it, or encryption_context is another',
  ),
} as const satisfies Faults;
const { cipherTextInvalid, lengthInvalid } = decryptDatakeyFaults;

export const decryptDatakey = operation({
  service: 'kms',
  method: 'POST',
  route: '/v1.0/{project_id}/kms/decrypt-datakey',
  name: 'DecryptDatakey',
  summary: 'Opens a data key; its cipher_text says which key has wrapped it, with any of its versions.',
  right: 'key.use',
  deed: 'key.used',
  body: {
    ...namedKeyOrAlias,
    encryption_context: encryptionContext,
    cipher_text: cipherText(cipherTextInvalid),
    datakey_cipher_length: dataKeyLength('bytes', lengthInvalid),
  },
  faults: decryptDatakeyFaults,
  refusals: { ...dataKeyRefusals, 'request.invalid': decryptDatakeyFaults.hashMismatch },
  async handle({ context, caller, scope, parameters, signal }) {
    const { key_id: id, encryption_context: pairs, cipher_text: ciphertext } = parameters;
    const wanted = { ciphertext, key: id ? withoutMark(id) : undefined, region: scope.region, pairs };
    const dataKey = await decrypt(context, caller, wanted, signal);
    const body = {
      data_key: toHex(dataKey),
      datakey_length: String(dataKey.length),
      datakey_dgst: toHex(createHash('sha256').update(dataKey).digest()),
    };
    dataKey.fill(0);
    return { body };
  },
});
