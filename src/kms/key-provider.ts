/**
 * The contract of a key provider: what holds the material of customers' keys, and wraps and unwraps data keys with it. It
 * knows no accounts, states or rights: who may use which key was settled before it is asked.
 */
import type { DiskContext } from '../domain/key.ts';

/** What a data key belongs to that a caller keeps and uses itself. `pairs`: what the caller has bound it to besides. */
export type CallersContext = Readonly<Record<'account' | 'key' | 'region' | 'purpose' | 'pairs', string>>;

/** Bound to the wrapped bytes, which open for no other. The names of its parts are bound as well: no kind passes for another. */
export type EncryptionContext = DiskContext | CallersContext;

/** A version of a key, as the provider needs to know it. */
export interface KeyVersion {
  /** UUID. */
  readonly key: string;
  /** From 1 on. */
  readonly version: number;
  /** What `createVersion` returned for it, which the database keeps; opaque to all but the provider. */
  readonly material: Uint8Array;
}

export interface NewKeyVersion {
  readonly key: string;
  readonly version: number;
  /** Material of somebody else's making, {@link keyBytes} of it. */
  readonly imported?: Uint8Array;
  readonly signal: AbortSignal;
}

export interface WrappedKey {
  readonly wrapped: Uint8Array;
  readonly context: EncryptionContext;
}

export interface KeyProvider {
  readonly name: 'local' | 'vault';
  /**
   * Makes a version of the key, the one after the newest, and returns its material. Repeating it is safe: what an earlier
   * call returned stays usable. Keep the material of one call, and wrap nothing before it is kept.
   */
  createVersion(request: NewKeyVersion): Promise<Uint8Array>;
  /** Wraps a data key of 1 to {@link maxDataKeyBytes}. */
  wrap(version: KeyVersion, dataKey: Uint8Array, context: EncryptionContext, signal: AbortSignal): Promise<Uint8Array>;
  /** Needs the version and the context that it was wrapped with. */
  unwrap(
    version: KeyVersion,
    wrapped: Uint8Array,
    context: EncryptionContext,
    signal: AbortSignal,
  ): Promise<Uint8Array>;
  /** Wraps with `to` what `from` has wrapped, in the same order; all of them or, when one does not open, none. */
  rewrap(from: KeyVersion, to: KeyVersion, items: readonly WrappedKey[], signal: AbortSignal): Promise<Uint8Array[]>;
  /**
   * Destroys all versions that the provider itself holds; whoever keeps material has to forget it then. Nothing that they have
   * wrapped can be opened again. Repeating it is safe.
   */
  destroyKey(key: string, signal: AbortSignal): Promise<void>;
}

/** Bytes of a disk's data key, and of imported material. */
export const keyBytes = 32;

/** The longest data key, such as callers have for themselves. */
export const maxDataKeyBytes = 64;

/** The kinds of error, with what their message says. */
const meanings = {
  unavailable: 'the key provider does not answer',
  refused: 'the key provider refuses',
  damaged: 'a wrapped key cannot be opened',
};

export type KeyProviderErrorKind = keyof typeof meanings;

/**
 * All that a provider may throw besides an abort reason. Only `unavailable` is worth trying again; `refused` is for who runs
 * the provider to mend; `damaged` means that the bytes, their context or their key are not those of the wrapping.
 */
export class KeyProviderError extends Error {
  readonly kind: KeyProviderErrorKind;

  constructor(kind: KeyProviderErrorKind, why: string, options?: ErrorOptions) {
    super(`${meanings[kind]}: ${why}`, options);
    this.name = 'KeyProviderError';
    this.kind = kind;
  }
}
