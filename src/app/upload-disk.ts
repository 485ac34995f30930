/**
 * A disk's bytes come in with the request. The upload holds a lease that its server renews; whatever ends it early - the
 * client, a full store, a dead server - puts the image back to `queued` and condemns what was stored.
 */
import { condemnUnused } from '../db/condemn.ts';
import { inTransaction, type Trx } from '../db/database.ts';
import { readDisks, setDiskFormat } from '../db/disks.ts';
import { findImage, lockImage, moveImage } from '../db/images.ts';
import { attachPendingManifest, type DiskPlace, detachManifest, makeManifestLive } from '../db/manifests.ts';
import { beginUpload, endUpload, listDeadUploads, renewUpload } from '../db/uploads.ts';
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
  /** What the client says the disk measures; must be what the image was made with. */
  readonly size: number | null;
  readonly runs: DiskRuns;
  readonly signal: AbortSignal;
}

const leaseMs = 30_000;

/** Stores the disk and returns the image, which is `available` once this was its last disk. */
export async function uploadDisk(context: AppContext, caller: Caller, command: UploadDiskCommand): Promise<Image> {
  const { db, clock } = context;
  const { image, place, manifestId, size } = await begin(context, caller, command);
  const lease = keepLease(context, place, command.signal);
  const inspector = createDiskInspector(size);
  try {
    const stored = await context.dataPlane.ingest({
      region: image.region,
      accountId: image.accountId,
      manifestId,
      size,
      runs: inspected(command.runs, inspector),
      signal: lease.signal,
    });
    const declared = image.disks[place.index]?.format ?? null;
    const format = finishInspection(inspector, declared, place);
    return await inTransaction(db, async (trx) => {
      const now = clock.now();
      const held = await endUpload(trx, place, context.server);
      if (!held || !(await makeManifestLive(trx, manifestId, stored, now))) throw leaseLost(place);
      await setDiskFormat(trx, place.image, place.index, format);
      const whole = (await readDisks(trx, place.image)).every(({ manifestState }) => manifestState === 'live');
      await moveImage(trx, place.image, whole ? 'completed' : 'upload-ended', now);
      return (await findImage(trx, caller.accountId, place.image)) as Image;
    });
  } catch (error) {
    await inTransaction(db, (trx) => abandon(trx, place, context.server, clock.now()));
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
  for (const upload of dead) await inTransaction(db, (trx) => abandon(trx, upload, upload.server, clock.now()));
  return dead.length;
}

async function begin(
  context: AppContext,
  caller: Caller,
  command: UploadDiskCommand,
): Promise<{ image: Image; place: DiskPlace; manifestId: string; size: number }> {
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
      throw new RefusalError('upload.incomplete', { ...named(place), expected: disk.size, received: command.size });
    }
    const now = clock.now();
    const begun = image.state === 'queued' && (await beginUpload(trx, place, server, now + leaseMs));
    if (!begun) throw new RefusalError('disk.upload-in-progress', named(place));
    await moveImage(trx, image.id, 'upload-started', now);
    const manifestId = newUuid(random);
    const region = regionNumbers.get(image.region) as number;
    await attachPendingManifest(trx, place, { id: manifestId, region, size: disk.size });
    return { image, place, manifestId, size: disk.size };
  });
}

function named(place: DiskPlace): { image: string; disk: number } {
  return { image: place.image, disk: place.index };
}

function leaseLost(place: DiskPlace): RefusalError {
  return new RefusalError('upload.malformed', {
    ...named(place),
    reason: 'the image was deleted or the upload took over elsewhere',
  });
}

async function abandon(trx: Trx, place: DiskPlace, server: string, now: number): Promise<void> {
  if (!(await endUpload(trx, place, server))) return;
  const manifest = await detachManifest(trx, place);
  await moveImage(trx, place.image, 'upload-ended', now);
  if (manifest !== null) await condemnUnused(trx, [manifest], now);
}

/** Renews the lease at a third of its length; the signal aborts when it is lost or the client's own signal does. */
function keepLease({ db, clock, server, logger }: AppContext, place: DiskPlace, client: AbortSignal) {
  const lost = new AbortController();
  const timer = setInterval(() => {
    renewUpload(db, place, server, clock.now() + leaseMs).then(
      (held) => {
        if (!held) lost.abort(leaseLost(place));
      },
      (error: unknown) => logger.warn({ error, image: place.image }, 'the upload lease was not renewed'),
    );
  }, leaseMs / 3);
  return { signal: AbortSignal.any([client, lost.signal]), stop: () => clearInterval(timer) };
}

async function* inspected(runs: DiskRuns, inspector: DiskInspector): DiskRuns {
  for await (const run of runs) {
    inspector.see(run.offset, run.bytes);
    yield run;
  }
}

function finishInspection(inspector: DiskInspector, declared: Image['disks'][number]['format'], place: DiskPlace) {
  const verdict = inspector.verdict(declared);
  if ('refused' in verdict) throw new RefusalError('disk.unsafe-format', { ...named(place), reason: verdict.refused });
  return verdict.format;
}
