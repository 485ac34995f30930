import { z } from 'zod';
import {
  createResourceGroup,
  deleteResourceGroup,
  listResourceGroups,
  updateResourceGroup,
} from '../../app/tenants/resource-groups.ts';
import type { ResourceGroup } from '../../domain/tenants.ts';
import { description, id, text } from './input.ts';
import { nothing, operation } from './operation.ts';
import { createCursors, pageFields, pageOf, placeOfName } from './paging.ts';
import { time, timeOf, uuid } from './render.ts';

const groupSchema = z
  .strictObject({
    id: uuid,
    aliyunId: z.string(),
    name: z.string(),
    description: z.string(),
    createdAt: time,
    disabled: z.boolean(),
  })
  .meta({ id: 'ResourceGroup', description: 'What images are put together by, across regions.' });

function renderGroup({ accountId: _, createdAt, disabledAt, ...shown }: ResourceGroup): z.input<typeof groupSchema> {
  return { ...shown, createdAt: timeOf(createdAt), disabled: disabledAt !== null };
}

const groupParams = { group: id("The resource group's id.") };

export const resourceGroupOperations = [
  operation({
    id: 'listResourceGroups',
    method: 'GET',
    path: '/resource-groups',
    summary: "Lists the account's resource groups by name.",
    action: 'resource-group.read',
    query: z.strictObject(pageFields),
    status: 200,
    answer: pageOf('resourceGroups', groupSchema),
    refusals: [],
    async handle({ context, caller, query }) {
      const cursors = createCursors(placeOfName, 'resource-groups');
      const page = { limit: query.limit, after: cursors.read(query.cursor) };
      const { resourceGroups, next } = await listResourceGroups(context, caller, page);
      return { body: { resourceGroups: resourceGroups.map(renderGroup), nextCursor: cursors.write(next) } };
    },
  }),

  operation({
    id: 'createResourceGroup',
    method: 'POST',
    path: '/resource-groups',
    summary: 'Makes a resource group.',
    action: 'resource-group.manage',
    body: z.strictObject({ name: text, description: description.default('') }),
    example: { name: 'base-images' },
    status: 201,
    answer: groupSchema,
    idempotent: true,
    refusals: ['resource-group.exists'],
    async handle({ context, caller, body, token }) {
      const { result, replayed } = await createResourceGroup(context, caller, body, token);
      return { body: renderGroup(result), replayed };
    },
  }),

  operation({
    id: 'updateResourceGroup',
    method: 'PATCH',
    path: '/resource-groups/{group}',
    summary: 'Changes what is given. Nothing new is put into a disabled group.',
    action: 'resource-group.manage',
    params: groupParams,
    body: z.strictObject({
      name: text.optional(),
      description: description.optional(),
      disabled: z.boolean().optional(),
    }),
    example: { disabled: true },
    status: 200,
    answer: groupSchema,
    refusals: ['resource-group.not-found', 'resource-group.exists'],
    async handle({ context, caller, params, body }) {
      return { body: renderGroup(await updateResourceGroup(context, caller, params.group, body)) };
    },
  }),

  operation({
    id: 'deleteResourceGroup',
    method: 'DELETE',
    path: '/resource-groups/{group}',
    summary: 'Deletes a resource group that has no images.',
    action: 'resource-group.manage',
    params: groupParams,
    status: 204,
    answer: nothing,
    refusals: ['resource-group.not-found', 'resource-group.in-use'],
    async handle({ context, caller, params }) {
      await deleteResourceGroup(context, caller, params.group);
      return { body: undefined };
    },
  }),
];
