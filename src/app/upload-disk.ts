/**
 * A disk's bytes come in with the request. The upload holds a lease that its server renews; whatever ends it early - the
 * client, a full store, a dead server - puts the image back to `queued` and condemns what was stored.
 */
import { condemnUnused } from '../db/condemn.ts';
import { inTransaction, type Trx } from '../db/database.ts';
import { readDisks, setDiskFormat } from '../db/disks.ts';
import { findImage, lockImage, moveImage } from '../db/images.ts';
import { attachPendingManifest, type DiskPlace, detachManifest, makeManifestLive } from '../db/manifests.ts';
import { beginUpload, endUpload, listDeadUploads, renewUpload, type Upload } from '../db/uploads.ts';
import { createDiskInspector, type DiskInspector } from '../domain/disk-format.ts';
import { FailureError } from '../domain/failure.ts';
import { newUuid } from '../domain/ids.ts';
import type { Image } from '../domain/image.ts';
import { RefusalError } from '../domain/refusal.ts';
import type { AppContext, Caller } from './context.ts';
import type { DiskRuns } from './data-plane.ts';

export interface UploadDiskCommand {
  /** Any of the image's three ids. */
  readonly image: string;
  readonly disk: number;
  /** What the client says the disk measures, which must be what the image was made with; null: the runs end with the disk. */
  readonly size: number | null;
  readonly runs: DiskRuns;
  readonly signal: AbortSignal;
}

const leaseMs = 30_000;

/** Stores the disk and returns the image, which is `available` once this was its last disk. */
export async function uploadDisk(context: AppContext, caller: Caller, command: UploadDiskCommand): Promise<Image> {
  const { db, clock } = context;
  const { image, upload, size } = await begin(context, caller, command);
  const lease = keepLease(context, upload, command.signal);
  const inspector = createDiskInspector(size);
  try {
    const stored = await context.dataPlane.ingest({
      region: image.region,
      accountId: image.accountId,
      manifestId: upload.manifest,
      size,
      runs: inspected(command, size, upload, inspector),
      signal: lease.signal,
    });
    const declared = image.disks[upload.index]?.format ?? null;
    const format = finishInspection(inspector, declared, upload);
    return await inTransaction(db, async (trx) => {
      const now = clock.now();
      const held = await endUpload(trx, upload);
      if (!held || !(await makeManifestLive(trx, upload.manifest, stored, now))) throw leaseLost(upload);
      await setDiskFormat(trx, image.id, upload.index, format);
      const whole = (await readDisks(trx, image.id)).every(({ manifestState }) => manifestState === 'live');
      await moveImage(trx, image.id, whole ? 'completed' : 'upload-ended', now);
      return (await findImage(trx, caller.accountId, image.id)) as Image;
    });
  } catch (error) {
    await inTransaction(db, (trx) => abandon(trx, upload, clock.now()));
    if (error instanceof FailureError && error.code === 'destination-full') {
      throw new RefusalError('store.full', { region: image.region }, { cause: error });
    }
    throw error;
  } finally {
    lease.stop();
  }
}

/** Puts back what uploads left behind whose server is gone; `all` takes this server's own as well, which is right at start. */
export async function abandonDeadUploads(
  context: Pick<AppContext, 'db' | 'clock' | 'server'>,
  all: boolean,
): Promise<number> {
  const { db, clock, server } = context;
  const dead = await listDeadUploads(db, clock.now(), all ? server : undefined);
  for (const upload of dead) await inTransaction(db, (trx) => abandon(trx, upload, clock.now()));
  return dead.length;
}

async function begin(
  context: AppContext,
  caller: Caller,
  command: UploadDiskCommand,
): Promise<{ image: Image; upload: Upload; size: number }> {
  const { db, clock, random, regionNumbers, server } = context;
  return await inTransaction(db, async (trx) => {
    const image = await lockImage(trx, caller.accountId, command.image, 'update');
    if (image === undefined) throw new RefusalError('image.not-found', { image: command.image });
    const place = { image: image.id, index: command.disk };
    const disk = (await readDisks(trx, image.id)).find(({ index }) => index === command.disk);
    if (disk === undefined) throw new RefusalError('disk.not-found', { image: image.id, disk: command.disk });
    if (disk.manifestState === 'live') {
      throw new RefusalError('disk.has-content', { image: image.id, disk: command.disk });
    }
    if (image.sourceImageId !== null) {
      throw new RefusalError('image.changing', { image: image.id, state: image.state });
    }
    if (command.size !== null && command.size !== disk.size) {
      throw incomplete(place, disk.size, command.size);
    }
    const region = regionNumbers.get(image.region);
    if (region === undefined) throw new RefusalError('region.not-found', { region: image.region });
    const now = clock.now();
    const upload = { ...place, manifest: newUuid(random), server };
    const begun = image.state === 'queued' && (await beginUpload(trx, upload, now + leaseMs));
    if (!begun) throw new RefusalError('disk.upload-in-progress', named(place));
    await moveImage(trx, image.id, 'upload-started', now);
    await attachPendingManifest(trx, place, { id: upload.manifest, region, size: disk.size });
    return { image, upload, size: disk.size };
  });
}

function named(place: DiskPlace): { image: string; disk: number } {
  return { image: place.image, disk: place.index };
}

function incomplete(place: DiskPlace, expected: number, received: number): RefusalError {
  return new RefusalError('upload.incomplete', { ...named(place), expected, received });
}

function leaseLost(place: DiskPlace): RefusalError {
  return new RefusalError('upload.malformed', {
    ...named(place),
    reason: 'the image was deleted or the upload took over elsewhere',
  });
}

async function abandon(trx: Trx, upload: Upload, now: number): Promise<void> {
  if (!(await endUpload(trx, upload))) return;
  await detachManifest(trx, upload);
  await moveImage(trx, upload.image, 'upload-ended', now);
  await condemnUnused(trx, [upload.manifest], now);
}

/** Renews the lease at a third of its length; the signal aborts when it is lost or the client's own signal does. */
function keepLease({ db, clock, logger }: AppContext, upload: Upload, client: AbortSignal) {
  const lost = new AbortController();
  const timer = setInterval(() => {
    renewUpload(db, upload, clock.now() + leaseMs).then(
      (held) => {
        if (!held) lost.abort(leaseLost(upload));
      },
      (error: unknown) => logger.warn({ error, image: upload.image }, 'the upload lease was not renewed'),
    );
  }, leaseMs / 3);
  return { signal: AbortSignal.any([client, lost.signal]), stop: () => clearInterval(timer) };
}

async function* inspected(
  { runs, size: announced }: UploadDiskCommand,
  size: number,
  place: DiskPlace,
  inspector: DiskInspector,
): DiskRuns {
  let end = 0;
  for await (const run of runs) {
    end = run.offset + run.bytes.length;
    if (end > size) throw incomplete(place, size, end);
    inspector.see(run.offset, run.bytes);
    yield run;
  }
  if (announced === null && end !== size) throw incomplete(place, size, end);
}

function finishInspection(inspector: DiskInspector, declared: Image['disks'][number]['format'], place: DiskPlace) {
  const verdict = inspector.verdict(declared);
  if ('refused' in verdict) throw new RefusalError('disk.unsafe-format', { ...named(place), reason: verdict.refused });
  return verdict.format;
}
