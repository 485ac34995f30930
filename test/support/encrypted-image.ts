/** Images that are encrypted, or are on the way to be. */
import { randomBytes } from 'node:crypto';
import type { Caller } from '../../src/app/context.ts';
import { findImage } from '../../src/app/find-image.ts';
import { createKey } from '../../src/app/keys/create-key.ts';
import type { Image } from '../../src/domain/image.ts';
import type { Key } from '../../src/domain/key.ts';
import { copyImage, finishCopy, type Installation, makeImage, never, type TestRegion } from './installation.ts';

/** A key that the image service may use. */
export async function makeKey({ context }: Installation, caller: Caller, region: TestRegion = 'north'): Promise<Key> {
  const command = { region, origin: 'mimeo', description: '', grants: ['images'] } as const;
  return (await createKey(context, caller, command, { signal: never })).result;
}

export interface EncryptedOptions {
  readonly disks?: readonly Uint8Array[];
  /** Id or alias of a key of the region; without it, the region's default key. */
  readonly key?: string;
  readonly region?: TestRegion;
}

/** The plain image that it is a copy of lies beside it. */
export async function makeEncryptedImage(
  installation: Installation,
  caller: Caller,
  { disks = [randomBytes(1000)], key = 'default', region = 'north' }: EncryptedOptions = {},
): Promise<Image> {
  const { context } = installation;
  const { id: image } = await makeImage(context, caller, disks, region);
  const { id } = await copyImage(context, caller, { image, region, encryption: key });
  const { failure, destinationImageId } = await finishCopy(installation, caller, id);
  if (failure !== null) throw new Error(`the copy that encrypts has failed: ${failure.message}`);
  return await findImage(context, caller, destinationImageId);
}
