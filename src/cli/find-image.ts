import { isUuid } from '../domain/ids.ts';
import type { ApiImage } from './api.ts';
import { ApiError } from './api-error.ts';
import { CliError } from './cli-error.ts';
import type { Client } from './client.ts';
import { exitCodes } from './exit-codes.ts';

/** The image that `text` means: by one of its three ids, or by its exact name if no other image has it. */
export async function findImage(client: Client, text: string): Promise<ApiImage> {
  if (isId(text)) {
    const image = await client.getImage(text).catch((error: unknown) => {
      // What looks like an id may still be somebody's name for an image.
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    });
    if (image !== undefined) return image;
  }
  const { images } = await client.listImages({ name: text });
  const [first, ...others] = images.filter(({ name }) => name === text);
  if (first === undefined) {
    throw new CliError(`there is no image with the id or name "${text}"`, {
      exitCode: exitCodes.notFound,
      advice: 'see the images with: mimeo image list',
    });
  }
  if (others.length > 0) {
    const candidates = [first, ...others].map(({ id, region, state }) => `\n  ${id}  ${region}  ${state}`).join('');
    throw new CliError(`${others.length + 1} images are named "${text}":${candidates}`, {
      exitCode: exitCodes.usage,
      advice: 'give the id of the one you mean',
    });
  }
  return first;
}

function isId(text: string): boolean {
  return isUuid(text) || /^m-[a-z0-9]{20}$/.test(text) || /^img-[a-z0-9]{10}$/.test(text);
}
