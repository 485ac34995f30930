/**
 * The key provider of an installation that has none: material is sealed under a key of the installation, and the database keeps
 * it. Whoever has both can open everything; to destroy a key is to forget its material.
 */
import type { RandomBytes } from '../../../domain/ids.ts';
import { seal, unseal } from '../../../lib/seal.ts';
import { canonicalContext } from '../../encryption-context.ts';
import { checkDataKey, checkMaterial } from '../../key-lengths.ts';
import {
  type EncryptionContext,
  type KeyProvider,
  KeyProviderError,
  type KeyVersion,
  keyBytes,
} from '../../key-provider.ts';

export interface LocalProviderOptions {
  /** 32 bytes, derived from the installation's master key for this purpose alone. */
  readonly sealingKey: Uint8Array;
  readonly random: RandomBytes;
}

export function createLocalProvider({ sealingKey, random }: LocalProviderOptions): KeyProvider {
  /** Lends the version's material to `work`, and wipes it. */
  function withMaterial<Result>(version: KeyVersion, work: (material: Uint8Array) => Result): Result {
    const material = open(sealingKey, version.material, placeOfMaterial(version), 'the material of', version);
    try {
      return work(material);
    } finally {
      material.fill(0);
    }
  }

  return {
    name: 'local',

    async createVersion({ imported, signal, ...version }) {
      signal.throwIfAborted();
      if (imported !== undefined) checkMaterial(imported);
      const material = imported ?? random(keyBytes);
      const sealed = seal(sealingKey, material, placeOfMaterial(version));
      if (imported === undefined) material.fill(0);
      return sealed;
    },

    async wrap(version, dataKey, context, signal) {
      signal.throwIfAborted();
      checkDataKey(dataKey);
      return withMaterial(version, (material) => seal(material, dataKey, placeOfDataKey(version, context)));
    },

    async unwrap(version, wrapped, context, signal) {
      signal.throwIfAborted();
      return withMaterial(version, (material) => openDataKey(material, wrapped, version, context));
    },

    async rewrap(from, to, items, signal) {
      signal.throwIfAborted();
      return withMaterial(from, (old) =>
        withMaterial(to, (next) =>
          items.map(({ wrapped, context }) => {
            const dataKey = openDataKey(old, wrapped, from, context);
            const again = seal(next, dataKey, placeOfDataKey(to, context));
            dataKey.fill(0);
            return again;
          }),
        ),
      );
    },

    // The material is not here but in the database, which forgets it.
    async destroyKey(_key, signal) {
      signal.throwIfAborted();
    },
  };
}

function openDataKey(
  material: Uint8Array,
  wrapped: Uint8Array,
  version: KeyVersion,
  context: EncryptionContext,
): Uint8Array {
  return open(material, wrapped, placeOfDataKey(version, context), 'what was wrapped with', version);
}

function open(key: Uint8Array, sealed: Uint8Array, place: string, what: string, of: KeyVersion): Uint8Array {
  try {
    return unseal(key, sealed, place);
  } catch (error) {
    throw new KeyProviderError('damaged', `${what} version ${of.version} of key ${of.key}`, { cause: error });
  }
}

function placeOfMaterial({ key, version }: Omit<KeyVersion, 'material'>): string {
  return JSON.stringify(['key material', key, version]);
}

function placeOfDataKey({ key, version }: KeyVersion, context: EncryptionContext): string {
  return JSON.stringify(['data key', key, version, canonicalContext(context)]);
}
