/** What keys are called, and which services they are granted to. */
import { z } from 'zod';
import { createKeyAlias, deleteKeyAlias, listKeyAliases } from '../../app/keys/key-aliases.ts';
import { grantKey, listKeyGrants, revokeKey } from '../../app/keys/key-grants.ts';
import type { KeyAlias, KeyGrant } from '../../domain/key.ts';
import { id, text } from './input.ts';
import { keyParams, service } from './keys.ts';
import { nothing, operation } from './operation.ts';
import { createCursors, pageFields, pageOf, placeOfName } from './paging.ts';
import { time, timeOf, uuid } from './render.ts';

const aliasSchema = z
  .strictObject({ name: z.string(), region: z.string(), key: uuid, createdAt: time })
  .meta({ id: 'KeyAlias', description: 'What a key is called; each name once a region.' });

const grantSchema = z
  .strictObject({ service, createdAt: time })
  .meta({ id: 'KeyGrant', description: "A service's leave to use a key for its account." });

function renderAlias({ createdAt, ...shown }: KeyAlias): z.input<typeof aliasSchema> {
  return { ...shown, createdAt: timeOf(createdAt) };
}

function renderGrant({ createdAt, ...shown }: KeyGrant): z.input<typeof grantSchema> {
  return { ...shown, createdAt: timeOf(createdAt) };
}

export const keyNameOperations = [
  operation({
    id: 'listKeyAliases',
    method: 'GET',
    path: '/key-aliases',
    summary: "Lists the aliases of the account's keys by name.",
    action: 'key.read',
    query: z.strictObject({
      region: text.optional(),
      key: z.uuid().optional().meta({ description: 'Id of the key that they stand for.' }),
      ...pageFields,
    }),
    status: 200,
    answer: pageOf('aliases', aliasSchema),
    refusals: [],
    async handle({ context, caller, query }) {
      const { limit, cursor, ...filter } = query;
      const cursors = createCursors(placeOfName, 'key aliases', filter);
      const page = { ...filter, limit, after: cursors.read(cursor) };
      const { aliases, next } = await listKeyAliases(context, caller, page);
      return { body: { aliases: aliases.map(renderAlias), nextCursor: cursors.write(next) } };
    },
  }),

  operation({
    id: 'createKeyAlias',
    method: 'POST',
    path: '/key-aliases',
    summary: 'Gives a key another name, which stands where its id may stand.',
    action: 'key.manage',
    body: z.strictObject({
      name: text.meta({ description: '1 to 255 letters, digits and : / _ -' }),
      key: text.meta({ description: "The key's id, or an alias that it alone has." }),
    }),
    example: { name: 'payroll', key: '0f9c4a1e-54b5-4d0c-8a3e-5be0f6b8d0b1' },
    status: 201,
    answer: aliasSchema,
    refusals: ['key.not-found', 'key.alias-exists', 'key.alias-limit'],
    async handle({ context, caller, body }) {
      return { body: renderAlias(await createKeyAlias(context, caller, body)) };
    },
  }),

  operation({
    id: 'deleteKeyAlias',
    method: 'DELETE',
    path: '/key-aliases/{alias}',
    summary: 'Takes a name away from a key.',
    action: 'key.manage',
    params: { alias: id('The name.') },
    query: z.strictObject({ region: text.optional().meta({ description: 'Whose, where several have it.' }) }),
    status: 204,
    answer: nothing,
    refusals: ['key.alias-not-found'],
    async handle({ context, caller, params, query }) {
      await deleteKeyAlias(context, caller, { name: params.alias, ...query });
      return { body: undefined };
    },
  }),

  operation({
    id: 'listKeyGrants',
    method: 'GET',
    path: '/keys/{key}/grants',
    summary: 'Lists the services that may use a key.',
    action: 'key.read',
    params: keyParams,
    status: 200,
    answer: z.strictObject({ grants: z.array(grantSchema) }),
    refusals: ['key.not-found'],
    async handle({ context, caller, params }) {
      return { body: { grants: (await listKeyGrants(context, caller, params.key)).map(renderGrant) } };
    },
  }),

  operation({
    id: 'grantKey',
    method: 'PUT',
    path: '/keys/{key}/grants/{service}',
    summary: 'Lets a service use a key; without that, no image is encrypted with it.',
    action: 'key.manage',
    params: { ...keyParams, service },
    status: 200,
    answer: grantSchema,
    refusals: ['key.not-found'],
    async handle({ context, caller, params }) {
      return { body: renderGrant(await grantKey(context, caller, params.key, params.service)) };
    },
  }),

  operation({
    id: 'revokeKey',
    method: 'DELETE',
    path: '/keys/{key}/grants/{service}',
    summary: 'Lets a service use a key no more; images that are encrypted with it cannot be read until it may again.',
    action: 'key.manage',
    params: { ...keyParams, service: id('The service.') },
    status: 204,
    answer: nothing,
    refusals: ['key.not-found', 'key.grant-not-found'],
    async handle({ context, caller, params }) {
      await revokeKey(context, caller, params.key, params.service);
      return { body: undefined };
    },
  }),
];
