import { z } from 'zod';
import { setPassword } from '../../app/tenants/passwords.ts';
import { createUser, deleteUser, findUser, listUsers, updateUser } from '../../app/tenants/users.ts';
import { roles } from '../../domain/principal.ts';
import type { User } from '../../domain/tenants.ts';
import { PasswordsBusyError } from '../../lib/passwords.ts';
import { id, text } from './input.ts';
import { nothing, operation } from './operation.ts';
import { createCursors, pageFields, pageOf, placeOfName } from './paging.ts';
import { protocolError } from './protocol-error.ts';
import { time, timeOf, uuid } from './render.ts';

export const userSchema = z
  .strictObject({
    id: uuid,
    name: z.string(),
    role: z.enum(roles),
    createdAt: time,
    disabled: z.boolean(),
    hasPassword: z.boolean().meta({ description: 'Dialects whose clients log in by one let the user in by it.' }),
  })
  .meta({ id: 'User' });

export function renderUser(user: User): z.input<typeof userSchema> {
  const { id, name, role, createdAt, disabledAt, hasPassword } = user;
  return { id, name, role, createdAt: timeOf(createdAt), disabled: disabledAt !== null, hasPassword };
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
    summary: "Deletes a user with keys, password and sessions; what the user has made stays the account's.",
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

  operation({
    id: 'setPassword',
    method: 'PUT',
    path: '/users/{user}/password',
    summary:
      "Sets a user's password: owners anybody's, others their own. The sessions that were made with the old one end.",
    action: 'user.password',
    params: userParams,
    body: z.strictObject({ password: text.meta({ description: '8 to 128 characters.', writeOnly: true }) }),
    example: { password: 'correct horse battery staple' },
    status: 204,
    answer: nothing,
    // Each keeps a core busy.
    atOnce: 2,
    refusals: ['user.not-found'],
    async handle({ context, caller, params: { user }, body: { password }, signal }) {
      try {
        await setPassword(context, caller, { user, password }, signal);
      } catch (error) {
        if (error instanceof PasswordsBusyError) throw protocolError('rate.limited', {}, { 'retry-after': '5' });
        throw error;
      }
      return { body: undefined };
    },
  }),

  operation({
    id: 'removePassword',
    method: 'DELETE',
    path: '/users/{user}/password',
    summary: "Takes a user's password away, and ends the sessions that were made with it.",
    action: 'user.password',
    params: userParams,
    status: 204,
    answer: nothing,
    refusals: ['user.not-found'],
    async handle({ context, caller, params: { user }, signal }) {
      await setPassword(context, caller, { user, password: null }, signal);
      return { body: undefined };
    },
  }),
];
