/** Data keys, as operations of the service are asked for them and show them: in hexadecimal, of one length alone. */
import type { ContextPairs } from '../../../app/keys/callers-data-keys.ts';
import { type KeyCiphertext, readCiphertext } from '../../../domain/key-ciphertext.ts';
import { FaultError } from '../../shared/faults.ts';
import { isObject, type Parameter, required, text, whole } from '../../shared/parameters.ts';
import type { Fault } from '../fault.ts';
import { kmsFaults } from '../kms-faults.ts';
import { dataKeyFaults } from './data-key-faults.ts';

const { parameterMissing } = kmsFaults;
const { contextInvalid } = dataKeyFaults;

export const dataKeyBytes = 64;

const mostContextCharacters = 8192;

/** How long a data key is, in bits or bytes; there is one answer. */
export function dataKeyLength(unit: 'bits' | 'bytes', fault: Fault): Parameter<number> {
  const only = unit === 'bits' ? dataKeyBytes * 8 : dataKeyBytes;
  return required({ ...whole({ least: only, most: only, fault }), rule: `${only}` }, parameterMissing);
}

/** What the caller binds a data key to, in words of its own. */
export const encryptionContext: Parameter<ContextPairs> = {
  type: 'Object',
  isRequired: false,
  rule: `texts by name, at most ${mostContextCharacters} characters; the same opens a data key again`,
  faults: [contextInvalid],
  read(value, name) {
    if (value === undefined || value === null) return {};
    const isRight = isObject(value) && Object.values(value).every((each) => typeof each === 'string');
    if (!isRight || JSON.stringify(value).length > mostContextCharacters) throw new FaultError(contextInvalid, name);
    return value as ContextPairs;
  },
};

/** A data key as it was wrapped. */
export function cipherText(fault: Fault): Parameter<KeyCiphertext> {
  const read = (hex: string) => (isHex(hex) ? readCiphertext(Buffer.from(hex, 'hex')) : undefined);
  const parameter = text({ rule: 'hexadecimal, as it was given', fault, matches: (hex) => hex === '' || !!read(hex) });
  return required({ ...parameter, read: (value, name) => read(parameter.read(value, name) ?? '') }, parameterMissing);
}

export function isHex(text: string): boolean {
  return text.length % 2 === 0 && /^[\da-f]+$/i.test(text);
}

/** As the service writes bytes. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}
