/** How Transit names things, and what its answers mean. */
import { canonicalContext } from '../../encryption-context.ts';
import {
  type EncryptionContext,
  KeyProviderError,
  type KeyProviderErrorKind,
  type KeyVersion,
} from '../../key-provider.ts';
import type { VaultAnswer } from './vault-client.ts';

export const keyType = 'aes256-gcm96';

export function nameOf(key: string): string {
  return encodeURIComponent(`mimeo-${key}`);
}

/** What ciphertexts begin with. */
export function prefixOf({ version }: Pick<KeyVersion, 'version'>): string {
  return `vault:v${version}:`;
}

/** For the field `associated_data`. */
export function associatedData(context: EncryptionContext): string {
  return Buffer.from(canonicalContext(context)).toString('base64');
}

/** The data of an answer that is a yes; throws an error of `kind` for a no. */
export function expectOk(answer: VaultAnswer, kind: KeyProviderErrorKind = 'refused'): VaultAnswer['data'] {
  if (answer.status === 'ok') return answer.data;
  throw new KeyProviderError(kind, answer.story);
}

/** There is no such key; false where there is none at all, because nothing is mounted there, which Vault says. */
export function isMissing({ status, errors }: VaultAnswer): boolean {
  return status === 'missing' && errors === '';
}

/** Of a no to a decryption. What is not known to be about the ciphertext or its key is about who may what. */
export function kindOfDecryption({ status, errors }: VaultAnswer): KeyProviderErrorKind {
  const isDamage = /invalid ciphertext|message authentication failed|encryption key not found/.test(errors);
  return status === 'wrong' && isDamage ? 'damaged' : 'refused';
}

/** This field of each of a batch's results. An item without it must never pass for a key. */
export function textsOf({ batch_results: results }: VaultAnswer['data'], field: string, count: number): string[] {
  const texts = Array.isArray(results) ? results.map((result) => Object(result)[field]) : [];
  if (texts.length === count && texts.every((text) => typeof text === 'string')) return texts;
  throw new KeyProviderError('refused', `Vault has not answered ${count} items with a ${field} for each`);
}
