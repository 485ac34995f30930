import { z } from 'zod';
import { listTags } from '../../app/list-tags.ts';
import { removeTag, setTag } from '../../app/update-image.ts';
import { imageId } from './images.ts';
import { id, text } from './input.ts';
import { nothing, operation } from './operation.ts';

const tag = z
  .strictObject({
    key: z.string(),
    values: z.array(z.strictObject({ value: z.string(), images: z.int().min(1) })),
  })
  .meta({ id: 'Tag', description: 'A key, and how many images have it with which value.' });

const tagParams = { image: imageId, key: id('1 to 128 characters.') };

export const tagOperations = [
  operation({
    id: 'listTags',
    method: 'GET',
    path: '/tags',
    summary: "Lists the tags of the account's images.",
    action: 'image.read',
    query: z.strictObject({ region: text.optional() }),
    status: 200,
    answer: z.strictObject({ tags: z.array(tag) }),
    refusals: [],
    async handle({ context, caller, query }) {
      const tags = await listTags(context, caller, query);
      return { body: { tags: tags.map(({ key, values }) => ({ key, values: [...values] })) } };
    },
  }),

  operation({
    id: 'setTag',
    method: 'PUT',
    path: '/images/{image}/tags/{key}',
    summary: 'Gives an image a tag, or a tag another value; at most 20 in all.',
    action: 'image.update',
    params: tagParams,
    body: z.strictObject({ value: text }),
    example: { value: 'x' },
    status: 204,
    answer: nothing,
    refusals: ['image.not-found', 'image.being-copied'],
    async handle({ context, caller, params, body }) {
      await setTag(context, caller, params.image, { key: params.key, value: body.value });
      return { body: undefined };
    },
  }),

  operation({
    id: 'removeTag',
    method: 'DELETE',
    path: '/images/{image}/tags/{key}',
    summary: 'Takes a tag away; it need not be there.',
    action: 'image.update',
    params: tagParams,
    status: 204,
    answer: nothing,
    refusals: ['image.not-found', 'image.being-copied'],
    async handle({ context, caller, params }) {
      await removeTag(context, caller, params.image, params.key);
      return { body: undefined };
    },
  }),
];
