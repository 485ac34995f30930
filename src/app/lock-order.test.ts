/**
 * Of an image and what belongs to it everybody locks the image first, then the account's part of the region (docs/invariants.md):
 * a transaction that has the first of two locks gets the second, whatever else is going on with the same image.
 */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  copyImage,
  createInstallation,
  type Installation,
  makeImage,
  never,
  until,
} from '../../test/support/installation.ts';
import { lockAccountRegion } from '../db/account-regions.ts';
import { type CopyHolder, findCopyById, isHeld, startCopy } from '../db/copies.ts';
import { lockCopiesElsewhere } from '../db/copies-elsewhere.ts';
import type { Trx } from '../db/database.ts';
import { deleteImageRows, moveImage } from '../db/image-states.ts';
import { holdImage } from '../db/images.ts';
import { lockSnapshot } from '../db/snapshots.ts';
import { findUpload, type Upload } from '../db/uploads.ts';
import type { Copy } from '../domain/copy.ts';
import { FailureError } from '../domain/failure.ts';
import type { Image } from '../domain/image.ts';
import { failOrRetry, handBack, succeed } from '../jobs/copy-outcome.ts';
import { sweep } from '../jobs/worker.ts';
import { nativeCopyPolicy } from '../protocols/native/copy-policy.ts';
import { silentLogger } from '../telemetry/logger.ts';
import { abandonUpload } from './abandon-uploads.ts';
import { announceDisk } from './announce-disk.ts';
import { cancelCopy } from './cancel-copy.ts';
import type { AppContext, Caller } from './context.ts';
import { copyImages } from './copy-images.ts';
import { createImage } from './create-image.ts';
import { uploadDisk } from './upload-disk.ts';

let installation: Installation;
let context: AppContext;
let caller: Caller;
beforeAll(async () => {
  installation = await createInstallation();
  context = installation.context;
});
beforeEach(async () => {
  caller = await installation.newCaller();
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

type Step = (trx: Trx) => Promise<unknown>;

/** Takes one lock, lets the other work run until it waits for that, and takes the other; returns what came of the other work. */
async function between(first: Step, work: () => Promise<unknown>, second: Step): Promise<unknown> {
  const { db } = context;
  const running = await db.transaction().execute(async (trx) => {
    await sql`SET LOCAL lock_timeout = '300ms'`.execute(trx);
    await first(trx);
    let ended = false;
    const outcome = work()
      .catch((error: unknown) => error)
      .finally(() => {
        ended = true;
      });
    await until(async () => {
      expect(ended).toBe(false);
      const { rows } = await sql`
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(db);
      return rows.length > 0;
    });
    await second(trx);
    return { outcome };
  });
  return await running.outcome;
}

const holding = (image: string) => (trx: Trx) => holdImage(trx, image);
const lockRegion = (region: string) => (trx: Trx) => lockAccountRegion(trx, { accountId: caller.accountId, region });

async function emptyImage(): Promise<Image> {
  const { result } = await createImage(context, caller, {
    region: 'north',
    name: 'empty',
    description: '',
    kind: 'system-disk',
    rootDevice: 'cloud-disk',
    tags: {},
    disks: [{ role: 'system', format: 'raw', size: 5000 }],
  });
  return result;
}

/** An upload that has begun, and lacks its last byte until `finish` lets it come; `ended` is what comes of it. */
async function beginUploading({ id: image }: Image) {
  const bytes = randomBytes(5000);
  const lastByte = Promise.withResolvers<void>();
  const runs = async function* () {
    yield { offset: 0, bytes: bytes.subarray(0, 4999) };
    await lastByte.promise;
    yield { offset: 4999, bytes: bytes.subarray(4999) };
  };
  const ended = uploadDisk(context, caller, { image, disk: 0, size: 5000, runs: runs(), signal: never }).catch(
    (error: unknown) => error,
  );
  let upload: Upload | undefined;
  await until(async () => {
    upload = await findUpload(context.db, image);
    return upload !== undefined;
  });
  const finish = () => {
    lastByte.resolve();
    return ended;
  };
  return { upload: upload as unknown as Upload, finish };
}

it('the end of an upload lets whoever has the region lock the snapshot', async () => {
  const image = await emptyImage();
  const { finish } = await beginUploading(image);
  const snapshot = image.disks[0]?.snapshot.id as string;
  const ended = await between(lockRegion('north'), finish, (trx) => lockSnapshot(trx, snapshot));
  expect(ended).toMatchObject({ state: 'available' });
});

it('the end of an upload lets whoever has the image delete it', async () => {
  const image = await emptyImage();
  const { finish } = await beginUploading(image);
  const ended = await between(holding(image.id), finish, (trx) => deleteImageRows(trx, image.id, 0));
  expect(ended).toMatchObject({ code: 'upload.malformed' });
});

it('an upload that is given up lets whoever has the image delete it', async () => {
  const image = await emptyImage();
  const { upload, finish } = await beginUploading(image);
  const giveUp = () => context.db.transaction().execute((trx) => abandonUpload(trx, upload, 0));
  const outcome = await between(holding(image.id), giveUp, (trx) => deleteImageRows(trx, image.id, 0));
  expect(outcome).toBeUndefined();
  expect(await finish()).toBeInstanceOf(Error);
});

it('an announced disk lets whoever has the image lock the region', async () => {
  const { id: image } = await emptyImage();
  const announce = () => announceDisk(context, caller, { image, size: 6000, role: 'system', format: 'raw' });
  expect(await between(holding(image), announce, lockRegion('north'))).toMatchObject({
    image: { disks: [{ size: 6000 }] },
  });
});

it('copies that are counted for all regions let whoever has the count lock the region', async () => {
  const source = await makeImage(context, caller, [randomBytes(5000)]);
  const policy = { ...nativeCopyPolicy, rules: [{ rule: 'elsewhere-limit', most: 1 }] } as const;
  const copy = () => copyImages(context, caller, { policy, images: [source.id], regions: ['south'] });
  const count: Step = (trx) => lockCopiesElsewhere(trx, caller.accountId);
  expect(await between(count, copy, lockRegion('south'))).toMatchObject({ copies: [{ state: 'queued' }] });
});

interface RunningCopy {
  readonly copy: Copy;
  readonly holder: CopyHolder;
}

/** Within its region, so that it has nothing more to do than to end. */
async function startedCopy(): Promise<RunningCopy> {
  const source = await makeImage(context, caller, [randomBytes(5000)]);
  const { id } = await copyImage(context, caller, { image: source.id, region: 'north' });
  const { job } = await context.db.selectFrom('copies').select('job').where('id', '=', id).executeTakeFirstOrThrow();
  return await context.db.transaction().execute(async (trx) => {
    const holder = (await startCopy(trx, id, job as string, context.server, 1)) as CopyHolder;
    const copy = (await findCopyById(trx, id)) as Copy;
    await moveImage(trx, copy.destinationImageId, 'copy-started', 1);
    return { copy, holder };
  });
}

const isGone = new FailureError('source-gone', 'gone');
const ends: [string, (copy: RunningCopy) => Promise<unknown>][] = [
  ['succeeds', ({ copy, holder }) => succeed(copy, holder, new Map(), installation.copying)],
  ['fails', ({ copy, holder }) => failOrRetry(copy, holder, isGone, installation.copying, silentLogger)],
  ['is cancelled', ({ copy }) => cancelCopy(context, caller, copy.id)],
];

it.each(ends)('a copy that %s lets whoever has the image lock the region', async (_, end) => {
  const running = await startedCopy();
  const image = running.copy.destinationImageId;
  const outcome = await between(
    (trx) => holdImage(trx, image),
    () => end(running),
    lockRegion('north'),
  );
  expect(outcome).not.toBeInstanceOf(Error);
});

const handedBack: [string, (copy: RunningCopy) => Promise<unknown>][] = [
  [
    'is handed back',
    ({ copy, holder }) =>
      context.db.transaction().execute((trx) => handBack(trx, copy, holder, 0, installation.copying)),
  ],
  [
    'is found without its job',
    async ({ copy }) => {
      await sql`DELETE FROM pgboss.job WHERE data->>'copy' = ${copy.id}`.execute(context.db);
      await sweep(installation.copying);
    },
  ],
];

it.each(handedBack)('a copy that %s lets whoever has the image lock the copy', async (_, end) => {
  const running = await startedCopy();
  const { copy, holder } = running;
  const lockCopy = async (trx: Trx) => expect(await isHeld(trx, holder)).toBe(true);
  const outcome = await between(holding(copy.destinationImageId), () => end(running), lockCopy);
  expect(outcome).not.toBeInstanceOf(Error);
  expect(await findCopyById(context.db, copy.id)).toMatchObject({ state: 'queued' });
});
