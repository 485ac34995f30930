import { z } from 'zod';
import { createImage } from '../../app/create-image.ts';
import { createImageFromSnapshots } from '../../app/create-image-from-snapshots.ts';
import { deleteImage } from '../../app/delete-image.ts';
import { findImage } from '../../app/find-image.ts';
import { listImages } from '../../app/list-images.ts';
import { updateImage } from '../../app/update-image.ts';
import { diskFormats, diskRoles, imageKinds, maxDiskBytes, rootDevices, visibilities } from '../../domain/image.ts';
import { changeAttributes } from '../../domain/image-attributes.ts';
import { type ImageSort, imageOwners, imageSorts } from '../../domain/image-query.ts';
import { imageStates } from '../../domain/states.ts';
import { invalid } from './conditions.ts';
import { description, flag, id, moment, name, properties, tagFilter, tags, text } from './input.ts';
import { nothing, operation } from './operation.ts';
import { createCursors, pageFields, pageOf } from './paging.ts';
import { imageAttributes, imageSchema, renderImage } from './render.ts';

/** What is said of the system in an image. Texts keep to the rule of names. */
const attributes = imageAttributes.partial();

export const imageId = id("The image's id, or one of its other two names.");

const maxDisks = 64;

/** What is said of an image that is to be made, wherever its bytes come from. */
export const newImageFields = {
  region: text,
  name,
  description: description.default(''),
  kind: z.enum(imageKinds).default('system-disk'),
  rootDevice: z.enum(rootDevices).default('cloud-disk'),
  attributes: attributes.optional(),
  properties: properties.default({}),
  tags: tags.default({}),
  project: text.optional().meta({ description: "Id or name; the region's default project without it." }),
  resourceGroup: text.optional().meta({ description: 'Id or name.' }),
  encryption: text.optional().meta({
    description:
      'What the disks are encrypted with as their bytes come in: a key of the region, by id or alias, or `default` for its ' +
      'default key. Without it they are not.',
  }),
};

/** Of the key that an image's disks are encrypted with: when it is made, and when their bytes come or are read. */
export const imageKeyRefusals = [
  'key.not-found',
  'key.disabled',
  'key.not-granted',
  'key-provider-unavailable',
] as const;

/** The same, and those of what is encrypted anew. */
export const encryptingRefusals = [...imageKeyRefusals, 'key.region', 'key.account'] as const;

const newImage = z.strictObject({
  ...newImageFields,
  kind: z.enum(imageKinds).optional().meta({
    description: 'Without it `system-disk`; `data-disk` when it is made of snapshots and none is a system disk.',
  }),
  disks: z
    .array(
      z.strictObject({
        role: z.enum(diskRoles),
        format: z.enum(diskFormats).nullable().default(null),
        size: z.number().int().min(1).max(maxDiskBytes),
      }),
    )
    .min(1)
    .max(maxDisks)
    .optional()
    .meta({ description: 'To be uploaded.' }),
  snapshots: z
    .array(z.strictObject({ id: text, role: z.enum(diskRoles).optional() }))
    .min(1)
    .max(maxDisks)
    .optional()
    .meta({ description: 'Instead of `disks`: what they stand on, which makes the image available at once.' }),
});

const sorts = imageSorts.flatMap((field) => [field, `-${field}` as const]);

/** What cursors hold of the image that a page ended with, where it is no number. */
const placeValues: { readonly [Sort in ImageSort]?: z.ZodType<string> } = { name: text, id: z.uuid(), format: text };

const imageQuery = z.strictObject({
  region: text.optional(),
  project: text.optional(),
  name: text.optional(),
  search: text.optional().meta({ description: 'A part of the name or the description, in any case, or a whole id.' }),
  state: z.array(z.enum(imageStates)).optional().meta({ description: 'Any of these.' }),
  kind: z.enum(imageKinds).optional(),
  owner: z.enum(imageOwners).default('self'),
  visibility: z.enum(visibilities).optional(),
  tag: z.array(text).max(20).optional().meta({ description: 'All of these: `key`, or `key:value`.' }),
  source: text.optional().meta({ description: 'Copies of this image.' }),
  resourceGroup: text.optional(),
  createdAfter: moment.optional(),
  createdBefore: moment.optional(),
  updatedAfter: moment.optional(),
  updatedBefore: moment.optional(),
  sort: z.enum(sorts).default('-createdAt').meta({ description: 'With `-` before it descending.' }),
  ...pageFields,
});

const imageChange = z.strictObject({
  name: name.optional(),
  description: description.optional(),
  attributes: attributes.optional().meta({ description: 'What is left out stays; null takes it away.' }),
  properties: z
    .record(text, text.nullable())
    .optional()
    .meta({ description: 'What is left out stays; null takes it away.' }),
  tags: tags.optional().meta({ description: 'All of them: those that are not here are removed.' }),
  protected: z.boolean().optional(),
  deprecated: z.boolean().optional(),
  visibility: z.enum(['private', 'public']).optional(),
  resourceGroup: text.nullable().optional().meta({ description: 'Id or name; null takes the image out of it.' }),
});

export const imageOperations = [
  operation({
    id: 'createImage',
    method: 'POST',
    path: '/images',
    summary: 'Makes an image: without bytes, `queued` until each of its disks has been uploaded, or of snapshots.',
    action: 'image.create',
    body: newImage,
    example: { region: 'north', name: 'debian-13', disks: [{ role: 'system', size: 4096 }] },
    status: 201,
    answer: imageSchema,
    idempotent: true,
    refusals: [
      'region.not-found',
      'image.not-found',
      'project.not-found',
      'resource-group.not-found',
      'snapshot.not-found',
      'snapshot.not-ready',
      'snapshot.other-region',
      ...encryptingRefusals,
      'key.other-region',
      'quota.images',
      'quota.snapshots',
      'quota.bytes',
    ],
    async handle({ context, caller, body, token }) {
      const { disks, snapshots, kind = 'system-disk', attributes: said = {}, ...facts } = body;
      const wanted = { ...facts, attributes: changeAttributes({}, said) };
      const make = () => {
        if (disks !== undefined && snapshots === undefined) {
          return createImage(context, caller, { ...wanted, kind, disks }, { token });
        }
        if (snapshots !== undefined && disks === undefined) {
          if (wanted.encryption !== undefined)
            throw invalid('encryption', 'is of disks alone: snapshots keep their keys');
          return createImageFromSnapshots(context, caller, { ...wanted, kind: body.kind, snapshots }, { token });
        }
        throw invalid('disks', 'or snapshots are needed, and not both');
      };
      const { result: image, replayed } = await make();
      return { body: renderImage(image, caller), revision: image.revision, replayed };
    },
  }),

  operation({
    id: 'listImages',
    method: 'GET',
    path: '/images',
    summary: 'Lists the images that the caller sees and the filters let through.',
    action: 'image.read',
    query: imageQuery,
    status: 200,
    answer: pageOf('images', imageSchema),
    refusals: [],
    async handle({ context, caller, query }) {
      const { limit, cursor, sort, state, tag, ...filter } = query;
      const column = sort.replace(/^-/, '') as ImageSort;
      const value = placeValues[column] ?? z.int();
      const cursors = createCursors(z.strictObject({ value, id: z.uuid() }), 'images', sort, state, tag, filter);
      const { images, next } = await listImages(context, caller, {
        ...filter,
        states: state,
        tags: tag?.map(tagFilter),
        sort: column,
        descending: sort.startsWith('-'),
        after: cursors.read(cursor),
        limit,
      });
      return { body: { images: images.map((image) => renderImage(image, caller)), nextCursor: cursors.write(next) } };
    },
  }),

  operation({
    id: 'findImage',
    method: 'GET',
    path: '/images/{image}',
    summary: 'Shows an image.',
    action: 'image.read',
    params: { image: imageId },
    status: 200,
    answer: imageSchema,
    conditional: true,
    refusals: ['image.not-found'],
    async handle({ context, caller, params }) {
      const image = await findImage(context, caller, params.image);
      return { body: renderImage(image, caller), revision: image.revision };
    },
  }),

  operation({
    id: 'updateImage',
    method: 'PATCH',
    path: '/images/{image}',
    summary: 'Changes what is said of an image; what is left out stays as it is.',
    action: 'image.update',
    params: { image: imageId },
    body: imageChange,
    example: { description: 'the one for new machines', protected: true },
    status: 200,
    answer: imageSchema,
    conditional: true,
    refusals: [
      'image.not-found',
      'image.changing',
      'image.being-copied',
      'image.encrypted',
      'image.not-readable',
      'resource-group.not-found',
      'precondition.failed',
    ],
    async handle({ context, caller, params, body, ifRevision }) {
      const image = await updateImage(context, caller, params.image, body, { ifRevision });
      return { body: renderImage(image, caller), revision: image.revision };
    },
  }),

  operation({
    id: 'deleteImage',
    method: 'DELETE',
    path: '/images/{image}',
    summary: 'Deletes an image; bytes that nothing else needs go with it.',
    action: 'image.delete',
    params: { image: imageId },
    query: z.strictObject({
      keepSnapshots: flag
        .optional()
        .meta({ description: 'Its snapshots stay, with their bytes, until each is deleted.' }),
    }),
    status: 204,
    answer: nothing,
    conditional: true,
    refusals: [
      'image.not-found',
      'image.protected',
      'image.changing',
      'image.being-copied',
      'image.importing',
      'image.exporting',
      'precondition.failed',
    ],
    async handle({ context, caller, params, query, ifRevision }) {
      await deleteImage(context, caller, params.image, { ifRevision, ...query });
      return { body: undefined };
    },
  }),
];
