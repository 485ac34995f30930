/** What a copy stores. An attempt that was killed left durable packs tied to its pending manifests, and the next one goes on from there. */
import { saveProgress } from '../db/copies.ts';
import { FailureError } from '../domain/failure.ts';
import type { RegionStore } from '../store/region-store.ts';
import { withSpan } from '../telemetry/tracing.ts';
import { type CopyDiskOptions, copyDisk } from '../transfer/copy-disk.ts';
import { diskKeysOf } from '../transfer/disk-keys.ts';
import { rekeyDisk } from '../transfer/rekey-disk.ts';
import type { CopyAttempt, CopyContext } from './copy-context.ts';
import { CopyLostError, readLiveDisks } from './copy-outcome.ts';
import { beginTargets, prepareTarget } from './copy-targets.ts';
import { type RekeyedDisk, wayOf } from './copy-way.ts';
import { startProgress } from './progress.ts';

/** Stores what the destination lacks; returns the disks that are stored under other keys, by index. */
export async function moveDisks(attempt: CopyAttempt, context: CopyContext): Promise<ReadonlyMap<number, RekeyedDisk>> {
  const { copy, holder, requester, abort } = attempt;
  const { db, clock, stores } = context;
  const { signal } = abort;
  const destination = storeOf(copy.destinationRegion, context);
  const source = storeOf(copy.sourceRegion, context);
  const sources = await readLiveDisks(db, copy.sourceImageId);
  await beginTargets(attempt, sources, context);
  const rekeyed = new Map<number, RekeyedDisk>();
  const stored = sources.filter((disk) => wayOf(copy, disk) !== 'share');
  if (stored.length === 0) return rekeyed;

  const alternates = [...stores.values()].filter((store) => store !== source);
  const progress = startProgress(
    clock,
    async (report) => {
      if (!(await saveProgress(db, holder, report))) throw new CopyLostError();
    },
    (error) => {
      if (error instanceof CopyLostError) abort.abort(error);
      else context.logger.warn({ copy: copy.id, error }, 'progress was not saved');
    },
  );
  try {
    for (const disk of stored) {
      const target = await prepareTarget(attempt, disk, context);
      const opened =
        disk.dataKey &&
        (await context.keys.open(requester, { id: disk.dataKey.id, image: copy.sourceImageId }, signal));
      const options: CopyDiskOptions = {
        source: {
          store: source,
          manifestId: disk.manifestId as string,
          root: disk.root as Uint8Array,
          keys: diskKeysOf(opened, context.chunkKey(disk.chunkAccountId)),
          image: copy.sourceImageId,
          disk: disk.index,
        },
        alternates,
        destination,
        manifestId: target.manifestId,
        compute: context.compute,
        settings: context.transfer,
        onProgress: progress.add,
        signal,
      };
      await withSpan('copy.disk', { 'mimeo.disk': disk.index }, async () => {
        const { upload, keys } = target;
        if (upload === undefined) return await copyDisk(options);
        const log = context.segmentLog(upload.manifest, upload.attempt);
        const summary = await rekeyDisk({ ...options, keys, cut: upload.cut, log });
        rekeyed.set(disk.index, { upload, summary });
      });
    }
  } finally {
    await progress.stop();
  }
  return rekeyed;
}

function storeOf(region: string, { stores }: CopyContext): RegionStore {
  const store = stores.get(region);
  if (store === undefined) throw new FailureError('internal', `region ${region} is no longer configured`);
  return store;
}
