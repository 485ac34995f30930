/**
 * Fills a disk with bytes that come from somewhere: a request, or an object that is imported. Whoever brings them holds a lease
 * that this server renews; one who is cut off - by the client, a store that does not answer, a dead server - leaves the upload
 * parked with what is stored for good, to be resumed within `uploadKeepMs`, and so does a key that cannot be used. Bytes that
 * break a rule, and a full store, end the upload: the image waits for it anew and what was stored is condemned.
 */
import { lockAccountRegion } from '../db/account-regions.ts';
import { inTransaction, type Trx } from '../db/database.ts';
import { readDisks, setDiskFormat } from '../db/disks.ts';
import { moveImage } from '../db/image-states.ts';
import { holdImage } from '../db/images.ts';
import { attachPendingManifest, type DiskPlace, makeManifestLive } from '../db/manifests.ts';
import { beginUpload, endUpload, findUpload, resumeUpload, setLease, type Upload } from '../db/uploads.ts';
import { createDiskInspector } from '../domain/disk-format.ts';
import { FailureError } from '../domain/failure.ts';
import { newUuid } from '../domain/ids.ts';
import type { DiskFormat, Image } from '../domain/image.ts';
import { RefusalError } from '../domain/refusal.ts';
import { ExtentStreamError } from '../lib/extent-stream.ts';
import { abandonUpload } from './abandon-uploads.ts';
import type { AppContext } from './context.ts';
import type { DiskRuns, DiskUpload, StoredManifest } from './data-plane.ts';
import { imageService } from './image-data-keys.ts';
import { checkKey, type KeyUser } from './keys/use-key.ts';
import { isKeyRefusal, type KeyedUpload, leaseLost, openUploadKey, requireUploadKey } from './upload-key.ts';

/** What is brought of a disk. */
export interface DiskContent {
  readonly disk: number;
  /** What whoever brings it says the disk measures, which must be what the image was made with; null: he does not say. */
  readonly size: number | null;
  /** Goes on with the upload that is stored up to here. Without it a new one begins, and a parked one is given up. */
  readonly from?: number;
  /** More will follow later. Otherwise the runs end with the disk. */
  readonly isPartial?: boolean;
}

/** An upload that has begun, with all that its steps need. */
export interface BegunUpload extends KeyedUpload {
  readonly disk: Omit<DiskUpload, 'dataKey'>;
  /** Where its bytes begin. */
  readonly from: number;
}

const leaseMs = 30_000;

export interface BeginOptions {
  /** Who brings the bytes. */
  readonly user: KeyUser;
  /** Nobody else brings bytes of this image, so a lease that still runs is a dead one's. */
  readonly isAlone?: boolean;
  readonly signal: AbortSignal;
}

/** Begins an upload, or a further attempt of a parked one, of an image that the transaction has locked. */
export async function beginDisk(
  { clock, random, regionNumbers, server, uploadKeepMs, dataPlane }: AppContext,
  trx: Trx,
  image: Image,
  content: DiskContent,
  { user, isAlone = false, signal }: BeginOptions,
): Promise<BegunUpload> {
  const place = { image: image.id, index: content.disk };
  const disk = (await readDisks(trx, image.id)).find(({ index }) => index === content.disk);
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
  if (parked !== undefined && ((parked.leaseUntil > now && !isAlone) || parked.index !== content.disk)) {
    throw new RefusalError('disk.upload-in-progress', named(parked));
  }
  const { from = 0 } = content;
  const expected = parked?.offset ?? 0;
  if (content.from !== undefined && from !== expected) {
    throw new RefusalError('upload.wrong-offset', { ...named(place), expected, received: from });
  }
  if (content.size !== null && content.size !== disk.size) throw incomplete(place, disk.size, content.size);
  const accountId = disk.chunkAccountId;
  const encryption = await encryptionOf(trx, image, content.disk, user);
  let upload: Upload;
  let cut = encryption === null ? dataPlane.cut : dataPlane.sealedCut;
  let dataKey: string | null = null;
  if (parked !== undefined && content.from !== undefined) {
    upload = await resumeUpload(trx, parked, lease);
    cut = parked.cut;
    dataKey = disk.dataKey?.id ?? null;
  } else {
    if (parked !== undefined) await abandonUpload(trx, parked, now);
    const manifest = newUuid(random);
    upload = await beginUpload(trx, { ...place, manifest }, { ...lease, cut });
    await moveImage(trx, image.id, 'upload-started', now);
    await attachPendingManifest(trx, place, { id: manifest, region, size: disk.size, chunkAccountId: accountId });
  }
  const { manifest: manifestId, attempt } = upload;
  const written = { region: image.region, accountId, manifestId, attempt, size: disk.size, cut, signal };
  return { image, upload, key: encryption && { ...encryption, dataKey }, disk: written, from };
}

/** What the disk is to be encrypted with, which the user must be allowed to use now. */
async function encryptionOf(trx: Trx, { disks, region }: Image, index: number, user: KeyUser) {
  const key = disks[index]?.key ?? null;
  if (key === null) return null;
  const wanted = { key, region, service: imageService } as const;
  await checkKey(trx, user, wanted);
  return { ...wanted, user };
}

export interface StoreDiskOptions {
  readonly size: number | null;
  readonly isPartial?: boolean;
  readonly runs: DiskRuns;
  /** Part of the transaction that ends the disk; may refuse it. `isLast`: it makes the image available. */
  readonly onComplete: (trx: Trx, isLast: boolean) => Promise<void>;
}

/** Stores what the runs bring; the image is `available` once this was the end of its last disk. */
export async function storeDisk(context: AppContext, begun: BegunUpload, options: StoreDiskOptions): Promise<void> {
  const { isPartial = false } = options;
  const { upload, from } = begun;
  const lease = keepLease(context, begun);
  const { signal } = lease;
  try {
    const disk = { ...begun.disk, dataKey: await openUploadKey(context, begun, signal), signal };
    await context.dataPlane.ingest(disk, { from, isPartial, runs: checked(options, begun) });
    await requireUploadKey(context, begun);
    if (!isPartial) await complete(context, begun, disk, options);
    await lease.stop();
    if (isPartial) await park(context, upload);
  } catch (error) {
    await lease.stop();
    await (isUnusable(error) ? giveUp(context, upload) : park(context, upload));
    throw error;
  }
}

/** W3: one transaction makes the manifest live and, with the last disk, the image available. */
async function complete(
  context: AppContext,
  { image, upload }: BegunUpload,
  disk: DiskUpload,
  { onComplete }: StoreDiskOptions,
): Promise<void> {
  const stored = await context.dataPlane.seal(disk);
  const format = await inspect(context, image, upload, disk, stored);
  await inTransaction(context.db, async (trx) => {
    const now = context.clock.now();
    await holdImage(trx, image.id);
    await lockAccountRegion(trx, image);
    const held = await endUpload(trx, upload);
    if (!held || !(await makeManifestLive(trx, upload.manifest, stored, now))) throw leaseLost(upload);
    await setDiskFormat(trx, image.id, upload.index, format);
    const whole = (await readDisks(trx, image.id)).every(({ manifestState }) => manifestState === 'live');
    await moveImage(trx, image.id, whole ? 'completed' : 'upload-ended', now);
    await onComplete(trx, whole);
  });
}

/** Looks at what is stored, not at what came by: so it does not matter in how many requests, or in which order, it came. */
async function inspect(
  { dataPlane }: AppContext,
  image: Image,
  upload: Upload,
  { region, accountId, dataKey, manifestId, size, signal }: DiskUpload,
  { root }: StoredManifest,
): Promise<DiskFormat> {
  const inspector = createDiskInspector(size);
  const address = { region, accountId, dataKey, manifestId, root, image: image.id, disk: upload.index };
  for (const part of inspector.parts) {
    for await (const { offset, bytes } of dataPlane.read(address, signal, part)) inspector.see(offset, bytes);
  }
  const verdict = inspector.verdict(image.disks[upload.index]?.format ?? null);
  if ('refused' in verdict) throw new RefusalError('disk.unsafe-format', { ...named(upload), reason: verdict.refused });
  return verdict.format;
}

async function* checked(
  { runs, size: announced, isPartial }: StoreDiskOptions,
  { upload, disk, from }: BegunUpload,
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
  if (isKeyRefusal(error)) return false;
  return error instanceof RefusalError || error instanceof ExtentStreamError;
}

/** Lets go of the upload; one of which nothing could be kept has nothing to be resumed. */
async function park({ db, clock, logger, uploadKeepMs }: AppContext, upload: Upload): Promise<void> {
  await inTransaction(db, async (trx) => {
    const now = clock.now();
    await holdImage(trx, upload.image);
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
 * Renews the lease at a third of its length; the signal aborts when it is lost, when the key cannot be used any more, or when the
 * request's own signal does. Once `stop` has resolved, no renewal is under way that could come after the upload was parked.
 */
function keepLease(context: AppContext, begun: BegunUpload) {
  const { db, clock, logger, uploadKeepMs } = context;
  const { upload, disk } = begun;
  const lost = new AbortController();
  let renewal = Promise.resolve();
  async function renew(): Promise<void> {
    const now = clock.now();
    const held = await setLease(db, upload, { leaseUntil: now + leaseMs, keepUntil: now + uploadKeepMs });
    if (!held) throw leaseLost(upload);
    await requireUploadKey(context, begun);
  }
  const timer = setInterval(() => {
    renewal = renew().catch((error: unknown) => {
      if (error instanceof RefusalError) lost.abort(error);
      else logger.warn({ error, image: upload.image }, 'the upload lease was not renewed');
    });
  }, leaseMs / 3);
  return {
    signal: AbortSignal.any([disk.signal, lost.signal]),
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
