import { ObjectError, type ObjectPlace, type ObjectStore } from './object-store.ts';

/** Whether there is an object of the name; `bucket-not-found` without its bucket. */
export async function hasObject(
  store: Pick<ObjectStore, 'head'>,
  place: ObjectPlace,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await store.head(place, signal);
    return true;
  } catch (error) {
    if (error instanceof ObjectError && error.kind === 'object-not-found') return false;
    throw error;
  }
}
