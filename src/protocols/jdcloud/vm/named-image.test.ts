/** Images in refusals have the ids that the client knows. */
import { expect, it } from 'vitest';
import type { Image } from '../../../domain/image.ts';
import { RefusalError } from '../../../domain/refusal.ts';
import { namingImages } from './named-image.ts';

const images = [
  { id: 'one', jdcloudId: 'img-1' },
  { id: 'other', jdcloudId: 'img-2' },
] as unknown as Image[];

const failing = (error: Error) => namingImages(images, () => Promise.reject(error)).catch((caught: unknown) => caught);

it('names the image by its id of JD Cloud, and leaves the rest of the refusal', async () => {
  const refusal = new RefusalError('image.being-copied', { image: 'other', copy: 'a copy' });
  expect(await failing(refusal)).toMatchObject({
    code: 'image.being-copied',
    facts: { image: 'img-2', copy: 'a copy' },
    cause: refusal,
  });
});

it('leaves what names another image or none, and what is no refusal', async () => {
  const errors = [
    new RefusalError('image.protected', { image: 'a third' }),
    new RefusalError('region.not-found', { region: 'one' }),
    new Error('broken'),
  ];
  for (const error of errors) expect(await failing(error)).toBe(error);
});

it('hands on what comes of it', async () => {
  expect(await namingImages(images, async () => 7)).toBe(7);
});
