import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  copyImage,
  createInstallation,
  type Installation,
  makeImage,
  never,
  readBytes,
  runsOf,
} from '../../test/support/installation.ts';
import { insertPlainTask } from '../../test/support/plain-image.ts';
import { beginUpload, findUpload } from '../db/uploads.ts';
import type { Image, ImageKind } from '../domain/image.ts';
import { abandonExpiredUploads } from './abandon-uploads.ts';
import { type AnnounceDiskCommand, announceDisk, checkAnnounceable, withdrawDisk } from './announce-disk.ts';
import { collectHalfMade, collectStore } from './collect-store.ts';
import type { AppContext, Caller } from './context.ts';
import { createImage } from './create-image.ts';
import { deleteImage } from './delete-image.ts';
import { findImage } from './find-image.ts';
import { listEvents } from './list-events.ts';
import { readQuotas, setQuotas } from './quotas.ts';
import { findDownload } from './read-disk.ts';
import { updateImage } from './update-image.ts';
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

async function empty(kind: ImageKind = 'system-disk'): Promise<Image> {
  const command = {
    region: 'north',
    name: 'empty',
    description: '',
    kind,
    rootDevice: 'cloud-disk',
    tags: {},
  } as const;
  return (await createImage(context, caller, { ...command, disks: [] })).result;
}

function change(image: Image, changes: Partial<AnnounceDiskCommand> = {}) {
  return announceDisk(context, caller, { image: image.id, size: 5000, role: 'system', format: null, ...changes });
}

async function announce(image: Image, changes: Partial<AnnounceDiskCommand> = {}): Promise<Image> {
  return (await change(image, changes)).image;
}

function upload({ id: image }: Image, bytes: Uint8Array, isPartial = false): Promise<Image> {
  const command = {
    image,
    disk: 0,
    size: isPartial ? null : bytes.length,
    runs: runsOf(bytes),
    isPartial,
    signal: never,
  };
  return uploadDisk(context, caller, command);
}

async function used() {
  const [{ quotas } = { quotas: undefined }] = await readQuotas(context, caller, { region: 'north' });
  return [quotas?.images.used, quotas?.snapshots.used, quotas?.bytes.used];
}

describe('an image without disks', () => {
  it('counts for itself alone, waits, and is nothing that could be read or copied', async () => {
    const image = await empty();
    expect(image).toMatchObject({ state: 'queued', disks: [] });
    expect(await used()).toEqual([1, 0, 0]);
    await expect(upload(image, randomBytes(10))).rejects.toMatchObject({ code: 'disk.not-found' });
    await expect(findDownload(context, caller, image.id, 0)).rejects.toMatchObject({ code: 'disk.not-found' });
    await expect(copyImage(context, caller, { image: image.id, region: 'south' })).rejects.toMatchObject({
      code: 'image.not-readable',
    });
    await expect(updateImage(context, caller, image.id, { deprecated: true })).rejects.toMatchObject({
      code: 'image.changing',
    });
    expect(await updateImage(context, caller, image.id, { name: 'named' })).toMatchObject({ state: 'queued' });
  });

  it('is kept by all that tidies up', async () => {
    const image = await empty();
    installation.advance(7 * 24 * 3600 * 1000);
    await abandonExpiredUploads(context);
    await collectHalfMade(context, 'north', never);
    await collectStore(context, installation.operator, false, never);
    expect(await findImage(context, caller, image.id)).toEqual(image);
  });

  it('is deleted as any other', async () => {
    const image = await empty();
    await deleteImage(context, caller, image.id, { keepSnapshots: true });
    await expect(findImage(context, caller, image.id)).rejects.toMatchObject({ code: 'image.not-found' });
    expect(await used()).toEqual([0, 0, 0]);
  });
});

describe('announceDisk', () => {
  it('gives the image its disk, which is then uploaded and settled', async () => {
    const image = await empty();
    const bytes = Buffer.concat([randomBytes(3000), Buffer.alloc(200_000)]);
    installation.advance(1000);
    const announced = await announce(image, { image: image.aliyunId, size: bytes.length, format: 'raw' });
    expect(announced).toMatchObject({
      state: 'queued',
      disks: [{ index: 0, role: 'system', format: 'raw', size: bytes.length, dataBytes: null, digest: null }],
    });
    expect(announced.revision).toBeGreaterThan(image.revision);
    expect(announced.updatedAt).toBeGreaterThan(image.updatedAt);
    expect(await used()).toEqual([1, 1, bytes.length]);
    const { state, disks } = await upload(image, bytes);
    expect(state).toBe('available');
    expect(await used()).toEqual([1, 1, disks[0]?.dataBytes]);
    expect(await readBytes(context, caller, image.id)).toEqual(bytes);
    await deleteImage(context, caller, image.id);
    expect(await used()).toEqual([0, 0, 0]);
  });

  it('changes what was announced, up and down, and keeps its snapshot', async () => {
    const image = await empty('data-disk');
    let last = await announce(image, { role: 'data' });
    const snapshot = last.disks[0]?.snapshot;
    for (const size of [9000, 1, 64]) {
      last = await announce(image, { role: 'data', size, format: 'qcow2' });
      expect(last.disks).toMatchObject([{ role: 'data', format: 'qcow2', size, snapshot }]);
      expect(await used()).toEqual([1, 1, size]);
    }
    expect(await announce(image, { role: 'data', size: 64, format: 'qcow2' })).toEqual(last);
    const { events } = await listEvents(context, caller, { type: 'image.update', limit: 10 });
    expect(events.map(({ details }) => details.size)).toEqual([64, 64, 1, 9000, 5000]);
  });

  it('lets nobody announce more than the quotas allow, and less in any case', async () => {
    const image = await empty();
    await setQuotas(context, installation.operator, caller.accountId, 'north', { bytes: 100, snapshots: 0 });
    await expect(announce(image, { size: 100 })).rejects.toMatchObject({ code: 'quota.snapshots' });
    await setQuotas(context, installation.operator, caller.accountId, 'north', { snapshots: 1 });
    await expect(announce(image, { size: 101 })).rejects.toMatchObject({
      code: 'quota.bytes',
      facts: { limit: 100, used: 0, wanted: 101 },
    });
    await announce(image, { size: 100 });
    await expect(announce(image, { size: 101 })).rejects.toMatchObject({ facts: { used: 100, wanted: 1 } });
    await setQuotas(context, installation.operator, caller.accountId, 'north', { bytes: 50 });
    expect(await announce(image, { size: 70 })).toMatchObject({ disks: [{ size: 70 }] });
    expect(await used()).toEqual([1, 1, 70]);
  });

  it('at the same moment as others gives the image one disk', async () => {
    const image = await empty();
    await Promise.all(Array.from({ length: 8 }, (_, number) => announce(image, { size: 100 + number })));
    const { disks } = await findImage(context, caller, image.id);
    expect(disks).toHaveLength(1);
    expect(await used()).toEqual([1, 1, disks[0]?.size]);
  });

  it('keeps what an upload that was cut off has stored, unless the disk is another one now', async () => {
    const image = await empty();
    const bytes = randomBytes(3 * 1024 * 1024);
    await announce(image, { size: bytes.length });
    await upload(image, bytes.subarray(0, 2 * 1024 * 1024), true);
    await announce(image, { size: bytes.length });
    expect(await findUpload(context.db, image.id)).toMatchObject({ offset: 2 * 1024 * 1024 });
    const other = randomBytes(1000);
    expect(await announce(image, { size: other.length })).toMatchObject({ state: 'queued' });
    expect(await findUpload(context.db, image.id)).toBeUndefined();
    expect(await upload(image, other)).toMatchObject({ state: 'available' });
    expect(await readBytes(context, caller, image.id)).toEqual(other);
  });

  it('is refused while the bytes come, and once they are there', async () => {
    const image = await empty();
    await announce(image, { size: 5000 });
    const [started, more] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const bytes = randomBytes(5000);
    const runs = async function* () {
      started.resolve();
      await more.promise;
      yield { offset: 0, bytes };
    };
    const uploading = uploadDisk(context, caller, {
      image: image.id,
      disk: 0,
      size: 5000,
      runs: runs(),
      signal: never,
    });
    await started.promise;
    await expect(announce(image, { size: 6000 })).rejects.toMatchObject({
      code: 'disk.upload-in-progress',
      facts: { image: image.id, disk: 0 },
    });
    more.resolve();
    await uploading;
    for (const size of [5000, 6000]) {
      await expect(announce(image, { size })).rejects.toMatchObject({
        code: 'disk.has-content',
        facts: { image: image.id, disk: 0 },
      });
    }
    expect(await readBytes(context, caller, image.id)).toEqual(bytes);
  });

  it('can be asked for before it is known what the disk measures', async () => {
    const image = await empty();
    await checkAnnounceable(context, caller, image.id);
    await announce(image, { size: 10 });
    await context.db.transaction().execute(async (trx) => {
      const lease = { server: context.server, leaseUntil: context.clock.now() + 1000, keepUntil: 1e15 };
      const { cut } = context.dataPlane;
      await trx.updateTable('images').set({ state: 'uploading' }).where('id', '=', image.id).execute();
      await beginUpload(trx, { image: image.id, index: 0, manifest: randomUUID() }, { ...lease, cut });
    });
    await expect(checkAnnounceable(context, caller, image.id)).rejects.toMatchObject({
      code: 'disk.upload-in-progress',
    });
    await deleteImage(context, caller, image.id);
    const full = await makeImage(context, caller, [randomBytes(10)]);
    await expect(checkAnnounceable(context, caller, full.id)).rejects.toMatchObject({ code: 'disk.has-content' });
    await expect(checkAnnounceable(context, { ...caller, role: 'viewer' }, full.id)).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  it('is refused of an image that something else fills', async () => {
    const source = await makeImage(context, caller, [randomBytes(100)]);
    const { destinationImageId } = await copyImage(context, caller, { image: source.id, region: 'south' });
    await expect(announce({ ...source, id: destinationImageId })).rejects.toMatchObject({
      code: 'image.changing',
      facts: { image: destinationImageId, state: 'queued' },
    });
    const image = await announce(await empty());
    const task = await context.db.transaction().execute((trx) => insertPlainTask(trx, image, 'import'));
    await expect(announce(image, { size: 1 })).rejects.toMatchObject({ code: 'image.importing' });
    await context.db.deleteFrom('tasks').where('id', '=', task.id).execute();
  });

  it.each<[string, Partial<AnnounceDiskCommand>, string]>([
    ['nothing', { size: 0 }, 'size'],
    ['half a byte', { size: 1.5 }, 'size'],
    ['more than 64 TiB', { size: 64 * 1024 ** 4 + 1 }, 'size'],
  ])('refuses a disk of %s', async (_, changes, field) => {
    const image = await empty();
    await expect(announce(image, changes)).rejects.toMatchObject({ code: 'request.invalid', facts: { field } });
  });

  it('refuses what fits neither the kind nor the disks of the image', async () => {
    await expect(announce(await empty('data-disk'))).rejects.toMatchObject({ facts: { field: 'disks' } });
    const { result: whole } = await createImage(context, caller, {
      ...(await empty('whole-machine')),
      resourceGroup: undefined,
      disks: (['system', 'data'] as const).map((role) => ({ role, format: null, size: 10 })),
    });
    await expect(announce(whole)).rejects.toMatchObject({ code: 'request.invalid', facts: { field: 'image' } });
  });

  it("is for those who may upload, and nobody else's image is there", async () => {
    const image = await empty();
    const by = (changes: Partial<Caller>) =>
      announceDisk(context, { ...caller, ...changes }, { image: image.id, size: 1, role: 'system', format: null });
    await expect(by({ role: 'viewer' })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(by({ agency: 'helpers', projects: [] })).rejects.toMatchObject({ code: 'image.not-found' });
    await expect(by(await installation.newCaller())).rejects.toMatchObject({ code: 'image.not-found' });
    expect(await findImage(context, caller, image.id)).toEqual(image);
  });
});

describe('withdrawDisk', () => {
  it('takes away a disk that there was not, and what it counted for', async () => {
    const image = await empty();
    const announced = await change(image, { size: 1e12 });
    expect(await used()).toEqual([1, 1, 1e12]);
    await withdrawDisk(context, announced);
    expect(await findImage(context, caller, image.id)).toMatchObject({ state: 'queued', disks: [] });
    expect(await used()).toEqual([1, 0, 0]);
    await withdrawDisk(context, announced);
    expect(await used()).toEqual([1, 0, 0]);
    await announce(image, { size: 10 });
    expect(await upload(image, randomBytes(10))).toMatchObject({ state: 'available' });
  });

  it('puts back what the disk was before, if that still fits', async () => {
    const image = await empty();
    const { image: first } = await change(image, { size: 100, format: 'raw' });
    await withdrawDisk(context, await change(image, { size: 5000 }));
    expect(await findImage(context, caller, image.id)).toMatchObject({ disks: first.disks });
    expect(await used()).toEqual([1, 1, 100]);
    const smaller = await change(image, { size: 10 });
    await setQuotas(context, installation.operator, caller.accountId, 'north', { bytes: 50 });
    await withdrawDisk(context, smaller);
    expect(await used()).toEqual([1, 1, 10]);
  });

  it('leaves alone what has bytes, was announced anew, or is gone', async () => {
    const image = await empty();
    const bytes = randomBytes(3 * 1024 * 1024);
    const stale = await change(image, { size: 100 });
    const announced = await change(image, { size: bytes.length });
    await withdrawDisk(context, stale);
    expect(await used()).toEqual([1, 1, bytes.length]);
    await upload(image, bytes.subarray(0, 2 * 1024 * 1024), true);
    await withdrawDisk(context, { ...announced, before: undefined });
    expect(await findUpload(context.db, image.id)).toMatchObject({ offset: 2 * 1024 * 1024 });
    await upload(image, bytes);
    await withdrawDisk(context, { ...announced, before: undefined });
    expect(await readBytes(context, caller, image.id)).toEqual(bytes);
    await deleteImage(context, caller, image.id);
    await withdrawDisk(context, announced);
    expect(await used()).toEqual([0, 0, 0]);
  });
});
