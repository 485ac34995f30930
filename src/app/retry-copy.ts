import type { Copy } from '../domain/copy.ts';
import { RefusalError } from '../domain/refusal.ts';
import { recordRefusal } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { copyImages } from './copy-images.ts';
import { readCopy } from './find-copy.ts';
import type { Done } from './once.ts';

/** A new copy of what a failed or cancelled one was to copy, under the same rules and with the same wishes. */
export async function retryCopy(context: AppContext, caller: Caller, id: string, token?: string): Promise<Done<Copy>> {
  const deed = { action: 'copy.create', resource: { type: 'copy', id }, details: { retryOf: id } } as const;
  const copy = await recordRefusal(context, caller, deed, () => readRetryable(context, caller, id));
  const policy = context.policies.get(copy.policy);
  if (policy === undefined) throw new Error(`there are no rules called ${copy.policy}`);
  const { copies, replayed } = await copyImages(
    context,
    caller,
    {
      ...copy.wishes,
      policy,
      images: [copy.sourceImageId],
      regions: [copy.destinationRegion],
      agency: copy.agency ?? undefined,
    },
    { token, retryOf: copy.id },
  );
  return { result: copies[0] as Copy, replayed };
}

async function readRetryable({ db }: AppContext, caller: Caller, id: string): Promise<Copy> {
  const copy = await readCopy(db, caller, id);
  if (copy.state === 'failed' || copy.state === 'cancelled') return copy;
  throw new RefusalError('copy.not-retryable', { copy: copy.id, state: copy.state });
}
