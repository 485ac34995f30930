/**
 * A disk's bytes come in with one request or several. A request holds a lease that its server renews; one that is cut off - by
 * the client, a store that does not answer, a dead server - leaves the upload parked with what is stored for good, to be
 * resumed within `uploadKeepMs`. Bytes that break a rule, and a full store, end the upload: the image waits for it anew and
 * what was stored is condemned.
 */
import { inTransaction, type Trx } from '../db/database.ts';
import { readDisks, setDiskFormat } from '../db/disks.ts';
import { moveImage } from '../db/images.ts';
import { attachPendingManifest, type DiskPlace, makeManifestLive } from '../db/manifests.ts';
import { findRequester } from '../db/requester.ts';
import { beginUpload, endUpload, findUpload, resumeUpload, setLease, type Upload } from '../db/uploads.ts';
import { may } from '../domain/authorization.ts';
import { createDiskInspector } from '../domain/disk-format.ts';
import { FailureError } from '../domain/failure.ts';
import { newUuid } from '../domain/ids.ts';
import type { DiskFormat, Image } from '../domain/image.ts';
import { RefusalError } from '../domain/refusal.ts';
import { ExtentStreamError } from '../lib/extent-stream.ts';
import { abandonUpload } from './abandon-uploads.ts';
import { act } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import type { DiskRuns, DiskUpload, StoredManifest } from './data-plane.ts';
import { findImage, lockImage } from './find-image.ts';

export interface UploadDiskCommand {
  /** Any of the image's three ids. */
  readonly image: string;
  readonly disk: number;
  /** What the client says the disk measures, which must be what the image was made with; null: it does not say. */
  readonly size: number | null;
  readonly runs: DiskRuns;
  /** Goes on with the upload that is stored up to here. Without it a new one begins, and a parked one is given up. */
  readonly from?: number;
  /** More will follow in another request. Otherwise the runs end with the disk. */
  readonly isPartial?: boolean;
  /** Cuts the request off. */
  readonly signal: AbortSignal;
}

/** A request's upload, with all that its steps need. */
interface Running {
  readonly image: Image;
  readonly upload: Upload;
  readonly disk: DiskUpload;
  /** Where its bytes begin. */
  readonly from: number;
}

const leaseMs = 30_000;

/** Stores what the request brings and returns the image, which is `available` once this was the end of its last disk. */
export async function uploadDisk(context: AppContext, caller: Caller, command: UploadDiskCommand): Promise<Image> {
  const { isPartial = false } = command;
  const begun = await begin(context, caller, command);
  const lease = keepLease(context, begun.upload, command.signal);
  const running = { ...begun, disk: { ...begun.disk, signal: lease.signal } };
  try {
    const runs = checked(command, running);
    await context.dataPlane.ingest(running.disk, { from: running.from, isPartial, runs });
    if (!isPartial) await complete(context, caller, running);
    await lease.stop();
    if (isPartial) await park(context, running.upload);
    return await findImage(context, caller, running.image.id);
  } catch (error) {
    await lease.stop();
    await (isUnusable(error) ? giveUp(context, running.upload) : park(context, running.upload));
    if (error instanceof FailureError && error.code === 'destination-full') {
      throw new RefusalError('store.full', { region: running.image.region }, { cause: error });
    }
    throw error;
  }
}

async function begin(context: AppContext, caller: Caller, command: UploadDiskCommand): Promise<Running> {
  const { clock, random, regionNumbers, server, uploadKeepMs, dataPlane } = context;
  const details = { disk: command.disk, from: command.from ?? 0 };
  const deed = { action: 'image.upload', resource: { type: 'image', id: command.image }, details } as const;
  return await act(context, caller, deed, async (trx, done) => {
    const image = await lockImage(trx, caller, command.image, 'image.upload');
    Object.assign(done, { resource: { type: 'image', id: image.id }, region: image.region });
    const place = { image: image.id, index: command.disk };
    const disk = (await readDisks(trx, image.id)).find(({ index }) => index === command.disk);
    if (disk === undefined) throw new RefusalError('disk.not-found', named(place));
    if (disk.manifestState === 'live') throw new RefusalError('disk.has-content', named(place));
    if (image.sourceImageId !== null || image.state === 'failed') {
      throw new RefusalError('image.changing', { image: image.id, state: image.state });
    }
    const region = regionNumbers.get(image.region);
    if (region === undefined) throw new RefusalError('region.not-found', { region: image.region });

    const now = clock.now();
    const lease = { server, leaseUntil: now + leaseMs, keepUntil: now + uploadKeepMs };
    const parked = await findUpload(trx, image.id);
    if (parked !== undefined && (parked.leaseUntil > now || parked.index !== command.disk)) {
      throw new RefusalError('disk.upload-in-progress', named(parked));
    }
    const { from = 0 } = command;
    const expected = parked?.offset ?? 0;
    if (command.from !== undefined && from !== expected) {
      throw new RefusalError('upload.wrong-offset', { ...named(place), expected, received: from });
    }
    if (command.size !== null && command.size !== disk.size) throw incomplete(place, disk.size, command.size);
    const accountId = disk.chunkAccountId;
    let upload: Upload;
    let { cut } = dataPlane;
    if (parked !== undefined && command.from !== undefined) {
      upload = await resumeUpload(trx, parked, lease);
      cut = parked.cut;
    } else {
      if (parked !== undefined) await abandonUpload(trx, parked, now);
      const manifest = newUuid(random);
      upload = await beginUpload(trx, { ...place, manifest }, { ...lease, cut });
      await moveImage(trx, image.id, 'upload-started', now);
      await attachPendingManifest(trx, place, { id: manifest, region, size: disk.size, chunkAccountId: accountId });
    }
    const { manifest: manifestId, attempt } = upload;
    const written = {
      region: image.region,
      accountId,
      manifestId,
      attempt,
      size: disk.size,
      cut,
      signal: command.signal,
    };
    return { image, upload, disk: written, from };
  });
}

/**
 * W3: one transaction makes the manifest live and, with the last disk, the image available. An upload may take hours: whether
 * the caller may still bring it is asked again, about him as he stands now.
 */
async function complete(context: AppContext, caller: Caller, { image, upload, disk }: Running): Promise<void> {
  const stored = await context.dataPlane.seal(disk);
  const format = await inspect(context, image, upload, disk, stored);
  await inTransaction(context.db, async (trx) => {
    const now = context.clock.now();
    const { accountId, projectId } = image;
    const uploader = await findRequester(trx, caller.accountId, caller.userId, now);
    if (uploader === undefined || may(uploader, 'image.upload', { accountId, projectId }) !== 'yes') {
      throw new RefusalError('forbidden', { action: 'image.upload' });
    }
    const held = await endUpload(trx, upload);
    if (!held || !(await makeManifestLive(trx, upload.manifest, stored, now))) throw leaseLost(upload);
    await setDiskFormat(trx, image.id, upload.index, format);
    const whole = (await readDisks(trx, image.id)).every(({ manifestState }) => manifestState === 'live');
    await moveImage(trx, image.id, whole ? 'completed' : 'upload-ended', now);
  });
}

/** Looks at what is stored, not at what came by: so it does not matter in how many requests, or in which order, it came. */
async function inspect(
  { dataPlane }: AppContext,
  image: Image,
  upload: Upload,
  { region, accountId, manifestId, size, signal }: DiskUpload,
  { root }: StoredManifest,
): Promise<DiskFormat> {
  const inspector = createDiskInspector(size);
  const address = { region, accountId, manifestId, root, image: image.id, disk: upload.index };
  for (const part of inspector.parts) {
    for await (const { offset, bytes } of dataPlane.read(address, signal, part)) inspector.see(offset, bytes);
  }
  const verdict = inspector.verdict(image.disks[upload.index]?.format ?? null);
  if ('refused' in verdict) throw new RefusalError('disk.unsafe-format', { ...named(upload), reason: verdict.refused });
  return verdict.format;
}

async function* checked(
  { runs, size: announced, isPartial }: UploadDiskCommand,
  { upload, disk, from }: Running,
): DiskRuns {
  let end = from;
  for await (const run of runs) {
    if (run.offset < end) {
      const reason = `bytes for ${run.offset} come after those up to ${end}`;
      throw new RefusalError('upload.malformed', { ...named(upload), reason });
    }
    end = run.offset + run.bytes.length;
    if (end > disk.size) throw incomplete(upload, disk.size, end);
    yield run;
  }
  if (!isPartial && announced === null && end !== disk.size) throw incomplete(upload, disk.size, end);
}

/** The bytes will never do, or nothing more can be stored: what there is would only be in the way. */
function isUnusable(error: unknown): boolean {
  if (error instanceof FailureError) return error.code === 'destination-full';
  return error instanceof RefusalError || error instanceof ExtentStreamError;
}

/** Lets go of the upload; one of which nothing could be kept has nothing to be resumed. */
async function park({ db, clock, logger, uploadKeepMs }: AppContext, upload: Upload): Promise<void> {
  await inTransaction(db, async (trx) => {
    const now = clock.now();
    if (!(await setLease(trx, upload, { leaseUntil: now, keepUntil: now + uploadKeepMs }))) return;
    const { offset = 0 } = (await findUpload(trx, upload.image)) ?? {};
    if (offset === 0) await abandonUpload(trx, upload, now);
    else logger.info({ ...named(upload), offset }, 'an upload is parked');
  });
}

async function giveUp({ db, clock }: AppContext, upload: Upload): Promise<void> {
  await inTransaction(db, (trx: Trx) => abandonUpload(trx, upload, clock.now()));
}

/**
 * Renews the lease at a third of its length; the signal aborts when it is lost or the request's own signal does. Once `stop`
 * has resolved, no renewal is under way that could come after the upload was parked.
 */
function keepLease({ db, clock, logger, uploadKeepMs }: AppContext, upload: Upload, request: AbortSignal) {
  const lost = new AbortController();
  let renewal = Promise.resolve();
  const timer = setInterval(() => {
    const now = clock.now();
    renewal = setLease(db, upload, { leaseUntil: now + leaseMs, keepUntil: now + uploadKeepMs }).then(
      (held) => {
        if (!held) lost.abort(leaseLost(upload));
      },
      (error: unknown) => logger.warn({ error, image: upload.image }, 'the upload lease was not renewed'),
    );
  }, leaseMs / 3);
  return {
    signal: AbortSignal.any([request, lost.signal]),
    async stop() {
      clearInterval(timer);
      await renewal;
    },
  };
}

function named(place: DiskPlace): { image: string; disk: number } {
  return { image: place.image, disk: place.index };
}

function incomplete(place: DiskPlace, expected: number, received: number): RefusalError {
  return new RefusalError('upload.incomplete', { ...named(place), expected, received });
}

function leaseLost(place: DiskPlace): RefusalError {
  const reason = 'the image was deleted or the upload was taken over by another request';
  return new RefusalError('upload.malformed', { ...named(place), reason });
}
