import { z } from 'zod';
import { createUser, deleteUser, findUser, listUsers, updateUser } from '../../app/tenants/users.ts';
import { roles } from '../../domain/principal.ts';
import type { User } from '../../domain/tenants.ts';
import { id, text } from './input.ts';
import { nothing, operation } from './operation.ts';
import { createCursors, pageFields, pageOf, placeOfName } from './paging.ts';
import { time, timeOf, uuid } from './render.ts';

export const userSchema = z
  .strictObject({ id: uuid, name: z.string(), role: z.enum(roles), createdAt: time, disabled: z.boolean() })
  .meta({ id: 'User' });

export function renderUser({ id, name, role, createdAt, disabledAt }: User): z.input<typeof userSchema> {
  return { id, name, role, createdAt: timeOf(createdAt), disabled: disabledAt !== null };
}

export const userParams = { user: id("The user's id or name, or `self`.") };

export const userOperations = [
  operation({
    id: 'listUsers',
    method: 'GET',
    path: '/users',
    summary: "Lists the account's users by name.",
    action: 'user.read',
    query: z.strictObject(pageFields),
    status: 200,
    answer: pageOf('users', userSchema),
    refusals: [],
    async handle({ context, caller, query }) {
      const cursors = createCursors(placeOfName, 'users');
      const page = { limit: query.limit, after: cursors.read(query.cursor) };
      const { users, next } = await listUsers(context, caller, page);
      return { body: { users: users.map(renderUser), nextCursor: cursors.write(next) } };
    },
  }),

  operation({
    id: 'createUser',
    method: 'POST',
    path: '/users',
    summary: 'Makes a user, who can do nothing before there is an access key.',
    action: 'user.manage',
    body: z.strictObject({ name: text, role: z.enum(roles) }),
    example: { name: 'pipeline', role: 'operator' },
    status: 201,
    answer: userSchema,
    idempotent: true,
    refusals: ['user.exists'],
    async handle({ context, caller, body, token }) {
      const { result, replayed } = await createUser(context, caller, body, token);
      return { body: renderUser(result), replayed };
    },
  }),

  operation({
    id: 'findUser',
    method: 'GET',
    path: '/users/{user}',
    summary: 'Shows a user.',
    action: 'user.read',
    params: userParams,
    status: 200,
    answer: userSchema,
    refusals: ['user.not-found'],
    async handle({ context, caller, params }) {
      return { body: renderUser(await findUser(context, caller, params.user)) };
    },
  }),

  operation({
    id: 'updateUser',
    method: 'PATCH',
    path: '/users/{user}',
    summary: "Changes what is given. A disabled user's keys and sessions are refused.",
    action: 'user.manage',
    params: userParams,
    body: z.strictObject({
      name: text.optional(),
      role: z.enum(roles).optional(),
      disabled: z.boolean().optional(),
    }),
    example: { disabled: true },
    status: 200,
    answer: userSchema,
    refusals: ['user.not-found', 'user.exists', 'user.last-owner'],
    async handle({ context, caller, params, body }) {
      return { body: renderUser(await updateUser(context, caller, params.user, body)) };
    },
  }),

  operation({
    id: 'deleteUser',
    method: 'DELETE',
    path: '/users/{user}',
    summary: "Deletes a user with keys and sessions; what the user has made stays the account's.",
    action: 'user.delete',
    params: userParams,
    status: 204,
    answer: nothing,
    refusals: ['user.not-found', 'user.last-owner'],
    async handle({ context, caller, params }) {
      await deleteUser(context, caller, params.user);
      return { body: undefined };
    },
  }),
];
