import { describe, expect, it } from 'vitest';
import { DamageError, isRetryable } from '../domain/failure.ts';
import { BlobError } from '../store/blob-store.ts';
import { asFailure } from './failures.ts';

describe('an error of the data plane as a failure', () => {
  it.each([
    ['full', 'destination-full', false],
    ['retryable', 'store-unavailable', true],
    ['denied', 'store-unavailable', true],
    ['not-found', 'internal', false],
    ['out-of-range', 'internal', false],
    ['exists', 'internal', false],
    ['invalid-key', 'internal', false],
  ] as const)('%s is %s', (kind, code, retryable) => {
    const error = new BlobError(kind, 'packs/00/secret-name');
    const failure = asFailure(error);
    expect(failure.code).toBe(code);
    expect(isRetryable(failure.code)).toBe(retryable);
    expect(failure.cause).toBe(error);
    // The person who asked for the copy need not know how blobs are named.
    expect(failure.message).not.toContain('secret-name');
  });

  it('stays what it was', () => {
    const damage = new DamageError({ image: 'one', disk: 1, offset: 5, what: 'a chunk' });
    expect(asFailure(damage)).toBe(damage);
  });

  it('that nobody foresaw is internal, with its cause and without its words', () => {
    const error = new Error('password=1234');
    const failure = asFailure(error);
    expect(failure).toMatchObject({ code: 'internal', cause: error });
    expect(failure.message).not.toContain('password');
  });
});
