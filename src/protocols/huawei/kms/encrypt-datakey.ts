import { createHash } from 'node:crypto';
import { encryptDataKey as encrypt } from '../../../app/keys/callers-data-keys.ts';
import { FaultError } from '../../shared/faults.ts';
import { required, text } from '../../shared/parameters.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { dataKeyFaults, dataKeyRefusals, hashMismatch } from './data-key-faults.ts';
import { dataKeyBytes, dataKeyLength, encryptionContext, isHex, toHex } from './data-key-parameters.ts';
import { namingKeyOrAlias, withoutMark } from './key-parameters.ts';

const digestBytes = 32;

export const encryptDatakeyFaults = {
  ...dataKeyFaults,
  plainTextInvalid: {
    status: 400,
    code: 'KMS.2101',
    message: 'Invalid plain_text.',
    when: 'plain_text is not 96 bytes in hexadecimal',
  },
  lengthInvalid: {
    status: 400,
    code: 'KMS.2102',
    message: 'datakey_plain_length must contain 64 bytes.',
    when: 'datakey_plain_length is not 64',
  },
  hashMismatch: hashMismatch('KMS.2103', 'plain_text does not end with the SHA-256 digest of the data key before it'),
} as const satisfies Faults;
const { lengthInvalid, parameterMissing, plainTextInvalid } = encryptDatakeyFaults;

export const encryptDatakey = operation({
  service: 'kms',
  method: 'POST',
  route: '/v1.0/{project_id}/kms/encrypt-datakey',
  name: 'EncryptDatakey',
  summary: 'Wraps a data key that the caller has made; nothing of it is kept.',
  right: 'key.use',
  deed: 'key.used',
  body: {
    ...namingKeyOrAlias,
    encryption_context: encryptionContext,
    plain_text: required(
      text({
        rule: 'the 64 bytes of the data key and its SHA-256 digest, in hexadecimal',
        fault: plainTextInvalid,
        matches: (hex) => hex === '' || (isHex(hex) && hex.length === 2 * (dataKeyBytes + digestBytes)),
      }),
      parameterMissing,
    ),
    datakey_plain_length: dataKeyLength('bytes', lengthInvalid),
  },
  faults: encryptDatakeyFaults,
  refusals: dataKeyRefusals,
  async handle({ context, caller, scope, parameters, signal }) {
    const { key_id, encryption_context: pairs, plain_text: hex } = parameters;
    const given = Buffer.from(hex, 'hex');
    const [dataKey, digest] = [given.subarray(0, dataKeyBytes), given.subarray(dataKeyBytes)];
    if (!createHash('sha256').update(dataKey).digest().equals(digest)) {
      throw new FaultError(encryptDatakeyFaults.hashMismatch);
    }
    const wanted = { key: withoutMark(key_id), region: scope.region, pairs, dataKey };
    const { key, ciphertext } = await encrypt(context, caller, wanted, signal);
    given.fill(0);
    return { body: { key_id: key, cipher_text: toHex(ciphertext), datakey_length: String(dataKeyBytes) } };
  },
});
