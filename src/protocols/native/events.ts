import { z } from 'zod';
import { listEvents } from '../../app/list-events.ts';
import type { Event } from '../../domain/event.ts';
import { eventDocument } from '../../domain/event-document.ts';
import { principalKinds } from '../../domain/principal.ts';
import { moment, text } from './input.ts';
import { operation } from './operation.ts';
import { createCursors, pageFields, pageOf } from './paging.ts';
import { time, timeOf, uuid } from './render.ts';

const eventSchema = z
  .strictObject({
    id: z.int().min(1).meta({ description: 'Ascending.' }),
    at: time,
    type: z
      .string()
      .meta({ description: 'What was done (`image.create`), or the state that was entered (`image.available`).' }),
    outcome: z.string().meta({ description: '`succeeded`, or the code of the refusal or failure.' }),
    actor: z.strictObject({
      kind: z.enum(principalKinds),
      account: uuid.nullable(),
      user: uuid.nullable(),
      name: z.string(),
      accessKey: z.string().nullable(),
    }),
    resource: z.strictObject({ type: z.string(), id: z.string() }),
    region: z.string().nullable(),
    protocol: z.string().nullable(),
    requestId: z.string().nullable(),
    address: z.string().nullable(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Event', description: 'Who did what to which thing, from where and with what outcome.' });

function renderEvent(event: Event): z.input<typeof eventSchema> {
  return eventDocument(event, timeOf(event.at)) as z.input<typeof eventSchema>;
}

/** Ids of events are PostgreSQL's bigint; beyond what a number holds there is none. */
export const eventId = z.int().min(0);

const eventQuery = z.strictObject({
  type: text.optional().meta({ description: 'A type, or `image.*` for all that begin so.' }),
  resource: text.optional().meta({ description: "A thing's id." }),
  actor: text.optional().meta({ description: "A user's id." }),
  outcome: text.optional(),
  since: moment.optional(),
  until: moment.optional(),
  after: z.coerce
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ description: 'For followers: what happened after the event of this id, oldest first.' }),
  ...pageFields,
});

export const eventOperations = [
  operation({
    id: 'listEvents',
    method: 'GET',
    path: '/events',
    summary: "Lists the account's events, newest first, or with `after` oldest first.",
    action: 'event.read',
    query: eventQuery,
    status: 200,
    answer: pageOf('events', eventSchema),
    refusals: [],
    async handle({ context, caller, query }) {
      const { cursor, limit, ...filter } = query;
      const cursors = createCursors(eventId, 'events', filter);
      const { events, next } = await listEvents(context, caller, { ...filter, limit, before: cursors.read(cursor) });
      return { body: { events: events.map(renderEvent), nextCursor: cursors.write(next) } };
    },
  }),
];
