/** What may go wrong in a store, in the words of the domain. */
import { FailureError } from '../domain/failure.ts';
import { BlobError } from '../store/blob-store.ts';

/** The failure that an error of the data plane amounts to; anything unknown is `internal`, with the cause kept. */
export function asFailure(error: unknown): FailureError {
  if (error instanceof FailureError) return error;
  if (!(error instanceof BlobError)) return new FailureError('internal', 'internal error', { cause: error });
  switch (error.kind) {
    case 'full':
      return new FailureError('destination-full', 'the store has no space left', { cause: error });
    case 'retryable':
      return new FailureError('store-unavailable', 'the store does not answer', { cause: error });
    case 'denied':
      return new FailureError('store-unavailable', 'the store denies access to the server', { cause: error });
    case 'not-found':
    case 'out-of-range':
    case 'exists':
    case 'invalid-key':
      return new FailureError('internal', 'internal error', { cause: error });
  }
}
