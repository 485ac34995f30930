/** How everything is done that changes something: allowed, in one transaction, and written down with its outcome. */
import { inTransaction, type Trx } from '../db/database.ts';
import { type OnlyDelivery, recordEvent, recordEvents } from '../db/events.ts';
import { type Action, may, type Target } from '../domain/authorization.ts';
import { actorOf, type NewEvent, type Resource } from '../domain/event.ts';
import { type DeedType, isDeedType } from '../domain/event-types.ts';
import type { Principal } from '../domain/principal.ts';
import { RefusalError } from '../domain/refusal.ts';
import { withSpan } from '../telemetry/tracing.ts';
import type { AppContext, Caller } from './context.ts';

/** What is done to what. A part that is known only later is filled in by the work. */
export type Deed = {
  resource: Resource;
  region?: string | null;
  /** Never a secret. */
  details?: Readonly<Record<string, unknown>>;
  /** Of what one webhook alone is to hear. */
  only?: OnlyDelivery;
  /** Only to see whether it would be done. */
  readonly dryRun?: boolean | undefined;
  /** Events of what was done, to be written down along with the deed's own, before it. */
  along?: readonly NewEvent[];
} & (
  | { readonly action: Action & DeedType; readonly type?: DeedType }
  /** What events call it, where the action covers more: `user.create`, which is a `user.manage`. */
  | { readonly action: Action; readonly type: DeedType }
);

/** Of use cases that can be tried first: `dryRun` does all of it, undoes it, and refuses with `request.dry-run-passed`. */
export interface Trial {
  readonly dryRun?: boolean | undefined;
}

/**
 * Refuses with `forbidden` if the caller may not do it, and with `hidden` if there is nothing there as far as the caller is
 * concerned; without a target the question is whether the caller's role allows the action at all.
 */
export function demand(caller: Principal, action: Action, target?: Target, hidden?: () => RefusalError): void {
  const verdict = may(caller, action, target);
  if (verdict === 'hidden' && hidden !== undefined) throw hidden();
  if (verdict !== 'yes') throw new RefusalError('forbidden', { action });
}

/**
 * Runs `work` in a transaction together with its event. A refusal is an event too, in a transaction of its own, since the
 * work's is rolled back. `work` must touch nothing but the database, because it is run again when it met another, and undone
 * when it was a dry run. One that passes leaves no event: nothing was done, and nobody was told no.
 */
export async function act<Result>(
  context: AppContext,
  caller: Caller,
  deed: Deed,
  work: (trx: Trx, deed: Deed) => Promise<Result>,
): Promise<Result> {
  const { db, clock } = context;
  const done = { ...deed };
  const transaction = () =>
    inTransaction(db, async (trx) => {
      const result = await work(trx, done);
      if (deed.dryRun) throw new RefusalError('request.dry-run-passed', { action: deed.action });
      const event = eventOf(caller, done, 'succeeded');
      if (done.along === undefined) await recordEvent(trx, event, clock.now(), done.only);
      else await recordEvents(trx, [...done.along, event], clock.now());
      return result;
    });
  return await recordRefusal(context, caller, done, () => withSpan(deed.action, {}, transaction, { onlyInside: true }));
}

/** Asks for the right and runs what is no transaction, or comes before one; a refusal is an event here as well. */
export async function recordRefusal<Result>(
  { db, clock }: AppContext,
  caller: Caller,
  deed: Deed,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    demand(caller, deed.action);
    return await work();
  } catch (error) {
    if (error instanceof RefusalError && error.code !== 'request.dry-run-passed') {
      await recordEvent(db, eventOf(caller, deed, error.code), clock.now());
    }
    throw error;
  }
}

/** What events call what is done by a right that is a part of another one's deed. */
const deedsOf: Partial<Record<Action, DeedType>> = { 'image.publish': 'image.update' };

/**
 * Asks for the right alone, for front doors that ask before they read what is asked for; the use case asks again, about what it
 * finds. A refusal is an event where the deed would have been one: by the action's name or, where that covers more, as `type` says.
 */
export async function demandFirst(
  context: AppContext,
  caller: Caller,
  action: Action,
  { type, ...about }: Pick<Deed, 'resource' | 'region' | 'type'>,
): Promise<void> {
  const named = type ?? (isDeedType(action) ? action : deedsOf[action]);
  if (named !== undefined) await recordRefusal(context, caller, { ...about, action, type: named }, async () => {});
  else demand(caller, action);
}

/** Writes down a deed that is no transaction, once its right has been asked for: what reads or removes stored bytes. */
export async function record({ db, clock }: AppContext, caller: Caller, deed: Deed): Promise<void> {
  await recordEvent(db, eventOf(caller, deed, 'succeeded'), clock.now());
}

function eventOf(caller: Caller, deed: Deed, outcome: string): NewEvent {
  return {
    accountId: caller.accountId,
    type: deed.type ?? deed.action,
    outcome,
    actor: actorOf(caller),
    resource: deed.resource,
    region: deed.region ?? null,
    origin: caller.origin,
    details: deed.details ?? {},
  };
}
