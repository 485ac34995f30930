/** CancelCopyImage, DeleteImage and ModifyImageAttribute. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestAliyun, type TestAliyun } from '../../../../test/support/aliyun-api.ts';
import { type AliyunParameters, createAliyunClient } from '../../../../test/support/aliyun-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/aliyun-faults.ts';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { finishCopy, type Installation, makeImage } from '../../../../test/support/installation.ts';
import { insertPlainTask, makePlainImage } from '../../../../test/support/plain-image.ts';
import type { Caller } from '../../../app/context.ts';
import { findCopiesInto } from '../../../app/find-copy.ts';
import { findImage } from '../../../app/find-image.ts';
import { listSnapshots } from '../../../app/list-snapshots.ts';
import { shareImage } from '../../../app/share-image.ts';
import { updateImage } from '../../../app/update-image.ts';
import { inTransaction } from '../../../db/database.ts';
import type { NewImage } from '../../../db/new-images.ts';
import type { Copy } from '../../../domain/copy.ts';
import type { Image } from '../../../domain/image.ts';
import { commonFaults } from '../common-faults.ts';
import type { Fault } from '../fault.ts';
import { cancelCopyFaults } from './cancel-copy-image.ts';
import { deleteImageFaults } from './delete-image-faults.ts';
import { modifyImageFaults } from './modify-image-attribute-faults.ts';

let aliyun: TestAliyun;
let installation: Installation;
beforeAll(async () => {
  aliyun = await createTestAliyun();
  installation = aliyun.installation;
});
afterAll(() => aliyun.close());

const newImage = (changes: Partial<NewImage> = {}, caller: Caller = aliyun.caller) =>
  makePlainImage(installation.context, caller, changes);

/** Of what lies in the north. */
async function call(action: string, { aliyunId }: Pick<Image, 'aliyunId'>, more: AliyunParameters = {}) {
  return await aliyun.client.call(action, { RegionId: 'north', ImageId: aliyunId, ...more });
}

/** The copy in the south, and what is copied. */
async function copyOf(source: Image): Promise<{ image: Image; copy: Copy }> {
  const { body } = await call('CopyImage', source, { DestinationRegionId: 'south' });
  const image = await findImage(installation.context, aliyun.caller, body.ImageId);
  const copies = await findCopiesInto(installation.context, aliyun.caller, [image.id]);
  return { image, copy: copies.get(image.id) as Copy };
}

async function shared(): Promise<Image> {
  const image = await newImage();
  const other = await installation.newCaller();
  await shareImage(installation.context, aliyun.caller, image.id, other.accountName, { accepted: true });
  return image;
}

async function open(): Promise<Image> {
  const image = await newImage();
  return await updateImage(installation.context, aliyun.caller, image.id, { visibility: 'public' });
}

/** An image that a task of this kind has to do with. */
async function tasked(kind: 'import' | 'export'): Promise<Image> {
  const image = await newImage({ state: kind === 'import' ? 'queued' : 'available' });
  await inTransaction(installation.context.db, (trx) => insertPlainTask(trx, image, kind));
  return image;
}

const south = { RegionId: 'south' };

describe('CancelCopyImage', () => {
  const provocations: Provocations<typeof cancelCopyFaults> = {
    notFromCopy: async () => await call('CancelCopyImage', await newImage()),
    async copied() {
      const source = await makeImage(installation.context, aliyun.caller, [randomBytes(1000)]);
      const { image, copy } = await copyOf(source);
      expect(await finishCopy(installation, aliyun.caller, copy.id)).toMatchObject({ state: 'succeeded' });
      return await call('CancelCopyImage', image, south);
    },
    async failed() {
      const { image, copy } = await copyOf(await newImage());
      const { db } = installation.context;
      await db.updateTable('images').set({ state: 'failed' }).where('id', '=', copy.sourceImageId).execute();
      expect(await finishCopy(installation, aliyun.caller, copy.id)).toMatchObject({ state: 'failed' });
      return await call('CancelCopyImage', image, south);
    },
    imageNotFound: async () => await call('CancelCopyImage', (await copyOf(await newImage())).image),
  };

  it.each(rowsOf(cancelCopyFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(aliyun), fault);
  });

  it('says that it is too late in the words of the older page, too', async () => {
    const older = await createTestAliyun({ on: installation, page: 'older' });
    try {
      const client = createAliyunClient({ url: older.url, ...aliyun.key });
      const source = await makeImage(installation.context, aliyun.caller, [randomBytes(1000)]);
      const { image, copy } = await copyOf(source);
      const parameters = { RegionId: 'south', ImageId: image.aliyunId };
      expectFault(await client.call('DeleteImage', parameters), deleteImageFaults.beingCopied, 'older');
      await finishCopy(installation, aliyun.caller, copy.id);
      expectFault(await client.call('CancelCopyImage', parameters), cancelCopyFaults.copied, 'older');
    } finally {
      await older.close();
    }
  });

  it('removes what the copy was making at once, and nothing else', async () => {
    const source = await newImage();
    const { image, copy } = await copyOf(source);
    const { status, body } = await call('CancelCopyImage', image, south);
    expect({ status, body }).toEqual({ status: 200, body: { RequestId: expect.any(String) } });
    expectFault(await call('CancelCopyImage', image, south), cancelCopyFaults.imageNotFound);
    const seen = (region: string) =>
      aliyun.client.call('DescribeImages', { RegionId: region, Status: 'ALL', ImageId: image.aliyunId });
    expect((await seen('south')).body.TotalCount).toBe(0);
    expect(await findImage(installation.context, aliyun.caller, source.id)).toMatchObject({ state: 'available' });
    await expect(finishCopy(installation, aliyun.caller, copy.id)).rejects.toThrow('has no job');
  });

  it('is not for whoever may only look, nor for an account that the copy is shared with', async () => {
    const { image } = await copyOf(await newImage());
    const viewer = await aliyun.newClient('viewer');
    const parameters = { RegionId: 'south', ImageId: image.aliyunId };
    expectFault(await viewer.call('CancelCopyImage', parameters), commonFaults.forbidden);
    const other = await installation.newCaller();
    await shareImage(installation.context, aliyun.caller, image.id, other.accountName, { accepted: true });
    const theirs = await aliyun.newClient('owner', other);
    expectFault(await theirs.call('CancelCopyImage', parameters), cancelCopyFaults.notFromCopy);
  });

  it('is done by one of those who ask at once; for the others the image is gone', async () => {
    const { image } = await copyOf(await newImage());
    const answers = await Promise.all(Array.from({ length: 8 }, () => call('CancelCopyImage', image, south)));
    const [done, ...late] = answers.toSorted((one, other) => one.status - other.status);
    expect(done?.status).toBe(200);
    for (const each of late) expectFault(each, cancelCopyFaults.imageNotFound);
  });

  it('refuses a region that is none', async () => {
    expectFault(await call('CancelCopyImage', await newImage(), { RegionId: 'nowhere' }), commonFaults.regionNotFound);
  });
});

describe('DeleteImage', () => {
  const provocations: Provocations<typeof deleteImageFaults> = {
    shared: async () => await call('DeleteImage', await shared()),
    isPublic: async () => await call('DeleteImage', await open()),
    beingCopied: async () =>
      await call('DeleteImage', (await copyOf(await newImage())).image, { ...south, Force: true }),
    imageImporting: async () => await call('DeleteImage', await tasked('import')),
    imageExporting: async () => await call('DeleteImage', await tasked('export')),
    imageNotFound: async () => await call('DeleteImage', await newImage(), south),
  };

  it.each(rowsOf(deleteImageFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(aliyun), fault);
  });

  it('leaves what is being copied, and what others share', async () => {
    const source = await newImage();
    await copyOf(source);
    expectFault(await call('DeleteImage', source), deleteImageFaults.beingCopied);
    const other = await installation.newCaller();
    const theirs = await newImage({}, other);
    await shareImage(installation.context, other, theirs.id, aliyun.caller.accountName, { accepted: true });
    expectFault(await call('DeleteImage', theirs), deleteImageFaults.imageNotFound);
  });

  it('leaves the snapshots, and at first only tries', async () => {
    const { context } = installation;
    const image = await makeImage(context, aliyun.caller, [randomBytes(1000), randomBytes(2000)]);
    expectFault(await call('DeleteImage', image, { DryRun: true }), commonFaults.dryRunPassed);
    const { status, body } = await call('DeleteImage', image, { Force: false });
    expect({ status, body }).toEqual({ status: 200, body: { RequestId: expect.any(String) } });
    await expect(findImage(context, aliyun.caller, image.id)).rejects.toThrow('image.not-found');
    const ids = image.disks.map(({ snapshot }) => snapshot.aliyunId);
    const { snapshots } = await listSnapshots(context, aliyun.caller, { ids, limit: 10 });
    expect(snapshots.map(({ aliyunId }) => aliyunId).toSorted()).toEqual(ids.toSorted());
    expectFault(await call('DeleteImage', image), deleteImageFaults.imageNotFound);
  });

  it('is not for whoever may only look', async () => {
    const viewer = await aliyun.newClient('viewer');
    const { aliyunId: ImageId } = await newImage();
    expectFault(await viewer.call('DeleteImage', { RegionId: 'north', ImageId }), commonFaults.forbidden);
  });
});

describe('ModifyImageAttribute', () => {
  const modify = (image: Pick<Image, 'aliyunId'>, more: AliyunParameters) => call('ModifyImageAttribute', image, more);
  const modifyNew = async (more: AliyunParameters, changes: Partial<NewImage> = {}) =>
    await modify(await newImage(changes), more);

  const provocations: Provocations<typeof modifyImageFaults> = {
    nameMalformed: () => modifyNew({ ImageName: 'aliyun-like' }),
    async imageNameTaken() {
      await newImage({ name: 'taken' });
      return await modifyNew({ ImageName: 'taken' });
    },
    descriptionMalformed: () => modifyNew({ Description: 'x' }),
    familyMalformed: () => modifyNew({ ImageFamily: '-family' }),
    bootModeInvalid: () => modifyNew({ BootMode: 'uefi' }),
    bootModeOfOthers: () => modifyNew({ BootMode: 'BIOS' }, { attributes: { architecture: 'arm64' } }),
    licenseInvalid: () => modifyNew({ LicenseType: 'MIT' }),
    imdsInvalid: () => modifyNew({ 'Features.ImdsSupport': 'v3' }),
    imdsBackwards: () => modifyNew({ 'Features.ImdsSupport': 'v1' }, { attributes: { imdsSupport: 'v2' } }),
    notAvailable: () => modifyNew({ Status: 'Deprecated' }, { state: 'deprecated' }),
    notDeprecated: () => modifyNew({ Status: 'Available' }),
    shared: async () => await modify(await shared(), { Status: 'Deprecated' }),
    beingMade: async () => await modify((await copyOf(await newImage())).image, { ...south, ImageName: 'too-early' }),
    async imageCopying() {
      const source = await newImage();
      await copyOf(source);
      return await modify(source, { ImageName: 'too-late' });
    },
    imageNotFound: () => modify({ aliyunId: 'm-00000000000000000000' }, { ImageName: 'nothing' }),
  };

  it.each(rowsOf(modifyImageFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(aliyun), fault);
  });

  it('changes what is given, and lets be what is not', async () => {
    const { context } = installation;
    const image = await newImage({ description: 'before', attributes: { platform: 'Debian', imdsSupport: 'v1' } });
    const { status, body } = await modify(image, {
      ImageName: '改名',
      ImageFamily: 'golden',
      BootMode: 'UEFI-Preferred',
      LicenseType: 'BYOL',
      'Features.NvmeSupport': 'supported',
      'Features.ImdsSupport': 'v2',
      Description: '',
    });
    expect({ status, body }).toEqual({ status: 200, body: { RequestId: expect.any(String) } });
    const attributes = { platform: 'Debian', family: 'golden', bootMode: 'uefi-preferred', licenseType: 'BYOL' };
    expect(await findImage(context, aliyun.caller, image.id)).toMatchObject({
      name: '改名',
      description: 'before',
      state: 'available',
      attributes: { ...attributes, nvmeSupport: true, imdsSupport: 'v2' },
    });
    // Its own name is not another's.
    expect((await modify(image, { ImageName: '改名', 'Features.NvmeSupport': 'unsupported' })).status).toBe(200);
    expect((await findImage(context, aliyun.caller, image.id)).attributes.nvmeSupport).toBe(false);
  });

  it('takes an image out of use and back, and at first only tries', async () => {
    const { context } = installation;
    const image = await newImage();
    const state = async () => (await findImage(context, aliyun.caller, image.id)).state;
    expectFault(await modify(image, { Status: 'Deprecated', DryRun: true }), commonFaults.dryRunPassed);
    expect(await state()).toBe('available');
    expect((await modify(image, { Status: 'Deprecated' })).status).toBe(200);
    expect(await state()).toBe('deprecated');
    expect((await modify(image, { Status: 'Available' })).status).toBe(200);
    expect(await state()).toBe('available');
  });

  it.each<[string, Fault, AliyunParameters]>([
    ['another state', commonFaults.invalidParameter, { Status: 'Creating' }],
    ['another word for NVMe', commonFaults.invalidParameter, { 'Features.NvmeSupport': 'true' }],
  ])('refuses %s', async (_, fault, more) => {
    expectFault(await modifyNew(more), fault);
  });
});
