import { type EventFilter, followEvents, listEvents as listEventRows } from '../db/events.ts';
import type { Event } from '../domain/event.ts';
import { isEventPattern } from '../domain/event-types.ts';
import { isUuid } from '../domain/ids.ts';
import { RefusalError } from '../domain/refusal.ts';
import { demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';

export interface ListEventsQuery extends EventFilter {
  /** For one who follows: what has happened after this event, oldest first, instead of newest first. */
  readonly after?: number | undefined;
}

export interface EventPage {
  readonly events: readonly Event[];
  /** The `before` of the next page; null at the end, and for one who follows, who goes on after the last event. */
  readonly next: number | null;
}

/** Events of the caller's account. */
export async function listEvents(context: AppContext, caller: Caller, query: ListEventsQuery): Promise<EventPage> {
  demand(caller, 'event.read');
  const { after, before, ...filter } = query;
  check(query);
  const { db } = context;
  const { accountId } = caller;
  if (after !== undefined) return { events: await followEvents(db, accountId, after, filter), next: null };
  const rows = await listEventRows(db, accountId, { ...filter, before, limit: query.limit + 1 });
  const events = rows.slice(0, query.limit);
  return { events, next: rows.length > query.limit ? (events.at(-1)?.id ?? null) : null };
}

/** A type that no event can have is refused, or who follows would wait for it for ever. */
function check({ type, actor, after, before }: ListEventsQuery): void {
  const invalid = (field: string, rule: string) => new RefusalError('request.invalid', { field, rule });
  if (type !== undefined && !isEventPattern(type)) {
    throw invalid('type', 'must be the type of an event, image.* or the like, or *');
  }
  if (actor !== undefined && !isUuid(actor)) throw invalid('actor', 'must be the id of a user');
  if (after !== undefined && before !== undefined) throw invalid('after', 'does not go with a cursor');
}
