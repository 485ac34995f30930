import { isUuid } from '../domain/ids.ts';
import type { ApiImage } from './api.ts';
import { ApiError } from './api-error.ts';
import { CliError } from './cli-error.ts';
import type { Client } from './client.ts';
import { exitCodes } from './exit-codes.ts';

/**
 * The image that `text` means: by one of its three ids, by its name if no other image has it, or by region and name
 * (`eu-1/golden`), since copies are named as what they were copied from. One's own come before those that others share.
 */
export async function findImage(client: Client, text: string): Promise<ApiImage> {
  if (isId(text)) {
    const image = await client.getImage(text).catch((error: unknown) => {
      // What looks like an id may still be somebody's name for an image.
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    });
    if (image !== undefined) return image;
  }
  const found = await namedImages(client, { name: text });
  const [, region, name] = /^([^/]+)\/(.+)$/.exec(text) ?? [];
  const candidates = found.length > 0 || name === undefined ? found : await namedImages(client, { region, name });
  const [first, ...others] = candidates;
  if (first === undefined) {
    throw new CliError(`there is no image with the id or name "${text}"`, {
      exitCode: exitCodes.notFound,
      advice: 'see the images with: mimeo image list',
    });
  }
  if (others.length > 0) {
    const lines = candidates.map((each) => `\n  ${each.id}  ${each.region}/${each.name}  ${each.state}`).join('');
    throw new CliError(`${candidates.length} images are named "${text}":${lines}`, {
      exitCode: exitCodes.usage,
      advice: 'say which one you mean by its region (region/name) or its id',
    });
  }
  return first;
}

/** The id of the image that `text` means, which is taken as it is if it is one: of images that are gone there may still be tasks. */
export async function findImageId(client: Client, text: string): Promise<string> {
  return isUuid(text) || isAliyunId(text) ? text : (await findImage(client, text)).id;
}

async function namedImages(client: Client, query: { name: string; region?: string | undefined }): Promise<ApiImage[]> {
  const { images } = await client.listImages(query);
  return images.length > 0 ? images : (await client.listImages({ ...query, owner: 'any' })).images;
}

function isId(text: string): boolean {
  return isUuid(text) || isAliyunId(text) || /^img-[a-z0-9]{10}$/.test(text);
}

function isAliyunId(text: string): boolean {
  return /^m-[a-z0-9]{20}$/.test(text);
}
