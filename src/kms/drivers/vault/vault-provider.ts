/**
 * Keys in the Transit engine of HashiCorp Vault or OpenBao: material never leaves it, and what is wrapped is kept as Transit
 * writes it. Key `<uuid>` is `mimeo-<uuid>` there, and its versions have the same numbers, so that nobody else may rotate it.
 * The token needs read on `transit/wrapping_key`; create, read, update and delete on `transit/keys/mimeo-*`; and update, but
 * not create, which would make keys anew that have been destroyed, on `transit/encrypt/mimeo-*` and `transit/decrypt/mimeo-*`.
 */
import { retry } from '../../../lib/retry.ts';
import { checkDataKey, checkMaterial } from '../../key-lengths.ts';
import {
  type EncryptionContext,
  type KeyProvider,
  KeyProviderError,
  type KeyVersion,
  type WrappedKey,
} from '../../key-provider.ts';
import { associatedData, expectOk, kindOfDecryption, nameOf, prefixOf, textsOf } from './transit.ts';
import { destroyKey, makeVersion } from './transit-keys.ts';
import { createVaultClient, type VaultClient, type VaultSettings } from './vault-client.ts';

/** Items of a request: some 100 KiB, of the 32 MiB that Vault takes. */
const batchSize = 250;

export function createVaultProvider(settings: VaultSettings): KeyProvider {
  const vault = createVaultClient(settings);
  const client: VaultClient = {
    send: (method, path, ...rest) => vault.send(method, `${settings.mount}/${path}`, ...rest),
  };

  /** Repeats all of `work`, which must look anew at what is there: that no answer came does not mean that nothing was done. */
  function patiently<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    const isRetryable = (error: unknown) => error instanceof KeyProviderError && error.kind === 'unavailable';
    return retry(work, { attempts: settings.attempts, firstDelay: settings.retryMs, isRetryable, signal });
  }

  return {
    name: 'vault',

    async createVersion(request) {
      const { imported, signal } = request;
      if (imported !== undefined) checkMaterial(imported);
      await patiently(() => makeVersion(client, request), signal);
      return new Uint8Array();
    },

    async wrap(version, dataKey, context, signal) {
      checkDataKey(dataKey);
      const item = { plaintext: Buffer.from(dataKey).toString('base64'), context };
      const [wrapped] = await patiently(() => encrypt(client, version, [item], signal), signal);
      return wrapped as Uint8Array;
    },

    async unwrap(version, wrapped, context, signal) {
      const [plaintext] = await patiently(() => decrypt(client, version, [{ wrapped, context }], signal), signal);
      return Buffer.from(plaintext as string, 'base64');
    },

    // Transit's own rewrap knows no associated data, so the data keys come by here.
    async rewrap(from, to, items, signal) {
      signal.throwIfAborted();
      const all: Uint8Array[] = [];
      for (let at = 0; at < items.length; at += batchSize) {
        const batch = items.slice(at, at + batchSize);
        const plaintexts = await patiently(() => decrypt(client, from, batch, signal), signal);
        const next = batch.map(({ context }, place) => ({ plaintext: plaintexts[place] as string, context }));
        all.push(...(await patiently(() => encrypt(client, to, next, signal), signal)));
      }
      return all;
    },

    destroyKey: (key, signal) => patiently(() => destroyKey(client, key, signal), signal),
  };
}

interface EncryptItem {
  /** Base64. */
  readonly plaintext: string;
  readonly context: EncryptionContext;
}

async function encrypt(
  client: VaultClient,
  version: KeyVersion,
  items: readonly EncryptItem[],
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const batch = items.map(({ plaintext, context }) => ({
    plaintext,
    associated_data: associatedData(context),
    key_version: version.version,
  }));
  const path = `encrypt/${nameOf(version.key)}`;
  const results = expectOk(await client.send('POST', path, { batch_input: batch }, signal));
  return textsOf(results, 'ciphertext', items.length).map((ciphertext) => {
    if (ciphertext.startsWith(prefixOf(version))) return Buffer.from(ciphertext);
    throw new KeyProviderError('refused', `Vault has wrapped with another version of ${nameOf(version.key)}`);
  });
}

/** The data keys in base64. */
async function decrypt(
  client: VaultClient,
  version: KeyVersion,
  items: readonly WrappedKey[],
  signal: AbortSignal,
): Promise<string[]> {
  const batch = items.map(({ wrapped, context }) => ({
    ciphertext: textOf(wrapped, version),
    associated_data: associatedData(context),
  }));
  const answer = await client.send('POST', `decrypt/${nameOf(version.key)}`, { batch_input: batch }, signal);
  return textsOf(expectOk(answer, kindOfDecryption(answer)), 'plaintext', items.length);
}

/** Transit decrypts with the version that the text names, whichever was meant, and passes over line ends in base64. */
function textOf(wrapped: Uint8Array, version: KeyVersion): string {
  const text = Buffer.from(wrapped).toString('latin1');
  const sealed = Buffer.from(text.slice(prefixOf(version).length), 'base64');
  if (text === prefixOf(version) + sealed.toString('base64')) return text;
  throw new KeyProviderError('damaged', `it was not wrapped with version ${version.version} of ${nameOf(version.key)}`);
}
