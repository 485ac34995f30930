/** The rows of events. Each is written in the transaction of what it tells, with the deliveries of the webhooks that want it. */
import { type RawBuilder, sql } from 'kysely';
import { type Event, type NewEvent, service } from '../domain/event.ts';
import type { Db, Trx } from './database.ts';

/** A delivery of an event that one webhook alone hears of, known by its id before there is one. */
export interface OnlyDelivery {
  readonly id: string;
  readonly webhook: string;
}

/** A webhook that is deleted meanwhile gets no delivery. */
export async function recordEvent(db: Db | Trx, event: NewEvent, now: number, only?: OnlyDelivery): Promise<void> {
  const chosen = only ? sql`webhooks.id = ${only.webhook}` : wanted;
  await writeEvents(db, [event], now, sql`coalesce(${only?.id ?? null}::uuid, gen_random_uuid())`, chosen);
}

/** As {@link recordEvent}, for any number of events, which happened in this order. */
export async function recordEvents(db: Db | Trx, events: readonly NewEvent[], now: number): Promise<void> {
  await writeEvents(db, events, now, sql`gen_random_uuid()`, wanted);
}

/** What a webhook may call events of this type: `image.available`, `image.*`, `*`. */
const wanted = sql`webhooks.disabled_at IS NULL
  AND webhooks.types && ARRAY[event.type, split_part(event.type, '.', 1) || '.*', '*']`;

async function writeEvents(
  db: Db | Trx,
  events: readonly NewEvent[],
  now: number,
  delivery: RawBuilder<unknown>,
  chosen: RawBuilder<unknown>,
): Promise<void> {
  await sql`
    WITH event AS (
      INSERT INTO events (at, account, type, outcome, actor_kind, actor_account, actor_user, actor_name, access_key,
                          resource_type, resource_id, region, protocol, request, address, details)
      SELECT ${now}, e.account, e.type, e.outcome, e.actor_kind, e.actor_account, e.actor_user, e.actor_name, e.access_key,
             e.resource_type, e.resource_id, (SELECT number FROM regions WHERE id = e.region), e.protocol, e.request,
             e.address, e.details
      FROM jsonb_to_recordset(${JSON.stringify(events.map(toRow))}::jsonb) AS e (
        account uuid, type text, outcome text, actor_kind text, actor_account uuid, actor_user uuid, actor_name text,
        access_key text, resource_type text, resource_id text, region text, protocol text, request text, address text,
        details jsonb)
      RETURNING id, account, type
    )
    INSERT INTO webhook_deliveries (id, webhook, event, next_attempt_at)
    SELECT ${delivery}, webhooks.id, event.id, ${now} FROM webhooks, event
    WHERE webhooks.account = event.account AND ${chosen}
    FOR KEY SHARE OF webhooks`.execute(db);
}

function toRow({ accountId, type, outcome, actor, resource, region, origin, details }: NewEvent) {
  return {
    account: accountId,
    type,
    outcome,
    actor_kind: actor.kind,
    actor_account: actor.accountId,
    actor_user: actor.userId,
    actor_name: actor.name,
    access_key: actor.accessKeyId,
    resource_type: resource.type,
    resource_id: storable(resource.id),
    region: storable(region),
    protocol: origin?.protocol,
    request: origin?.requestId,
    address: origin?.address,
    details: JSON.parse(JSON.stringify(details, (_key, value: unknown) => storable(value))),
  };
}

/** What a caller calls a thing may be anything: cut to 256 characters, and without what PostgreSQL cannot hold. */
function storable<Value>(value: Value): Value | string {
  return typeof value === 'string' ? value.replaceAll('\0', '').slice(0, 256).toWellFormed() : value;
}

type StateEvent = Pick<NewEvent, 'accountId' | 'type' | 'resource' | 'region' | 'details'> & {
  readonly outcome?: string;
};

/** The state that a thing has entered by itself, as its account's event. */
export async function recordState(trx: Trx, event: StateEvent, now: number): Promise<void> {
  await recordEvent(trx, stateEvent(event), now);
}

/** The event that {@link recordState} writes, to be written together with others. */
export function stateEvent(event: StateEvent): NewEvent {
  return { outcome: 'succeeded', ...event, actor: service, origin: null };
}

/** Whether the last event of this kind, by the same account and in the same region, is of `since` (epoch milliseconds) or later. */
export async function happenedSince(
  db: Db | Trx,
  { accountId, type, resource, region, actor }: NewEvent,
  since: number,
): Promise<boolean> {
  const { rows } = await sql<{ at: number }>`
    SELECT at FROM events
    WHERE account = ${accountId} AND resource_id = ${resource.id} AND type = ${type}
      AND actor_account = ${actor.accountId} AND region = (SELECT number FROM regions WHERE id = ${region})
    ORDER BY id DESC LIMIT 1`.execute(db);
  const [last] = rows;
  return last !== undefined && last.at >= since;
}

export interface EventFilter {
  /** A type, or `image.*` for all that begin so. */
  readonly type?: string | undefined;
  /** Id of the resource. */
  readonly resource?: string | undefined;
  /** Id of the user. */
  readonly actor?: string | undefined;
  readonly outcome?: string | undefined;
  /** Epoch milliseconds, inclusive. */
  readonly since?: number | undefined;
  /** Epoch milliseconds, exclusive. */
  readonly until?: number | undefined;
  /** Only older ones: the id that the last page ended with. */
  readonly before?: number | undefined;
  readonly limit: number;
}

function selectEvents(db: Db, accountId: string, filter: Omit<EventFilter, 'limit' | 'before'>) {
  let query = db
    .selectFrom('events')
    .leftJoin('regions', 'regions.number', 'events.region')
    .select([
      'events.id',
      'at',
      'account',
      'type',
      'outcome',
      'actor_kind',
      'actor_account',
      'actor_user',
      'actor_name',
      'access_key',
      'resource_type',
      'resource_id',
      'regions.id as regionId',
      'protocol',
      'request',
      'address',
      'details',
    ])
    .where('events.account', '=', accountId);
  const { type, resource, actor, outcome, since, until } = filter;
  if (type?.endsWith('*')) query = query.where(sql`starts_with(type, ${type.slice(0, -1)})`, 'is', true);
  else if (type !== undefined) query = query.where('type', '=', type);
  if (resource !== undefined) query = query.where('resource_id', '=', resource);
  if (actor !== undefined) query = query.where('actor_user', '=', actor);
  if (outcome !== undefined) query = query.where('outcome', '=', outcome);
  if (since !== undefined) query = query.where('at', '>=', since);
  if (until !== undefined) query = query.where('at', '<', until);
  return query;
}

type EventRow = Awaited<ReturnType<ReturnType<typeof selectEvents>['execute']>>[number];

function toEvent(row: EventRow): Event {
  const { protocol, request, address } = row;
  return {
    id: row.id,
    at: row.at,
    accountId: row.account,
    type: row.type,
    outcome: row.outcome,
    actor: {
      kind: row.actor_kind,
      accountId: row.actor_account,
      userId: row.actor_user,
      name: row.actor_name,
      accessKeyId: row.access_key,
    },
    resource: { type: row.resource_type, id: row.resource_id },
    region: row.regionId,
    origin: protocol === null ? null : { protocol, requestId: request ?? '', address: address ?? '' },
    details: row.details,
  };
}

export async function findEvent(db: Db, accountId: string, id: number): Promise<Event | undefined> {
  const row = await selectEvents(db, accountId, {}).where('events.id', '=', id).executeTakeFirst();
  return row && toEvent(row);
}

/** The account's events, newest first. */
export async function listEvents(db: Db, accountId: string, filter: EventFilter): Promise<Event[]> {
  let query = selectEvents(db, accountId, filter);
  if (filter.before !== undefined) query = query.where('events.id', '<', filter.before);
  const rows = await query.orderBy('events.id', 'desc').limit(filter.limit).execute();
  return rows.map(toEvent);
}

/**
 * The account's events after `after`, oldest first, for one who follows. Ids are given before they are committed, so only
 * those are shown that are older than every open transaction: none can turn up later among them.
 */
export async function followEvents(
  db: Db,
  accountId: string,
  after: number,
  filter: Omit<EventFilter, 'before'>,
): Promise<Event[]> {
  const rows = await selectEvents(db, accountId, filter)
    .where('events.id', '>', after)
    .where(sql`transaction < pg_snapshot_xmin(pg_current_snapshot())`, 'is', true)
    .orderBy('events.id')
    .limit(filter.limit)
    .execute();
  return rows.map(toEvent);
}

/** Forgets what is older than `before` (epoch milliseconds), at most `limit` at a time; tells how many. */
export async function deleteOldEvents(db: Db, before: number, limit: number): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at < ${before} ORDER BY at LIMIT ${limit})`.execute(db);
  return Number(numAffectedRows);
}
