import { readDisks } from '../db/disks.ts';
import { DamageError } from '../domain/failure.ts';
import type { Image } from '../domain/image.ts';
import { isReadable } from '../domain/states.ts';
import type { AppContext, Caller } from './context.ts';
import { findImage } from './find-image.ts';
import { listImages } from './list-images.ts';

export interface DamagedPlace {
  readonly image: string;
  readonly disk: number;
  /** Bytes from the disk's start. */
  readonly offset: number;
  readonly message: string;
}

export interface Verification {
  readonly disksChecked: number;
  /** Logical bytes of those disks. */
  readonly bytesChecked: number;
  readonly damage: readonly DamagedPlace[];
}

/** More are not listed: by then the store is lost, and the list no help. */
const maxDamage = 1000;

/** Reads one image, or all of the caller's, from their own regions' stores and lists what does not verify (R1). */
export async function verifyStore(
  context: AppContext,
  caller: Caller,
  image: string | undefined,
  signal: AbortSignal,
): Promise<Verification> {
  const images =
    image === undefined
      ? await listImages(context, caller, { limit: Number.MAX_SAFE_INTEGER })
      : [await findImage(context, caller, image)];
  const damage: DamagedPlace[] = [];
  let disksChecked = 0;
  let bytesChecked = 0;
  for (const each of images.filter(({ state }) => isReadable(state))) {
    for (const disk of await readDisks(context.db, each.id)) {
      if (disk.manifestId === null || disk.root === null) continue;
      const address = { ...addressOf(each), manifestId: disk.manifestId, root: disk.root, disk: disk.index };
      await verifyDisk(context, address, damage, signal);
      disksChecked += 1;
      bytesChecked += disk.size;
    }
  }
  if (damage.length > 0) context.logger.error({ damage: damage.length, first: damage[0] }, 'the store is damaged');
  return { disksChecked, bytesChecked, damage };
}

function addressOf({ id, region, accountId }: Image) {
  return { image: id, region, accountId };
}

async function verifyDisk(
  { dataPlane }: AppContext,
  address: Parameters<AppContext['dataPlane']['verify']>[0],
  damage: DamagedPlace[],
  signal: AbortSignal,
): Promise<void> {
  const note = ({ offset, message }: DamageError) =>
    damage.push({ image: address.image, disk: address.disk, offset, message });
  try {
    for await (const found of dataPlane.verify(address, signal)) {
      if (damage.length < maxDamage) note(found);
    }
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    note(error);
  }
}
