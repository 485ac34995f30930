/** A key provider that keeps everything in memory, and can be told to fail. */
import { randomBytes } from 'node:crypto';
import { canonicalContext } from '../../src/kms/encryption-context.ts';
import {
  type EncryptionContext,
  type KeyProvider,
  KeyProviderError,
  type KeyVersion,
} from '../../src/kms/key-provider.ts';
import { seal, unseal } from '../../src/lib/seal.ts';
import { learnSecret } from './secrets/known-secrets.ts';

export interface MemoryKeyProvider extends KeyProvider {
  /** What is called from now on throws this; undefined: nothing. */
  failure: KeyProviderError | undefined;
  /** How often each of its functions was called. */
  readonly calls: Record<'createVersion' | 'wrap' | 'unwrap' | 'rewrap' | 'destroyKey', number>;
  /** Whether it has the key. */
  has(key: string): boolean;
}

export function createMemoryKeyProvider(): MemoryKeyProvider {
  const keys = new Map<string, Map<number, Uint8Array>>();
  const calls = { createVersion: 0, wrap: 0, unwrap: 0, rewrap: 0, destroyKey: 0 };

  function called(name: keyof typeof calls, signal: AbortSignal): void {
    calls[name] += 1;
    signal.throwIfAborted();
    if (provider.failure !== undefined) throw provider.failure;
  }

  function materialOf({ key, version }: KeyVersion): Uint8Array {
    const material = keys.get(key)?.get(version);
    if (material === undefined) throw new KeyProviderError('damaged', `there is no version ${version} of key ${key}`);
    return material;
  }

  function wrap(version: KeyVersion, dataKey: Uint8Array, context: EncryptionContext): Uint8Array {
    return seal(materialOf(version), dataKey, placeOf(version, context));
  }

  function unwrap(version: KeyVersion, wrapped: Uint8Array, context: EncryptionContext): Uint8Array {
    const material = materialOf(version);
    try {
      return unseal(material, wrapped, placeOf(version, context));
    } catch (cause) {
      throw new KeyProviderError('damaged', 'the data key does not open', { cause });
    }
  }

  const provider: MemoryKeyProvider = {
    name: 'local',
    failure: undefined,
    calls,
    has: (key) => keys.has(key),
    async createVersion({ key, version, imported, signal }) {
      called('createVersion', signal);
      learnSecret(imported, 'the material of a key');
      const versions = keys.get(key) ?? new Map<number, Uint8Array>();
      keys.set(key, versions);
      if (!versions.has(version)) versions.set(version, Uint8Array.from(imported ?? randomBytes(32)));
      return Buffer.from(`material of version ${version}`);
    },
    async wrap(version, dataKey, context, signal) {
      called('wrap', signal);
      return wrap(version, dataKey, context);
    },
    async unwrap(version, wrapped, context, signal) {
      called('unwrap', signal);
      return unwrap(version, wrapped, context);
    },
    async rewrap(from, to, items, signal) {
      called('rewrap', signal);
      return items.map(({ wrapped, context }) => wrap(to, unwrap(from, wrapped, context), context));
    },
    async destroyKey(key, signal) {
      called('destroyKey', signal);
      keys.delete(key);
    },
  };
  return provider;
}

function placeOf({ key, version }: KeyVersion, context: EncryptionContext): string {
  return JSON.stringify([key, version, canonicalContext(context)]);
}
