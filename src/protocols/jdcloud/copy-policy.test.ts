import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { makeEncryptedImage } from '../../../test/support/encrypted-image.ts';
import { createInstallation, finishCopy, type Installation, makeImage } from '../../../test/support/installation.ts';
import { insertPlainTask, makePlainImage } from '../../../test/support/plain-image.ts';
import type { AppContext, Caller } from '../../app/context.ts';
import { type CopyImagesCommand, copyImages } from '../../app/copy-images.ts';
import { findImage } from '../../app/find-image.ts';
import { setQuotas } from '../../app/quotas.ts';
import { shareImage } from '../../app/share-image.ts';
import { updateImage } from '../../app/update-image.ts';
import { inTransaction } from '../../db/database.ts';
import type { Image } from '../../domain/image.ts';
import type { RefusalCode } from '../../domain/refusal.ts';
import { jdcloudCopyPolicies } from './copy-policy.ts';

const { newer, older, convert } = jdcloudCopyPolicies;

let installation: Installation;
let context: AppContext;
let caller: Caller;
let guest: Caller;
let image: Image;
beforeAll(async () => {
  installation = await createInstallation();
  context = installation.context;
});
beforeEach(async () => {
  [caller, guest] = [await installation.newCaller(), await installation.newCaller()];
  image = await makeImage(context, caller, [randomBytes(1000)]);
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

async function copy(policy: CopyImagesCommand['policy'], region = 'south', by = caller): Promise<Image> {
  const { images } = await copyImages(context, by, { policy, images: [image.jdcloudId], regions: [region] });
  return await findImage(context, by, images[0]?.id as string);
}

async function expectRefused(asked: Promise<unknown>, code: RefusalCode): Promise<void> {
  await expect(asked).rejects.toMatchObject({ code });
}

it('calls copies as their source and says where they come from, or gives all of them one name', async () => {
  const { jdcloudId, name } = image;
  expect(await copy(newer)).toMatchObject({
    name,
    description: `Copied from image ${jdcloudId} in region north`,
    tags: {},
  });
  const others = [
    await makeImage(context, caller, [randomBytes(9)]),
    await makeImage(context, caller, [randomBytes(9)]),
  ];
  const command = { policy: newer, images: others.map((other) => other.jdcloudId), regions: ['north'] };
  const { images } = await copyImages(context, caller, { ...command, name: 'both', description: 'own' });
  for (const { id } of images) {
    expect(await findImage(context, caller, id)).toMatchObject({ name: 'both', description: 'own' });
  }
});

it('copies what is shared, and no community image', async () => {
  await shareImage(context, caller, image.id, guest.accountId, { accepted: true });
  await expectRefused(copy(older, 'south', guest), 'copy.source');
  const made = await copy(newer, 'south', guest);
  expect(made).toMatchObject({ accountId: guest.accountId, visibility: 'private' });
  image = await makeImage(context, caller, [randomBytes(9)]);
  await updateImage(context, caller, image.id, { visibility: 'public' });
  await expectRefused(copy(newer, 'south', guest), 'copy.source');
  await copy(newer);
});

it('stays in a region with the newer page alone', async () => {
  await expectRefused(copy(older, 'north'), 'copy.same-region');
  await copy(newer, 'north');
});

it('refuses for what an image is, then for what goes on with it, and for quotas last', async () => {
  image = await makePlainImage(context, caller, { rootDevice: 'local-disk', state: 'queued' });
  await expectRefused(copy(newer), 'copy.root-device');
  image = await makePlainImage(context, caller, { state: 'queued' });
  await expectRefused(copy(newer), 'image.not-readable');
  await inTransaction(context.db, (trx) => insertPlainTask(trx, image, 'import'));
  await expectRefused(copy(newer), 'image.importing');
  image = await makeImage(context, caller, [randomBytes(9)]);
  await copy(newer, 'north');
  await setQuotas(context, installation.operator, caller.accountId, 'south', { images: 0 });
  await expectRefused(copy(newer), 'image.being-copied');
  image = await makeImage(context, caller, [randomBytes(9)]);
  await expectRefused(copy(newer), 'quota.images');
});

it('refuses what is encrypted before what a quota does, and after what goes on with it, in a region and across', async () => {
  image = await makeEncryptedImage(installation, caller);
  await setQuotas(context, installation.operator, caller.accountId, 'south', { images: 0 });
  await expectRefused(copy(newer), 'image.encrypted');
  await expectRefused(copy(older), 'image.encrypted');
  await expectRefused(copy(newer, 'north'), 'image.encrypted');
  await inTransaction(context.db, (trx) => insertPlainTask(trx, image, 'export'));
  await expectRefused(copy(newer), 'image.exporting');
});

it('converts a local-disk image of one’s own to a cloud-disk one beside it', async () => {
  await expectRefused(copy(convert, 'north'), 'copy.root-device');
  image = await makeImage(context, caller, [randomBytes(1000)]);
  await context.db.updateTable('images').set({ root_device: 'local-disk' }).where('id', '=', image.id).execute();
  await expectRefused(copy(convert, 'south'), 'copy.other-region');
  const made = await copy(convert, 'north');
  const { name, description } = image;
  expect(made).toMatchObject({ name, description, rootDevice: 'cloud-disk', region: 'north' });
  await expectRefused(copy(convert, 'north'), 'image.being-copied');
  const { id } = await context.db
    .selectFrom('copies')
    .select('id')
    .where('destination_image', '=', made.id)
    .executeTakeFirstOrThrow();
  expect(await finishCopy(installation, caller, id)).toMatchObject({ state: 'succeeded' });
  expect(await findImage(context, caller, made.id)).toMatchObject({ state: 'available', rootDevice: 'cloud-disk' });
  await shareImage(context, caller, image.id, guest.accountId, { accepted: true });
  await expectRefused(copy(convert, 'north', guest), 'copy.source');
});
