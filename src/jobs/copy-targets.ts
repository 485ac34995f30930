/**
 * What the disks of a copy are written to. Each gets a pending manifest, the same in every attempt, and one that is to be encrypted
 * the data key of its own with it.
 */
import { isHeld } from '../db/copies.ts';
import { inTransaction, type Trx } from '../db/database.ts';
import { type DiskRow, readDisks } from '../db/disks.ts';
import { moveImage } from '../db/image-states.ts';
import { holdImage } from '../db/images.ts';
import { attachPendingManifest } from '../db/manifests.ts';
import { beginUpload, type FoundUpload, findUploadOf, resumeUpload, type Upload } from '../db/uploads.ts';
import type { Copy } from '../domain/copy.ts';
import { FailureError } from '../domain/failure.ts';
import type { OpenDataKey } from '../kms/data-key.ts';
import type { DiskKeys } from '../store/disk-keys.ts';
import { diskKeysOf } from '../transfer/disk-keys.ts';
import { sealedCut } from '../transfer/settings.ts';
import type { CopyAttempt, CopyContext } from './copy-context.ts';
import { CopyLostError } from './copy-outcome.ts';
import { wayOf } from './copy-way.ts';

/** Marks the new image as being copied, and makes the manifests of disks that need no data key. */
export async function beginTargets(
  { copy, holder }: CopyAttempt,
  sources: readonly DiskRow[],
  context: CopyContext,
): Promise<void> {
  const { db, clock } = context;
  await inTransaction(db, async (trx) => {
    await holdImage(trx, copy.destinationImageId);
    if (!(await isHeld(trx, holder))) throw new CopyLostError();
    await moveImage(trx, copy.destinationImageId, 'copy-started', clock.now());
    const destinations = await readDisks(trx, copy.destinationImageId);
    for (const disk of sources) {
      const way = wayOf(copy, disk);
      if (way === 'share' || destinations.find(({ index }) => index === disk.index)?.manifestId !== null) continue;
      if (way === 'move') {
        // No key reaches into another region: this is a copy by rules that know nothing of keys.
        if (disk.dataKey !== null) throw keyRequired(copy);
        await attach(trx, copy, disk, { chunkAccountId: disk.chunkAccountId }, context);
      } else if (copy.encryption === 'none') {
        await attachRekeyed(trx, copy, disk, undefined, context);
      }
    }
  });
}

function keyRequired({ sourceImageId, destinationRegion }: Copy): FailureError {
  const message = `image ${sourceImageId} is encrypted; name a key of region ${destinationRegion} to copy it there`;
  return new FailureError('not-permitted', message);
}

export interface Target {
  readonly manifestId: string;
  /** Undefined where the bytes are moved as they are. */
  readonly upload: (Upload & Pick<FoundUpload, 'cut'>) | undefined;
  readonly keys: DiskKeys;
}

/** What the disk is to be written to, with the data key of its own if it gets one, which is made in the first attempt. */
export async function prepareTarget(attempt: CopyAttempt, disk: DiskRow, context: CopyContext): Promise<Target> {
  const { copy, requester, abort } = attempt;
  const { db, keys } = context;
  const { index } = disk;
  const image = copy.destinationImageId;
  const findTarget = async () => (await readDisks(db, image)).find((each) => each.index === index);
  const isRekeyed = wayOf(copy, disk) === 'rekey';
  let target = await findTarget();
  let opened: OpenDataKey | null = null;
  if (isRekeyed && copy.encryption !== 'none' && target?.manifestId === null) {
    const wanted = { key: copy.encryption, region: copy.destinationRegion, image, disk: index };
    opened = await keys.make(requester, wanted, abort.signal, async (trx, dataKey) => {
      await holdImage(trx, image);
      if (!(await isHeld(trx, attempt.holder))) throw new CopyLostError();
      await attachRekeyed(trx, copy, disk, dataKey, context);
    });
    target = await findTarget();
  }
  if (target?.manifestId == null) throw new CopyLostError();
  if (target.dataKey !== null) opened ??= await keys.open(requester, { id: target.dataKey.id, image }, abort.signal);
  const { manifestId } = target;
  const written = { manifestId, keys: diskKeysOf(opened, context.chunkKey(copy.accountId)) };
  if (!isRekeyed) return { ...written, upload: undefined };
  return { ...written, upload: await takeUp(attempt, manifestId, context) };
}

/** Begins another attempt to write the log: who is in the middle of the one before can write nothing more. */
async function takeUp({ copy, holder }: CopyAttempt, manifest: string, { db, server }: CopyContext) {
  return await inTransaction(db, async (trx) => {
    await holdImage(trx, copy.destinationImageId);
    if (!(await isHeld(trx, holder))) throw new CopyLostError();
    const found = await findUploadOf(trx, manifest);
    if (found === undefined) throw new CopyLostError();
    return { ...(await resumeUpload(trx, found, { server, ...noLease })), cut: found.cut };
  });
}

/** The copy's holder has it, and it is given up with the copy only. */
const noLease = { leaseUntil: 0, keepUntil: Number.MAX_SAFE_INTEGER };

async function attachRekeyed(
  trx: Trx,
  copy: Copy,
  disk: DiskRow,
  dataKey: string | undefined,
  context: CopyContext,
): Promise<void> {
  const { server, transfer } = context;
  const keyed = { chunkAccountId: copy.accountId, ...(dataKey !== undefined && { dataKey }) };
  const upload = await attach(trx, copy, disk, keyed, context);
  const cut = dataKey === undefined ? transfer.cut : sealedCut(transfer.cut);
  await beginUpload(trx, upload, { cut, server, ...noLease });
}

async function attach(
  trx: Trx,
  copy: Copy,
  { index, size }: DiskRow,
  keyed: { readonly chunkAccountId: string; readonly dataKey?: string },
  { newId, regionNumbers }: CopyContext,
): Promise<Omit<Upload, 'attempt'>> {
  const place = { image: copy.destinationImageId, index };
  const manifest = newId();
  const region = regionNumbers.get(copy.destinationRegion) as number;
  await attachPendingManifest(trx, place, { id: manifest, region, size, ...keyed });
  return { ...place, manifest };
}
