import { z } from 'zod';
import { cancelCopy } from '../../app/cancel-copy.ts';
import { copyImages } from '../../app/copy-images.ts';
import { findCopy } from '../../app/find-copy.ts';
import { listCopies } from '../../app/list-copies.ts';
import { type PlannedCopy, planCopies } from '../../app/plan-copies.ts';
import { retryCopy } from '../../app/retry-copy.ts';
import { watchCopies } from '../../app/watch-copies.ts';
import { copyStates } from '../../domain/states.ts';
import { nativeCopyPolicy } from './copy-policy.ts';
import { encryptingRefusals } from './images.ts';
import { description, id, name, tags, text } from './input.ts';
import { events, operation } from './operation.ts';
import { createCursors, pageFields, pageOf, placeOfTime } from './paging.ts';
import { problemOfRefusal, problemSchema } from './problem.ts';
import { bytes, copySchema, renderCopy, uuid } from './render.ts';

const copyId = id("The copy's id.");

const newCopies = z.strictObject({
  images: z.array(text).min(1).max(nativeCopyPolicy.mostCopies).meta({ description: 'Ids; each goes to each region.' }),
  regions: z.array(text).min(1).max(nativeCopyPolicy.mostCopies),
  name: name.optional().meta({ description: "With one image only; the source's without it." }),
  description: description.optional(),
  tags: tags.optional().meta({ description: "All of them; the source's own without it." }),
  project: text.optional().meta({ description: 'Id or name, in each of the regions.' }),
  resourceGroup: text.optional().meta({ description: 'Id or name.' }),
  agency: text.optional().meta({ description: 'By which the image service may act in the destination.' }),
  encryption: text.optional().meta({
    description:
      'A key of the destination, by id or alias; `default` for its default key; or `none`. Without it each disk keeps its key, ' +
      'which it can in its own region only.',
  }),
});
const example = { images: ['0f9a3c1e-6c1d-4b7e-9a55-0d3b7c1f2e4a'], regions: ['south'] };

/** What copies cannot even be judged for. */
const unknowns = [
  'region.not-found',
  'image.not-found',
  'project.not-found',
  'resource-group.not-found',
  'copy.too-many',
] as const;

/** What the rules refuse, besides. */
const rules = [
  ...unknowns,
  'image.not-readable',
  'agency.not-permitted',
  ...encryptingRefusals,
  'key.required',
  'key.other-region',
  'quota.images',
  'quota.snapshots',
  'quota.bytes',
] as const;

/** How long a plan counts bytes: of some 30 TiB, at 200,000 look-ups a second and two for each chunk. */
const planCountMs = 5000;

const plannedCopy = z
  .strictObject({
    image: uuid,
    region: z.string(),
    allowed: z.boolean(),
    verdicts: z
      .array(z.strictObject({ rule: z.string(), allowed: z.boolean(), problem: problemSchema.optional() }))
      .meta({ description: 'In the order in which the rules are asked.' }),
    bytesTotal: bytes.nullable().meta({ description: 'Null where the caller may not know.' }),
    bytesToMove: bytes
      .nullable()
      .meta({ description: 'What the destination lacks now; null where that cannot be told.' }),
  })
  .meta({ id: 'PlannedCopy' });

function renderPlanned({ verdicts, ...shown }: PlannedCopy): z.input<typeof plannedCopy> {
  return {
    ...shown,
    verdicts: verdicts.map(({ rule, refusal }) =>
      refusal === null ? { rule, allowed: true } : { rule, allowed: false, problem: problemOfRefusal(refusal) },
    ),
  };
}

const copyQuery = z.strictObject({
  state: z.array(z.enum(copyStates)).optional().meta({ description: 'Any of these.' }),
  image: text.optional().meta({ description: 'Copies from or to this image.' }),
  region: text.optional().meta({ description: 'Where they go to.' }),
  request: text.optional().meta({ description: 'What was asked for together.' }),
  sort: z.enum(['createdAt', '-createdAt']).default('-createdAt'),
  ...pageFields,
});

export const copyOperations = [
  operation({
    id: 'copyImages',
    method: 'POST',
    path: '/copies',
    summary: 'Copies each image to each region: all of it is accepted, or nothing.',
    action: 'copy.create',
    body: newCopies,
    example,
    status: 202,
    answer: z.strictObject({ request: z.string(), copies: z.array(copySchema) }),
    idempotent: true,
    refusals: rules,
    async handle({ context, caller, body, token }) {
      const command = { ...body, policy: nativeCopyPolicy };
      const { request, copies, replayed } = await copyImages(context, caller, command, { token });
      return { body: { request, copies: copies.map(renderCopy) }, replayed };
    },
  }),

  operation({
    id: 'planCopies',
    method: 'POST',
    path: '/copies/plan',
    summary: 'Says what every rule says of such a request, and how many bytes it would move. Nothing happens.',
    action: 'copy.create',
    body: newCopies,
    example,
    status: 200,
    answer: z.strictObject({ allowed: z.boolean(), items: z.array(plannedCopy) }),
    atOnce: 1,
    refusals: unknowns,
    async handle({ context, caller, body, signal }) {
      const command = { ...body, policy: nativeCopyPolicy };
      const counting = AbortSignal.timeout(planCountMs);
      const { allowed, items } = await planCopies(context, caller, command, { signal, counting });
      return { body: { allowed, items: items.map(renderPlanned) } };
    },
  }),

  operation({
    id: 'listCopies',
    method: 'GET',
    path: '/copies',
    summary: "Lists the account's copies by the time they were asked for.",
    action: 'copy.read',
    query: copyQuery,
    status: 200,
    answer: pageOf('copies', copySchema),
    refusals: ['image.not-found'],
    async handle({ context, caller, query }) {
      const { limit, cursor, sort, state, ...filter } = query;
      const cursors = createCursors(placeOfTime, 'copies', sort, state, filter);
      const { copies, next } = await listCopies(context, caller, {
        ...filter,
        states: state,
        descending: sort.startsWith('-'),
        after: cursors.read(cursor),
        limit,
      });
      return { body: { copies: copies.map(renderCopy), nextCursor: cursors.write(next) } };
    },
  }),

  operation({
    id: 'findCopy',
    method: 'GET',
    path: '/copies/{copy}',
    summary: 'Shows a copy, with how far it is.',
    action: 'copy.read',
    params: { copy: copyId },
    status: 200,
    answer: copySchema,
    refusals: ['copy.not-found'],
    async handle({ context, caller, params }) {
      return { body: renderCopy(await findCopy(context, caller, params.copy)) };
    },
  }),

  operation({
    id: 'cancelCopy',
    method: 'POST',
    path: '/copies/{copy}/cancel',
    summary: 'Cancels a copy for good; the half-made image is gone.',
    action: 'copy.cancel',
    params: { copy: copyId },
    status: 200,
    answer: copySchema,
    refusals: ['copy.not-found', 'copy.finished'],
    async handle({ context, caller, params }) {
      return { body: renderCopy(await cancelCopy(context, caller, params.copy)) };
    },
  }),

  operation({
    id: 'retryCopy',
    method: 'POST',
    path: '/copies/{copy}/retry',
    summary: 'Makes a new copy of what a failed or cancelled one was to copy.',
    action: 'copy.create',
    params: { copy: copyId },
    status: 202,
    answer: copySchema,
    idempotent: true,
    refusals: ['copy.not-found', 'copy.not-retryable', ...rules],
    async handle({ context, caller, params, token }) {
      const { result, replayed } = await retryCopy(context, caller, params.copy, token);
      return { body: renderCopy(result), replayed };
    },
  }),

  events({
    id: 'watchCopy',
    method: 'GET',
    path: '/copies/{copy}/events',
    summary: 'Tells how a copy goes on, whenever it changes, until it has ended.',
    action: 'copy.read',
    params: { copy: copyId },
    event: 'copy',
    answer: copySchema,
    refusals: ['copy.not-found'],
    watch: ({ context, caller, params, signal }) => rendered(watchCopies(context, caller, params, signal)),
  }),

  events({
    id: 'watchCopies',
    method: 'GET',
    path: '/copies/events',
    summary: 'Tells how the copies of one request go on, whenever one changes, until all have ended.',
    action: 'copy.read',
    query: z.strictObject({ request: text }),
    event: 'copy',
    answer: copySchema,
    refusals: ['copy.not-found'],
    watch: ({ context, caller, query, signal }) => rendered(watchCopies(context, caller, query, signal)),
  }),
];

async function* rendered(copies: ReturnType<typeof watchCopies>): AsyncGenerator<z.input<typeof copySchema>> {
  for await (const copy of copies) yield renderCopy(copy);
}
