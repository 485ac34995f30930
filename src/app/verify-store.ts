import { findImage } from '../db/images.ts';
import { readSnapshotBytes } from '../db/snapshots.ts';
import { type DiskToVerify, listDisksToVerify } from '../db/verifiable-disks.ts';
import { DamageError } from '../domain/failure.ts';
import { RefusalError } from '../domain/refusal.ts';
import { record, recordRefusal } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { openKey } from './image-data-keys.ts';

export interface DamagedPlace {
  /** Null for a snapshot that no image stands on. */
  readonly image: string | null;
  readonly snapshot: string;
  readonly disk: number;
  /** Bytes from the disk's start. */
  readonly offset: number;
  readonly message: string;
}

export interface Verification {
  readonly disksChecked: number;
  /** Logical bytes of those disks. */
  readonly bytesChecked: number;
  /** Those that were not checked: their key cannot be used now. */
  readonly disksLocked: number;
  readonly damage: readonly DamagedPlace[];
}

/** More are not listed: by then the store is lost, and the list no help. */
const maxDamage = 1000;

/** Disks that are asked for at a time. */
const pageSize = 1000;

/**
 * Reads one image, or all of the installation's and the snapshots that have none, from their own regions' stores and lists what does not
 * verify (R1).
 */
export async function verifyStore(
  context: AppContext,
  caller: Caller,
  image: string | undefined,
  signal: AbortSignal,
): Promise<Verification> {
  const resource = { type: 'store', id: 'verify' };
  const deed = { action: 'installation.operate', resource, details: { image: image ?? null } } as const;
  const only = await recordRefusal(context, caller, deed, async () =>
    image === undefined ? undefined : await idOf(context, caller, image),
  );
  await record(context, caller, { ...deed, details: { image: only ?? null } });
  const damage: DamagedPlace[] = [];
  let disksChecked = 0;
  let bytesChecked = 0;
  let disksLocked = 0;
  for (let last: DiskToVerify | undefined; ; ) {
    const disks = await listDisksToVerify(context.db, only, last, pageSize);
    for (const disk of disks) {
      const found = await verifyDisk(context, caller, disk, signal);
      if (found === 'locked') {
        disksLocked += 1;
        continue;
      }
      damage.push(...found.slice(0, maxDamage - damage.length));
      disksChecked += 1;
      bytesChecked += disk.size;
    }
    last = disks.at(-1);
    if (disks.length < pageSize) break;
  }
  if (damage.length > 0) context.logger.error({ damage: damage.length, first: damage[0] }, 'the store is damaged');
  return { disksChecked, bytesChecked, disksLocked, damage };
}

/** Whose image it is makes no difference to those who run the installation. */
async function idOf({ db }: AppContext, { accountId }: Caller, id: string): Promise<string> {
  const seen = await findImage(db, accountId, id);
  if (seen === undefined) throw new RefusalError('image.not-found', { image: id });
  return seen.image.id;
}

/** `locked`: it is encrypted with a key that cannot be used now, so that nobody can tell. */
async function verifyDisk(
  context: AppContext,
  caller: Caller,
  disk: DiskToVerify,
  signal: AbortSignal,
): Promise<DamagedPlace[] | 'locked'> {
  // A region that is not configured now keeps what it has, and cannot be looked at.
  if (!context.regionNumbers.has(disk.region)) return [];
  const damage: DamagedPlace[] = [];
  const { image, snapshot } = disk;
  const note = ({ offset, message }: DamageError) =>
    damage.push({
      image,
      snapshot,
      disk: disk.disk,
      offset,
      message: image === null ? `snapshot ${snapshot}, offset ${offset}: no intact copy was found` : message,
    });
  try {
    const dataKey = await openForOwner(context, caller, disk, signal);
    const address = { ...disk, dataKey, image: image ?? snapshot };
    for await (const found of context.dataPlane.verify(address, signal)) {
      if (damage.length < maxDamage) note(found);
    }
  } catch (error) {
    if (error instanceof RefusalError) {
      context.logger.warn({ snapshot, refusal: error.code }, 'a disk was not verified: its key cannot be used');
      return 'locked';
    }
    if (!(error instanceof DamageError)) throw error;
    note(error);
  }
  return damage.length === 0 || (await isStillThere(context, disk)) ? damage : [];
}

/** The key is the owner's, and so is the event of its use, which says who it was. */
async function openForOwner(context: AppContext, caller: Caller, disk: DiskToVerify, signal: AbortSignal) {
  if (disk.dataKeyId === null) return null;
  const dataKey = { id: disk.dataKeyId, image: disk.image ?? undefined };
  return await openKey(context, { ...caller, accountId: disk.ownerId }, dataKey, signal);
}

/** What was deleted while it was read loses its chunks, which is no damage. */
async function isStillThere({ db }: AppContext, { snapshot, manifestId }: DiskToVerify): Promise<boolean> {
  return (await readSnapshotBytes(db, [snapshot])).get(snapshot)?.manifest === manifestId;
}
