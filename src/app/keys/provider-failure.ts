import { FailureError } from '../../domain/failure.ts';
import { KeyProviderError } from '../../kms/key-provider.ts';

/** What the key provider throws as a failure of the domain. */
export async function inWords<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    const kind = error instanceof KeyProviderError ? error.kind : isTimeout(error) ? 'unavailable' : undefined;
    if (kind === undefined) throw error;
    const [code, message] = words[kind];
    throw new FailureError(code, message, { cause: error });
  }
}

/** Whoever asked does not wait any longer (`AbortSignal.timeout`). */
function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError';
}

const words = {
  unavailable: ['key-provider-unavailable', 'the key provider does not answer at present; try again later'],
  refused: [
    'key-provider-unavailable',
    'the key provider does not let this installation at the key; tell its operator',
  ],
  damaged: ['image-damaged', 'the data key that the disk is encrypted with does not open: it, or its key, is damaged'],
} as const;
