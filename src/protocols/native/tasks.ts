import { z } from 'zod';
import { cancelTask } from '../../app/tasks/cancel-task.ts';
import { exportImage } from '../../app/tasks/export-image.ts';
import { findTask } from '../../app/tasks/find-task.ts';
import { importImage } from '../../app/tasks/import-image.ts';
import { listTasks } from '../../app/tasks/list-tasks.ts';
import { percentDone, secondsRemaining } from '../../domain/copy.ts';
import { diskFormats, diskRoles } from '../../domain/image.ts';
import { changeAttributes } from '../../domain/image-attributes.ts';
import { copyStates } from '../../domain/states.ts';
import { type Task, taskKinds } from '../../domain/task.ts';
import { encryptingRefusals, imageId, newImageFields } from './images.ts';
import { id, moment, text } from './input.ts';
import { operation } from './operation.ts';
import { createCursors, pageFields, pageOf, placeOfTime } from './paging.ts';
import { bytes, time, timeOf, timeOrNull, uuid } from './render.ts';

const taskId = id("The task's id, or its other name.");

const newImport = z.strictObject({
  ...newImageFields,
  disks: z
    .array(
      z.strictObject({
        bucket: text,
        object: text,
        role: z.enum(diskRoles),
        format: z.enum(diskFormats).nullable().default(null),
        size: z.int().min(1).nullable().default(null).meta({
          description: 'Bytes that the disk measures to a machine; the object of a raw one has no more.',
        }),
      }),
    )
    .min(1)
    .max(64),
});

const newExport = z.strictObject({
  bucket: text,
  prefix: text.meta({ description: "What the objects' names begin with: letters, digits and any of `._-/`." }),
  format: z.enum(diskFormats).nullable().default(null).meta({
    description: 'Disks are never converted: if it is given, it must be their own.',
  }),
});

const taskSchema = z
  .strictObject({
    id: uuid,
    aliyunId: z.string(),
    kind: z.enum(taskKinds),
    region: z.string(),
    imageId: uuid,
    state: z.enum(copyStates),
    percent: z.int().min(0).max(100),
    bytesTotal: bytes,
    bytesDone: bytes,
    bytesPerSecond: bytes,
    secondsRemaining: z.int().nullable(),
    attempts: z.int(),
    objects: z.array(
      z.strictObject({
        disk: z.int().min(0),
        bucket: z.string(),
        object: z.string(),
        format: z.enum(diskFormats).nullable(),
        size: bytes,
      }),
    ),
    failure: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
    createdAt: time,
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
  })
  .meta({ id: 'Task' });

function renderTask(task: Task): z.input<typeof taskSchema> {
  const { aliyunId, kind, region, imageId: image, state, progress, attempts, failure, createdAt } = task;
  const objects = task.objects.map(({ index, bucket, object, format, size }) => {
    return { disk: index, bucket, object, format, size };
  });
  return {
    ...{ id: task.id, aliyunId, kind, region, imageId: image, state, attempts, objects, failure },
    ...progress,
    percent: percentDone(task),
    secondsRemaining: secondsRemaining(task),
    createdAt: timeOf(createdAt),
    startedAt: timeOrNull(task.startedAt),
    finishedAt: timeOrNull(task.finishedAt),
  };
}

const storeRefusals = [
  'object-store.missing',
  'object-store.unreachable',
  'object.bucket-not-found',
  'object.denied',
] as const;

export const taskOperations = [
  operation({
    id: 'importImage',
    method: 'POST',
    path: '/imports',
    summary: 'Makes an image of objects in the object store; a task brings their bytes.',
    action: 'image.create',
    body: newImport,
    example: {
      region: 'north',
      name: 'debian-13',
      disks: [{ bucket: 'images', object: 'debian-13.qcow2', role: 'system' }],
    },
    status: 202,
    answer: taskSchema,
    idempotent: true,
    refusals: [
      ...storeRefusals,
      'object.not-found',
      'object.size',
      'region.not-found',
      'project.not-found',
      'resource-group.not-found',
      'task.not-found',
      ...encryptingRefusals,
      'key.other-region',
      'quota.images',
      'quota.snapshots',
      'quota.bytes',
    ],
    async handle({ context, caller, body, token }) {
      const { attributes: said = {}, ...wanted } = body;
      const command = { ...wanted, attributes: changeAttributes({}, said) };
      const { result, replayed } = await importImage(context, caller, command, { token });
      return { body: renderTask(result), replayed };
    },
  }),

  operation({
    id: 'exportImage',
    method: 'POST',
    path: '/images/{image}/export',
    summary: 'Writes the disks of an image to the object store, each to an object of its own; a task does it.',
    action: 'image.export',
    params: { image: imageId },
    body: newExport,
    example: { bucket: 'images', prefix: 'golden' },
    status: 202,
    answer: taskSchema,
    idempotent: true,
    refusals: [
      ...storeRefusals,
      'image.not-found',
      'image.not-readable',
      'image.exporting',
      'export.format',
      'export.size',
      'task.not-found',
    ],
    async handle({ context, caller, params, body, token }) {
      const { result, replayed } = await exportImage(context, caller, { ...body, image: params.image }, { token });
      return { body: renderTask(result), replayed };
    },
  }),

  operation({
    id: 'listTasks',
    method: 'GET',
    path: '/tasks',
    summary: "Lists the account's imports and exports, the newest first.",
    action: 'task.read',
    query: z.strictObject({
      kind: z.enum(taskKinds).optional(),
      state: z.array(z.enum(copyStates)).optional().meta({ description: 'Any of these.' }),
      image: text.optional(),
      region: text.optional(),
      createdAfter: moment.optional(),
      createdBefore: moment.optional(),
      ...pageFields,
    }),
    status: 200,
    answer: pageOf('tasks', taskSchema),
    refusals: [],
    async handle({ context, caller, query }) {
      const { limit, cursor, kind, state, image, region, createdAfter, createdBefore } = query;
      const cursors = createCursors(placeOfTime, 'tasks', kind, state, image, region, createdAfter, createdBefore);
      const { tasks } = await listTasks(context, caller, {
        kinds: kind && [kind],
        states: state,
        images: image === undefined ? undefined : [image],
        region,
        createdSince: createdAfter,
        createdUntil: createdBefore,
        after: cursors.read(cursor),
        offset: 0,
        limit: limit + 1,
      });
      const last = tasks[limit - 1];
      const next = tasks.length > limit && last !== undefined ? { value: last.createdAt, id: last.id } : null;
      return { body: { tasks: tasks.slice(0, limit).map(renderTask), nextCursor: cursors.write(next) } };
    },
  }),

  operation({
    id: 'findTask',
    method: 'GET',
    path: '/tasks/{task}',
    summary: 'Shows an import or export, with how far it is.',
    action: 'task.read',
    params: { task: taskId },
    status: 200,
    answer: taskSchema,
    refusals: ['task.not-found'],
    async handle({ context, caller, params }) {
      return { body: renderTask(await findTask(context, caller, params.task)) };
    },
  }),

  operation({
    id: 'cancelTask',
    method: 'POST',
    path: '/tasks/{task}/cancel',
    summary: 'Cancels an import, whose half-made image is gone then, or an export, which leaves nothing.',
    action: 'task.cancel',
    params: { task: taskId },
    status: 200,
    answer: taskSchema,
    refusals: ['task.not-found', 'task.finished', 'task.completing'],
    async handle({ context, caller, params }) {
      return { body: renderTask(await cancelTask(context, caller, params.task)) };
    },
  }),
];
