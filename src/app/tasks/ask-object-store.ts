/** Questions to the object store before a task is accepted, with its errors as refusals. */
import { RefusalError } from '../../domain/refusal.ts';
import { ObjectError, type ObjectStore } from '../../objects/object-store.ts';
import type { AppContext } from '../context.ts';

/** Whoever asked is waiting, and asks again sooner than that. */
const answerMs = 10_000;

/** What the store says; refuses where there is none, or it says no. */
export async function askObjectStore<Answer>(
  { objects, logger }: Pick<AppContext, 'objects' | 'logger'>,
  ask: (store: ObjectStore, signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  if (objects === undefined) throw new RefusalError('object-store.missing', {});
  const signal = AbortSignal.timeout(answerMs);
  try {
    return await ask(objects, signal);
  } catch (error) {
    const refusal = signal.aborted
      ? new RefusalError('object-store.unreachable', {}, { cause: error })
      : refusalOf(error);
    if (refusal === undefined) throw error;
    logger.warn({ error }, 'the object store says no');
    throw refusal;
  }
}

function refusalOf(error: unknown): RefusalError | undefined {
  if (!(error instanceof ObjectError)) return undefined;
  const { kind, bucket, object } = error;
  const options = { cause: error };
  if (kind === 'unreachable') return new RefusalError('object-store.unreachable', {}, options);
  if (kind === 'bucket-not-found') return new RefusalError('object.bucket-not-found', { bucket }, options);
  if (kind === 'object-not-found' && object !== null) {
    return new RefusalError('object.not-found', { bucket, object }, options);
  }
  return new RefusalError('object.denied', { bucket, object }, options);
}
