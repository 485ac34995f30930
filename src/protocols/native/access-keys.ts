import { z } from 'zod';
import {
  createAccessKey,
  deleteAccessKey,
  listAccessKeys,
  rotateAccessKey,
  updateAccessKey,
} from '../../app/tenants/access-keys.ts';
import type { AccessKey } from '../../domain/tenants.ts';
import { description, id } from './input.ts';
import { nothing, operation } from './operation.ts';
import { time, timeOf, timeOrNull, uuid } from './render.ts';
import { userParams } from './users.ts';

const accessKeyShape = {
  id: z.string(),
  userId: uuid,
  description: z.string(),
  createdAt: time,
  disabled: z.boolean(),
  expiresAt: time.nullable().meta({ description: 'Of a key that was rotated: until then it works on.' }),
  lastUsedAt: time.nullable().meta({ description: 'Accurate to a minute.' }),
};
const accessKeySchema = z.strictObject(accessKeyShape).meta({ id: 'AccessKey' });

const secret = z.string().meta({ description: 'Shown this once.' });

export const newAccessKeySchema = z.strictObject({ ...accessKeyShape, secret }).meta({ id: 'NewAccessKey' });

/** A key of which nothing but what signs is told. */
export const keyPair = z.strictObject({ id: z.string(), secret }).meta({ id: 'KeyPair' });

function renderAccessKey(key: AccessKey): z.input<typeof accessKeySchema> {
  const { id, userId, description, createdAt, disabledAt, expiresAt, lastUsedAt } = key;
  return {
    id,
    userId,
    description,
    createdAt: timeOf(createdAt),
    disabled: disabledAt !== null,
    expiresAt: timeOrNull(expiresAt),
    lastUsedAt: timeOrNull(lastUsedAt),
  };
}

export function renderNewAccessKey(key: AccessKey & { secret: string }): z.input<typeof newAccessKeySchema> {
  return { ...renderAccessKey(key), secret: key.secret };
}

const keyParams = { key: id("The access key's id.") };

export const accessKeyOperations = [
  operation({
    id: 'listAccessKeys',
    method: 'GET',
    path: '/users/{user}/access-keys',
    summary: "Lists a user's access keys, oldest first: owners everybody's, others their own.",
    action: 'access-key.read',
    params: userParams,
    status: 200,
    answer: z.strictObject({ accessKeys: z.array(accessKeySchema) }),
    refusals: ['user.not-found'],
    async handle({ context, caller, params }) {
      return { body: { accessKeys: (await listAccessKeys(context, caller, params.user)).map(renderAccessKey) } };
    },
  }),

  operation({
    id: 'createAccessKey',
    method: 'POST',
    path: '/users/{user}/access-keys',
    summary: 'Makes an access key; its secret is shown this once.',
    action: 'access-key.manage',
    params: userParams,
    body: z.strictObject({ description: description.default('') }).prefault({}),
    example: { description: 'for the pipeline' },
    status: 201,
    answer: newAccessKeySchema,
    refusals: ['user.not-found', 'access-key.limit'],
    async handle({ context, caller, params, body }) {
      return { body: renderNewAccessKey(await createAccessKey(context, caller, params.user, body)) };
    },
  }),

  operation({
    id: 'updateAccessKey',
    method: 'PATCH',
    path: '/access-keys/{key}',
    summary: 'Changes what is given. A disabled key is refused, with all that was made with it.',
    action: 'access-key.manage',
    params: keyParams,
    body: z.strictObject({ description: description.optional(), disabled: z.boolean().optional() }),
    example: { disabled: true },
    status: 200,
    answer: accessKeySchema,
    refusals: ['access-key.not-found'],
    async handle({ context, caller, params, body }) {
      return { body: renderAccessKey(await updateAccessKey(context, caller, params.key, body)) };
    },
  }),

  operation({
    id: 'rotateAccessKey',
    method: 'POST',
    path: '/access-keys/{key}/rotate',
    summary: 'Makes a new key of the same user; the old one works on for the grace time.',
    action: 'access-key.manage',
    params: keyParams,
    body: z.strictObject({ graceSeconds: z.number().int().min(0).default(0) }).prefault({}),
    example: { graceSeconds: 3600 },
    status: 201,
    answer: newAccessKeySchema,
    refusals: ['access-key.not-found', 'access-key.limit'],
    async handle({ context, caller, params, body }) {
      return { body: renderNewAccessKey(await rotateAccessKey(context, caller, params.key, body)) };
    },
  }),

  operation({
    id: 'deleteAccessKey',
    method: 'DELETE',
    path: '/access-keys/{key}',
    summary: 'Deletes an access key; the sessions that were made with it end.',
    action: 'access-key.delete',
    params: keyParams,
    status: 204,
    answer: nothing,
    refusals: ['access-key.not-found'],
    async handle({ context, caller, params }) {
      await deleteAccessKey(context, caller, params.key);
      return { body: undefined };
    },
  }),
];
