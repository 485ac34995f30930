import { z } from 'zod';
import { disableKey, enableKey, updateKey } from '../../app/keys/change-key.ts';
import { createKey } from '../../app/keys/create-key.ts';
import { findKey, listKeyVersions } from '../../app/keys/find-key.ts';
import { importKeyMaterial } from '../../app/keys/import-key-material.ts';
import { cancelKeyDeletion, scheduleKeyDeletion } from '../../app/keys/key-deletion.ts';
import { listKeys } from '../../app/keys/list-keys.ts';
import { rewrapKey } from '../../app/keys/rewrap-key.ts';
import { rotateKey } from '../../app/keys/rotate-key.ts';
import { type Key, keyOrigins, keyServices, keyStates, mostDeletionDays } from '../../domain/key.ts';
import { description, id, text } from './input.ts';
import { operation } from './operation.ts';
import { createCursors, pageFields, pageOf, placeOfTime } from './paging.ts';
import { time, timeOf, timeOrNull, uuid } from './render.ts';

export const service = z.enum(keyServices).meta({ description: 'Who else may use the key: the image service.' });

const keySchema = z
  .strictObject({
    id: uuid,
    region: z.string(),
    state: z.enum(keyStates),
    origin: z.enum(keyOrigins).meta({ description: '`external`: its owner brings its material.' }),
    description: z.string(),
    isDefault: z.boolean().meta({ description: 'Encrypts where no other key is named; it stays as it is.' }),
    version: z.int().min(0).meta({ description: 'The newest, which encrypts; 0 where there is no material yet.' }),
    aliases: z.array(z.string()),
    grants: z.array(service),
    createdAt: time,
    deletionAt: time.nullable().meta({ description: 'When it is destroyed; null where that is not asked for.' }),
  })
  .meta({ id: 'Key', description: "What disks' own keys are encrypted with, in one region." });

const versionSchema = z.strictObject({ version: z.int().min(1), createdAt: time }).meta({ id: 'KeyVersion' });

function renderKey({ accountId: _, aliases, grants, createdAt, deletionAt, ...shown }: Key): z.input<typeof keySchema> {
  const times = { createdAt: timeOf(createdAt), deletionAt: timeOrNull(deletionAt) };
  return { ...shown, aliases: [...aliases], grants: [...grants], ...times };
}

export const keyParams = { key: id("The key's id, or an alias that it alone has.") };

const versionPlace = z.int().min(1);

export const keyOperations = [
  operation({
    id: 'listKeys',
    method: 'GET',
    path: '/keys',
    summary: "Lists the account's keys that the filters let through, newest first.",
    action: 'key.read',
    query: z.strictObject({
      region: text.optional(),
      state: z.array(z.enum(keyStates)).optional().meta({ description: 'Any of these.' }),
      ...pageFields,
    }),
    status: 200,
    answer: pageOf('keys', keySchema),
    refusals: [],
    async handle({ context, caller, query }) {
      const { limit, cursor, region, state: states } = query;
      const cursors = createCursors(placeOfTime, 'keys', region, states);
      const { keys, next } = await listKeys(context, caller, { region, states, limit, after: cursors.read(cursor) });
      return { body: { keys: keys.map(renderKey), nextCursor: cursors.write(next) } };
    },
  }),

  operation({
    id: 'createKey',
    method: 'POST',
    path: '/keys',
    summary: 'Makes a key. One of origin `external` waits for its material.',
    action: 'key.manage',
    body: z.strictObject({
      region: text,
      origin: z.enum(keyOrigins).default('mimeo'),
      description: description.default(''),
      alias: text.optional(),
      grants: z.array(service).max(keyServices.length).optional(),
    }),
    example: { region: 'north', description: 'payroll images', alias: 'payroll', grants: ['images'] },
    status: 201,
    answer: keySchema,
    idempotent: true,
    refusals: [
      'region.not-found',
      'key.region',
      'key.account',
      'key.limit',
      'key.alias-exists',
      'key-provider-unavailable',
    ],
    async handle({ context, caller, body, token, signal }) {
      const { result, replayed } = await createKey(context, caller, body, { token, signal });
      return { body: renderKey(result), replayed };
    },
  }),

  operation({
    id: 'findKey',
    method: 'GET',
    path: '/keys/{key}',
    summary: 'Shows a key.',
    action: 'key.read',
    params: keyParams,
    query: z.strictObject({ region: text.optional().meta({ description: 'Where an alias is looked for.' }) }),
    status: 200,
    answer: keySchema,
    refusals: ['key.not-found'],
    async handle({ context, caller, params, query }) {
      return { body: renderKey(await findKey(context, caller, params.key, query)) };
    },
  }),

  operation({
    id: 'updateKey',
    method: 'PATCH',
    path: '/keys/{key}',
    summary: 'Changes what is said of a key.',
    action: 'key.manage',
    params: keyParams,
    body: z.strictObject({ description }),
    example: { description: 'payroll images, since 2026' },
    status: 200,
    answer: keySchema,
    refusals: ['key.not-found'],
    async handle({ context, caller, params, body }) {
      return { body: renderKey(await updateKey(context, caller, params.key, body)) };
    },
  }),

  operation({
    id: 'enableKey',
    method: 'POST',
    path: '/keys/{key}/enable',
    summary: 'Lets a key be used again.',
    action: 'key.manage',
    params: keyParams,
    status: 200,
    answer: keySchema,
    refusals: ['key.not-found', 'key.pending-deletion', 'key.pending-import'],
    async handle({ context, caller, params }) {
      return { body: renderKey(await enableKey(context, caller, params.key)) };
    },
  }),

  operation({
    id: 'disableKey',
    method: 'POST',
    path: '/keys/{key}/disable',
    summary: 'Makes all that is encrypted with a key unreadable until it is enabled again.',
    action: 'key.manage',
    params: keyParams,
    status: 200,
    answer: keySchema,
    refusals: ['key.not-found', 'key.pending-deletion', 'key.pending-import', 'key.default'],
    async handle({ context, caller, params }) {
      return { body: renderKey(await disableKey(context, caller, params.key)) };
    },
  }),

  operation({
    id: 'scheduleKeyDeletion',
    method: 'POST',
    path: '/keys/{key}/schedule-deletion',
    summary: 'Has a key destroyed after some days, and all that is encrypted with it; until then it cannot be used.',
    action: 'key.manage',
    params: keyParams,
    body: z.strictObject({
      days: z
        .int()
        .meta({ description: `7 to ${mostDeletionDays}; the operator may have set another least.` })
        .default(30),
    }),
    example: { days: 30 },
    status: 200,
    answer: keySchema,
    refusals: ['key.not-found', 'key.pending-deletion', 'key.default'],
    async handle({ context, caller, params, body }) {
      return { body: renderKey(await scheduleKeyDeletion(context, caller, params.key, body.days)) };
    },
  }),

  operation({
    id: 'cancelKeyDeletion',
    method: 'POST',
    path: '/keys/{key}/cancel-deletion',
    summary: 'Keeps a key that was to be destroyed. It is disabled; or waits for its material, where it had none.',
    action: 'key.manage',
    params: keyParams,
    status: 200,
    answer: keySchema,
    refusals: ['key.not-found', 'key.not-pending-deletion'],
    async handle({ context, caller, params }) {
      return { body: renderKey(await cancelKeyDeletion(context, caller, params.key)) };
    },
  }),

  operation({
    id: 'importKeyMaterial',
    method: 'POST',
    path: '/keys/{key}/import',
    summary: 'Gives a key of origin `external` its material and enables it: once, and again only the same.',
    action: 'key.manage',
    params: keyParams,
    body: z.strictObject({ material: text.meta({ description: '32 random bytes in base64.' }) }),
    example: { material: 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=' },
    status: 200,
    answer: keySchema,
    refusals: [
      'key.not-found',
      'key.pending-deletion',
      'key.not-external',
      'key.region',
      'key.account',
      'key.other-material',
      'key-provider-unavailable',
    ],
    async handle({ context, caller, params, body, signal }) {
      return { body: renderKey(await importKeyMaterial(context, caller, params.key, body.material, signal)) };
    },
  }),

  operation({
    id: 'rotateKey',
    method: 'POST',
    path: '/keys/{key}/rotate',
    summary: 'Makes a new version of a key. What older ones have encrypted stays readable.',
    action: 'key.manage',
    params: keyParams,
    status: 200,
    answer: keySchema,
    refusals: ['key.not-found', 'key.pending-deletion', 'key.external', 'key.disabled', 'key-provider-unavailable'],
    async handle({ context, caller, params, signal }) {
      return { body: renderKey(await rotateKey(context, caller, params.key, signal)) };
    },
  }),

  operation({
    id: 'rewrapKey',
    method: 'POST',
    path: '/keys/{key}/rewrap',
    summary:
      "Encrypts all disks' own keys with the newest version; no disk is rewritten. Cut off, it can be asked for again.",
    action: 'key.manage',
    params: keyParams,
    status: 200,
    answer: z.strictObject({ key: keySchema, dataKeys: z.int().min(0).meta({ description: 'How many there were.' }) }),
    atOnce: 2,
    refusals: ['key.not-found', 'key.pending-deletion', 'key.disabled', 'key-provider-unavailable', 'image-damaged'],
    async handle({ context, caller, params, signal }) {
      const { key, dataKeys } = await rewrapKey(context, caller, params.key, signal);
      return { body: { key: renderKey(key), dataKeys } };
    },
  }),

  operation({
    id: 'listKeyVersions',
    method: 'GET',
    path: '/keys/{key}/versions',
    summary: "Lists a key's versions, newest first.",
    action: 'key.read',
    params: keyParams,
    query: z.strictObject(pageFields),
    status: 200,
    answer: pageOf('versions', versionSchema),
    refusals: ['key.not-found'],
    async handle({ context, caller, params, query }) {
      const cursors = createCursors(versionPlace, 'key versions', params.key);
      const page = { limit: query.limit, before: cursors.read(query.cursor) };
      const { versions, next } = await listKeyVersions(context, caller, params.key, page);
      const shown = versions.map(({ version, createdAt }) => ({ version, createdAt: timeOf(createdAt) }));
      return { body: { versions: shown, nextCursor: cursors.write(next) } };
    },
  }),
];
