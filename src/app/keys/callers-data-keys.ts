/**
 * Data keys that callers keep and use themselves: a key wraps and opens them for whoever may use it, and nothing of them is kept
 * here. They are bound to account, key and region, and to what the caller says besides; none passes for that of a disk.
 */
import { recordEvent } from '../../db/events.ts';
import { readVersion } from '../../db/keys/versions.ts';
import { invalid } from '../../domain/field-rules.ts';
import type { Key, KeyPurpose } from '../../domain/key.ts';
import { type KeyCiphertext, writeCiphertext } from '../../domain/key-ciphertext.ts';
import { type CallersContext, KeyProviderError } from '../../kms/key-provider.ts';
import type { Caller } from '../context.ts';
import type { DataKeyContext } from './data-keys.ts';
import { demandEncrypting } from './key-limits.ts';
import { inWords } from './provider-failure.ts';
import { eventOfUse, useKey, type WantedKey } from './use-key.ts';

/** What a data key is bound to besides, in the caller's words; the same is needed to open it. */
export type ContextPairs = Readonly<Record<string, string>>;

export interface CallersKey extends Pick<WantedKey, 'key' | 'region'> {
  readonly pairs: ContextPairs;
}

export interface NewCiphertext {
  /** The id of the key that has wrapped it. */
  readonly key: string;
  readonly ciphertext: Uint8Array;
}

/** Makes one of `length` random bytes. Whoever has no more use for them wipes them. */
export async function createDataKey(
  context: DataKeyContext,
  caller: Caller,
  { length, ...wanted }: CallersKey & { readonly length: number },
  signal: AbortSignal,
): Promise<NewCiphertext & { readonly dataKey: Uint8Array }> {
  const dataKey = context.random(length);
  return { ...(await wrap(context, caller, wanted, 'create-data-key', dataKey, signal)), dataKey };
}

/** Wraps one that the caller has made. */
export async function encryptDataKey(
  context: DataKeyContext,
  caller: Caller,
  { dataKey, ...wanted }: CallersKey & { readonly dataKey: Uint8Array },
  signal: AbortSignal,
): Promise<NewCiphertext> {
  return await wrap(context, caller, wanted, 'encrypt-data-key', dataKey, signal);
}

async function wrap(
  context: DataKeyContext,
  caller: Caller,
  { pairs, ...wanted }: CallersKey,
  purpose: KeyPurpose,
  dataKey: Uint8Array,
  signal: AbortSignal,
): Promise<NewCiphertext> {
  const { db, clock, keyProvider, keyLimits } = context;
  const use = { ...wanted, image: null, purpose };
  return await useKey(context, caller, use, async (key) => {
    demandEncrypting(keyLimits, caller, key);
    const version = await readVersion(db, key.id, key.version);
    const wrapped = await inWords(keyProvider.wrap(version, dataKey, contextOf(key, pairs), signal));
    await recordEvent(db, eventOfUse(caller, use, key, key.version), clock.now());
    return { key: key.id, ciphertext: writeCiphertext({ key: key.id, version: key.version, wrapped }) };
  });
}

export interface WantedDataKey extends Pick<CallersKey, 'region' | 'pairs'> {
  readonly ciphertext: KeyCiphertext;
  /** Id or alias, where the caller says which key has wrapped it, which has to be so. */
  readonly key?: string | undefined;
}

/** Opens one, with whichever version of the key has wrapped it. */
export async function decryptDataKey(
  context: DataKeyContext,
  caller: Caller,
  { ciphertext, key: named = ciphertext.key, region, pairs }: WantedDataKey,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { db, clock, keyProvider } = context;
  const use = { key: named, region, image: null, purpose: 'decrypt-data-key' } as const;
  return await useKey(context, caller, use, async (key) => {
    const { version, wrapped } = ciphertext;
    if (ciphertext.key !== key.id || version < 1 || version > key.version) throw notOpening();
    const wrapping = await readVersion(db, key.id, version);
    const opened = keyProvider.unwrap(wrapping, wrapped, contextOf(key, pairs), signal).catch((error: unknown) => {
      throw error instanceof KeyProviderError && error.kind === 'damaged' ? notOpening() : error;
    });
    const dataKey = await inWords(opened);
    await recordEvent(db, eventOfUse(caller, use, key, version), clock.now());
    return dataKey;
  });
}

/** Whatever is wrong with it, no more is said. */
function notOpening() {
  return invalid('ciphertext', 'must be as the key has wrapped it, with the same context');
}

function contextOf({ id, accountId, region }: Key, pairs: ContextPairs): CallersContext {
  const sorted = Object.entries(pairs).sort(([one], [other]) => (one < other ? -1 : 1));
  return { account: accountId, key: id, region, purpose: 'data-key', pairs: JSON.stringify(sorted) };
}
