import { z } from 'zod';
import { deleteSnapshot } from '../../app/delete-snapshot.ts';
import { findSnapshot } from '../../app/find-snapshot.ts';
import { listSnapshots } from '../../app/list-snapshots.ts';
import { updateSnapshot } from '../../app/update-snapshot.ts';
import { diskFormats, diskRoles } from '../../domain/image.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { snapshotStates } from '../../domain/states.ts';
import { description, flag, id, name, tagFilter, tags, text } from './input.ts';
import { nothing, operation } from './operation.ts';
import { createCursors, pageFields, pageOf, placeOfTime } from './paging.ts';
import { bytes, snapshotIds, time, timeOf, uuid } from './render.ts';

const source = z
  .strictObject({ ...snapshotIds.shape, region: z.string() })
  .meta({ description: 'What it was copied from, which may be gone.' });

const imageIds = z.strictObject({ id: uuid, aliyunId: z.string(), jdcloudId: z.string() });

const snapshotSchema = z
  .strictObject({
    ...snapshotIds.shape,
    region: z.string(),
    projectId: uuid,
    resourceGroupId: uuid.nullable(),
    name: z.string(),
    description: z.string(),
    role: z.enum(diskRoles),
    format: z.enum(diskFormats).nullable().meta({ description: 'Null until it is found from the bytes.' }),
    size: bytes,
    dataBytes: bytes.nullable().meta({ description: 'Bytes outside runs of zeros; null until they are stored.' }),
    key: uuid.nullable().meta({ description: 'That it is encrypted with; null until bytes of it are stored.' }),
    state: z.enum(snapshotStates),
    percent: z.int().min(0).max(100),
    source: source.nullable(),
    images: z.array(imageIds).meta({ description: 'Those that stand on it and that you may read, oldest first.' }),
    tags: z.record(z.string(), z.string()),
    createdAt: time,
  })
  .meta({ id: 'Snapshot', description: "What holds a disk's bytes, for as long as an image stands on it or longer." });

function renderSnapshot(snapshot: Snapshot): z.input<typeof snapshotSchema> {
  const { accountId: _account, resourceGroupAliyunId: _group, inUse: _inUse, ...shown } = snapshot;
  const { tags: named, images, source: copied, createdAt } = shown;
  return {
    ...shown,
    source: copied && { ...copied },
    images: images.map(({ projectId: _project, ...ids }) => ids),
    tags: { ...named },
    createdAt: timeOf(createdAt),
  };
}

const snapshotParams = { snapshot: id("The snapshot's id, or one of its other two names.") };

const snapshotQuery = z.strictObject({
  region: text.optional(),
  project: text.optional(),
  name: text.optional(),
  image: text.optional().meta({ description: 'Those that this image stands on.' }),
  role: z.enum(diskRoles).optional(),
  state: z.array(z.enum(snapshotStates)).optional().meta({ description: 'Any of these.' }),
  inUse: flag.optional().meta({ description: 'Whether an image stands on it.' }),
  tag: z.array(text).max(20).optional().meta({ description: 'All of these: `key`, or `key:value`.' }),
  resourceGroup: text.optional(),
  ...pageFields,
});

export const snapshotOperations = [
  operation({
    id: 'listSnapshots',
    method: 'GET',
    path: '/snapshots',
    summary: "Lists the account's snapshots that the filters let through, newest first.",
    action: 'snapshot.read',
    query: snapshotQuery,
    status: 200,
    answer: pageOf('snapshots', snapshotSchema),
    refusals: [],
    async handle({ context, caller, query }) {
      const { limit, cursor, state, tag, ...filter } = query;
      const cursors = createCursors(placeOfTime, 'snapshots', state, tag, filter);
      const page = { after: cursors.read(cursor), limit };
      const wanted = { ...filter, states: state, tags: tag?.map(tagFilter), ...page };
      const { snapshots, next } = await listSnapshots(context, caller, wanted);
      return { body: { snapshots: snapshots.map(renderSnapshot), nextCursor: cursors.write(next) } };
    },
  }),

  operation({
    id: 'findSnapshot',
    method: 'GET',
    path: '/snapshots/{snapshot}',
    summary: 'Shows a snapshot.',
    action: 'snapshot.read',
    params: snapshotParams,
    status: 200,
    answer: snapshotSchema,
    refusals: ['snapshot.not-found'],
    async handle({ context, caller, params }) {
      return { body: renderSnapshot(await findSnapshot(context, caller, params.snapshot)) };
    },
  }),

  operation({
    id: 'updateSnapshot',
    method: 'PATCH',
    path: '/snapshots/{snapshot}',
    summary: 'Changes what is said of a snapshot; what is left out stays as it is.',
    action: 'snapshot.update',
    params: snapshotParams,
    body: z.strictObject({
      name: name.optional(),
      description: description.optional(),
      tags: tags.optional().meta({ description: 'All of them: those that are not here are removed.' }),
      resourceGroup: text.nullable().optional().meta({ description: 'Id or name; null takes the snapshot out of it.' }),
    }),
    example: { description: 'before the upgrade' },
    status: 200,
    answer: snapshotSchema,
    refusals: ['snapshot.not-found', 'resource-group.not-found'],
    async handle({ context, caller, params, body }) {
      return { body: renderSnapshot(await updateSnapshot(context, caller, params.snapshot, body)) };
    },
  }),

  operation({
    id: 'deleteSnapshot',
    method: 'DELETE',
    path: '/snapshots/{snapshot}',
    summary: 'Deletes a snapshot that no image stands on; bytes that nothing else needs go with it.',
    action: 'snapshot.delete',
    params: snapshotParams,
    status: 204,
    answer: nothing,
    refusals: ['snapshot.not-found', 'snapshot.in-use'],
    async handle({ context, caller, params }) {
      await deleteSnapshot(context, caller, params.snapshot);
      return { body: undefined };
    },
  }),
];
