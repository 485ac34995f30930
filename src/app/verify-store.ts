import { findImage } from '../db/images.ts';
import { readSnapshotBytes } from '../db/snapshots.ts';
import { type DiskToVerify, listDisksToVerify } from '../db/verifiable-disks.ts';
import { DamageError } from '../domain/failure.ts';
import { RefusalError } from '../domain/refusal.ts';
import { record, recordRefusal } from './act.ts';
import type { AppContext, Caller } from './context.ts';

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
  for (let last: DiskToVerify | undefined; ; ) {
    const disks = await listDisksToVerify(context.db, only, last, pageSize);
    for (const disk of disks) {
      const found = await verifyDisk(context, disk, signal);
      damage.push(...found.slice(0, maxDamage - damage.length));
      disksChecked += 1;
      bytesChecked += disk.size;
    }
    last = disks.at(-1);
    if (disks.length < pageSize) break;
  }
  if (damage.length > 0) context.logger.error({ damage: damage.length, first: damage[0] }, 'the store is damaged');
  return { disksChecked, bytesChecked, damage };
}

/** Whose image it is makes no difference to those who run the installation. */
async function idOf({ db }: AppContext, { accountId }: Caller, id: string): Promise<string> {
  const seen = await findImage(db, accountId, id);
  if (seen === undefined) throw new RefusalError('image.not-found', { image: id });
  return seen.image.id;
}

async function verifyDisk(context: AppContext, disk: DiskToVerify, signal: AbortSignal): Promise<DamagedPlace[]> {
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
    for await (const found of context.dataPlane.verify({ ...disk, image: image ?? snapshot }, signal)) {
      if (damage.length < maxDamage) note(found);
    }
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    note(error);
  }
  return damage.length === 0 || (await isStillThere(context, disk)) ? damage : [];
}

/** What was deleted while it was read loses its chunks, which is no damage. */
async function isStillThere({ db }: AppContext, { snapshot, manifestId }: DiskToVerify): Promise<boolean> {
  return (await readSnapshotBytes(db, [snapshot])).get(snapshot)?.manifest === manifestId;
}
