import { z } from 'zod';
import { createAgency, deleteAgency, findAgency, listAgencies, updateAgency } from '../../app/tenants/agencies.ts';
import { roles } from '../../domain/principal.ts';
import type { Agency } from '../../domain/tenants.ts';
import { description, id, moment, text } from './input.ts';
import { nothing, operation } from './operation.ts';
import { createCursors, pageFields, pageOf, placeOfName } from './paging.ts';
import { time, timeOf, timeOrNull, uuid } from './render.ts';

const everyProject = { description: 'Null: every project of the account.' };
const titled = { description: 'What a dialect calls it.' };
const ofNoRegion = { description: 'Of services that lie in no region: it grants nothing here.' };

const agencySchema = z
  .strictObject({
    id: uuid,
    name: z.string(),
    description: z.string(),
    trustedAccountId: uuid.nullable().meta({ description: 'Null: the image service itself.' }),
    grants: z.array(
      z.strictObject({
        projectId: uuid.nullable().meta(everyProject),
        role: z.enum(roles),
        title: z.string().meta(titled),
        isGlobal: z.boolean().meta(ofNoRegion),
      }),
    ),
    createdAt: time,
    expiresAt: time.nullable(),
  })
  .meta({ id: 'Agency', description: 'A named delegation.' });

function renderAgency({ accountId: _, grants, createdAt, expiresAt, ...shown }: Agency): z.input<typeof agencySchema> {
  const times = { createdAt: timeOf(createdAt), expiresAt: timeOrNull(expiresAt) };
  return { ...shown, grants: grants.map((grant) => ({ title: '', isGlobal: false, ...grant })), ...times };
}

const agencyParams = { agency: id("The agency's id or name.") };

const trustedAccount = text.nullable().meta({ description: 'Id, number or name; null: the image service itself.' });
const grants = z
  .array(
    z.strictObject({
      project: text.nullable().optional().meta(everyProject),
      role: z.enum(roles),
      title: text.optional().meta(titled),
      isGlobal: z.boolean().optional().meta(ofNoRegion),
    }),
  )
  .min(1)
  .max(100);

export const agencyOperations = [
  operation({
    id: 'listAgencies',
    method: 'GET',
    path: '/agencies',
    summary: "Lists the account's agencies by name.",
    action: 'agency.read',
    query: z.strictObject(pageFields),
    status: 200,
    answer: pageOf('agencies', agencySchema),
    refusals: [],
    async handle({ context, caller, query }) {
      const cursors = createCursors(placeOfName, 'agencies');
      const page = { limit: query.limit, after: cursors.read(query.cursor) };
      const { agencies, next } = await listAgencies(context, caller, page);
      return { body: { agencies: agencies.map(renderAgency), nextCursor: cursors.write(next) } };
    },
  }),

  operation({
    id: 'createAgency',
    method: 'POST',
    path: '/agencies',
    summary: 'Lets another account, or the image service, act in this one as far as the grants go.',
    action: 'agency.manage',
    body: z.strictObject({
      name: text,
      description: description.default(''),
      trustedAccount: trustedAccount.default(null),
      grants,
      expiresAt: moment.nullable().default(null),
    }),
    example: { name: 'copies', grants: [{ role: 'operator' }] },
    status: 201,
    answer: agencySchema,
    idempotent: true,
    refusals: ['account.not-found', 'project.not-found', 'agency.exists'],
    async handle({ context, caller, body, token }) {
      const { result, replayed } = await createAgency(context, caller, body, token);
      return { body: renderAgency(result), replayed };
    },
  }),

  operation({
    id: 'findAgency',
    method: 'GET',
    path: '/agencies/{agency}',
    summary: 'Shows an agency.',
    action: 'agency.read',
    params: agencyParams,
    status: 200,
    answer: agencySchema,
    refusals: ['agency.not-found'],
    async handle({ context, caller, params }) {
      return { body: renderAgency(await findAgency(context, caller, params.agency)) };
    },
  }),

  operation({
    id: 'updateAgency',
    method: 'PATCH',
    path: '/agencies/{agency}',
    summary: 'Changes what is given; what it takes away is taken at once.',
    action: 'agency.manage',
    params: agencyParams,
    body: z.strictObject({
      name: text.optional(),
      description: description.optional(),
      trustedAccount: trustedAccount.optional(),
      grants: grants.optional(),
      expiresAt: moment.nullable().optional(),
    }),
    example: { expiresAt: null },
    status: 200,
    answer: agencySchema,
    refusals: ['agency.not-found', 'account.not-found', 'project.not-found', 'agency.exists'],
    async handle({ context, caller, params, body }) {
      return { body: renderAgency(await updateAgency(context, caller, params.agency, body)) };
    },
  }),

  operation({
    id: 'deleteAgency',
    method: 'DELETE',
    path: '/agencies/{agency}',
    summary: 'Deletes an agency; the sessions that act by it end.',
    action: 'agency.delete',
    params: agencyParams,
    status: 204,
    answer: nothing,
    refusals: ['agency.not-found'],
    async handle({ context, caller, params }) {
      await deleteAgency(context, caller, params.agency);
      return { body: undefined };
    },
  }),
];
