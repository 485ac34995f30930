/** The data keys of images' disks, which the image service makes and opens for whoever asks it to. */
import type { Trx } from '../db/database.ts';
import type { KeyService } from '../domain/key.ts';
import { deriveDataKeys, type OpenDataKey } from '../kms/data-key.ts';
import {
  type DataKey,
  type DataKeyContext,
  type DataKeyUse,
  makeDataKey,
  type NewDataKey,
  openDataKey,
} from './keys/data-keys.ts';
import type { KeyUser } from './keys/use-key.ts';

/** What grants call it. */
export const imageService = 'images' satisfies KeyService;

/** As {@link makeDataKey}, with all that is made from it. */
export async function makeKey(
  context: DataKeyContext,
  user: KeyUser,
  wanted: Omit<NewDataKey, 'service'>,
  signal: AbortSignal,
  attach: (trx: Trx, dataKey: string) => Promise<void>,
): Promise<OpenDataKey> {
  return derived(await makeDataKey(context, user, { ...wanted, service: imageService }, signal, attach));
}

/** As {@link openDataKey}, with all that is made from it. */
export async function openKey(
  context: DataKeyContext,
  user: KeyUser,
  dataKey: DataKeyUse,
  signal: AbortSignal,
): Promise<OpenDataKey> {
  return derived(await openDataKey(context, user, { ...dataKey, service: imageService }, signal));
}

function derived({ id, bytes }: DataKey): OpenDataKey {
  const keys = deriveDataKeys(bytes);
  bytes.fill(0);
  return { id, ...keys };
}
