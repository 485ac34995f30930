/** What is derived from the installation's master key: each key for one purpose, named with its version. */
import type { Config } from '../config/schema.ts';
import { createSecretBox, type SecretBox } from '../lib/secret-box.ts';
import { deriveKey, hash } from '../store/hash.ts';

export interface InstallationKeys {
  /** A hash by which the database knows the master key that it was set up with. */
  readonly check: Uint8Array;
  /** Seals what is secret in the database. */
  readonly secrets: SecretBox;
  /** Chunk ids are keyed with a key of the account, or of the whole installation (design §4). */
  readonly chunkKey: (accountId: string) => Uint8Array;
}

export function deriveKeys(masterKey: Uint8Array, scope: Config['chunkScope']): InstallationKeys {
  return {
    check: hash(deriveKey('mimeo master key check 1', masterKey)),
    secrets: createSecretBox(deriveKey('mimeo secrets in the database 1', masterKey)),
    chunkKey: chunkKeys(masterKey, scope),
  };
}

function chunkKeys(masterKey: Uint8Array, scope: Config['chunkScope']): InstallationKeys['chunkKey'] {
  const installation = deriveKey('mimeo chunk ids of an installation 1', masterKey);
  if (scope === 'installation') return () => installation;
  const base = deriveKey('mimeo chunk ids of an account 1', masterKey);
  return (accountId) => deriveKey(`mimeo chunk ids of account ${accountId} 1`, base);
}
