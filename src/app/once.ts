/** Requests that may be sent again: the same token with the same request is done once. */
import { createHash } from 'node:crypto';
import type { Trx } from '../db/database.ts';
import { claimToken, keepResult } from '../db/idempotency.ts';
import { RefusalError } from '../domain/refusal.ts';
import type { AppContext, Caller } from './context.ts';

export interface Repeatable {
  /** What is asked for; tokens of different operations have nothing to do with each other. */
  readonly operation: string;
  /** The client's; undefined: each request is done. */
  readonly token: string | undefined;
  /** Everything that the request asks for. */
  readonly request: unknown;
}

export interface Done<Result> {
  readonly result: Result;
  /** It was done before, by a request with the same token. */
  readonly replayed: boolean;
}

/**
 * Runs `work`, or returns what it returned when the token was first used. `Result` goes through JSON and is kept: ids of what
 * was made, never a secret. Refuses a token that was used for another request.
 */
export async function once<Result>(
  { clock, idempotencyMs }: Pick<AppContext, 'clock' | 'idempotencyMs'>,
  trx: Trx,
  { accountId }: Pick<Caller, 'accountId'>,
  { operation, token, request }: Repeatable,
  work: () => Promise<Result>,
): Promise<Done<Result>> {
  if (token === undefined) return { result: await work(), replayed: false };
  const held = { accountId, operation, token, fingerprint: fingerprintOf(request) };
  const now = clock.now();
  const claim = await claimToken(trx, held, now, now + idempotencyMs);
  if (claim.outcome === 'mismatch') throw new RefusalError('request.idempotency-mismatch', { token });
  if (claim.outcome === 'again') return { result: claim.result as Result, replayed: true };
  const result = await work();
  await keepResult(trx, held, result);
  return { result, replayed: false };
}

/** As {@link once}, for what makes one thing: a repeated request is answered with the thing as it is now. */
export async function makeOnce<Thing extends { readonly id: string }>(
  context: Pick<AppContext, 'clock' | 'idempotencyMs'>,
  trx: Trx,
  caller: Pick<Caller, 'accountId'>,
  repeatable: Repeatable,
  make: () => Promise<Thing>,
  find: (id: string) => Promise<Thing>,
): Promise<Done<Thing>> {
  let made: Thing | undefined;
  const { result: id, replayed } = await once(context, trx, caller, repeatable, async () => {
    made = await make();
    return made.id;
  });
  return { result: made ?? (await find(id)), replayed };
}

/** The same for requests that say the same, whatever the order of their members. */
function fingerprintOf(request: unknown): Uint8Array {
  const canonical = JSON.stringify(request, (_key, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(canonical).digest();
}
