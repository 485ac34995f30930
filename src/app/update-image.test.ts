import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeEncryptedImage } from '../../test/support/encrypted-image.ts';
import {
  copyImage,
  createInstallation,
  finishCopy,
  type Installation,
  makeImage,
} from '../../test/support/installation.ts';
import { insertPlainTask } from '../../test/support/plain-image.ts';
import { inTransaction } from '../db/database.ts';
import { insertResourceGroup } from '../db/tenants/resource-groups.ts';
import { newResourceGroupId, newUuid } from '../domain/ids.ts';
import type { Image } from '../domain/image.ts';
import type { AppContext, Caller } from './context.ts';
import { createImage } from './create-image.ts';
import { deleteImage } from './delete-image.ts';
import { findImage } from './find-image.ts';
import { listTags } from './list-tags.ts';
import { type ImageUpdate, removeTag, setTag, updateImage } from './update-image.ts';

let installation: Installation;
let context: AppContext;
let caller: Caller;
let image: Image;
beforeAll(async () => {
  installation = await createInstallation();
  context = installation.context;
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

async function setUp(): Promise<void> {
  caller = await installation.newCaller();
  image = await makeImage(context, caller, [randomBytes(1000)]);
}

function update(changes: ImageUpdate, by = caller) {
  return updateImage(context, by, image.id, changes);
}

describe('updateImage', () => {
  it('changes what is given and leaves the rest, counting the revision up', async () => {
    await setUp();
    installation.advance(1);
    const renamed = await updateImage(context, caller, image.aliyunId, { name: 'other', tags: { a: 'b' } });
    const { revision, updatedAt } = renamed;
    expect(renamed).toEqual({ ...image, name: 'other', tags: { a: 'b' }, revision, updatedAt });
    expect(revision).toBeGreaterThan(image.revision);
    expect(updatedAt).toBeGreaterThan(image.updatedAt);
    expect(await update({ description: '', protected: true })).toMatchObject({
      name: 'other',
      description: '',
      protected: true,
    });
  });

  it('changes and takes away what clients keep with it, and leaves the rest', async () => {
    await setUp();
    expect(image.properties).toEqual({});
    await update({ properties: { kept: 'a', changed: 'b', removed: 'c' } });
    const { properties } = await update({
      properties: { changed: ' d\n', removed: null, ...JSON.parse('{"__proto__":"e"}') },
    });
    expect(properties).toEqual({ kept: 'a', changed: ' d\n', ...JSON.parse('{"__proto__":"e"}') });
    expect(await update({ name: 'other', properties: {} })).toMatchObject({ properties });
    const much = Object.fromEntries(Array.from({ length: 15 }, (_, number) => [`${number}`, 'x'.repeat(4096)]));
    await update({ properties: much });
    await expect(update({ properties: { more: 'x'.repeat(4096) } })).rejects.toMatchObject({
      code: 'request.invalid',
      facts: { field: 'properties' },
    });
  });

  it('loses no text to another that is kept at the same moment', async () => {
    await setUp();
    await Promise.all(Array.from({ length: 8 }, (_, number) => update({ properties: { [`key ${number}`]: '' } })));
    expect(Object.keys((await findImage(context, caller, image.id)).properties)).toHaveLength(8);
  });

  it('changes nothing when one of several is refused', async () => {
    await setUp();
    await expect(update({ name: 'other', resourceGroup: 'unknown' })).rejects.toMatchObject({
      code: 'resource-group.not-found',
    });
    expect(await findImage(context, caller, image.id)).toEqual(image);
  });

  it('changes only the revision that it was told, of two at once one', async () => {
    await setUp();
    const condition = { ifRevision: image.revision };
    const both = ['one', 'other'].map((name) => updateImage(context, caller, image.id, { name }, condition));
    const outcomes = await Promise.allSettled(both);
    const [refused] = outcomes.filter(({ status }) => status === 'rejected');
    const { revision } = await findImage(context, caller, image.id);
    expect(refused).toMatchObject({ reason: { code: 'precondition.failed', facts: { image: image.id, revision } } });
    await expect(deleteImage(context, caller, image.id, condition)).rejects.toMatchObject({
      code: 'precondition.failed',
    });
    await deleteImage(context, caller, image.id, { ifRevision: revision });
  });

  it('makes images public, and private again, for owners only', async () => {
    await setUp();
    for (const visibility of ['public', 'private'] as const) {
      await expect(update({ visibility }, { ...caller, role: 'operator' })).rejects.toMatchObject({
        code: 'forbidden',
        facts: { action: 'image.publish' },
      });
      expect(await update({ visibility })).toMatchObject({ visibility });
    }
    expect(await update({ name: 'by an operator' }, { ...caller, role: 'operator' })).toMatchObject({
      visibility: 'private',
    });
    await expect(update({ name: 'by a viewer' }, { ...caller, role: 'viewer' })).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  it('makes no encrypted image public, and changes nothing else with that; all but that may change', async () => {
    await setUp();
    image = await makeEncryptedImage(installation, caller);
    for (const unshares of [true, false]) {
      const published = updateImage(context, caller, image.id, { name: 'new', visibility: 'public' }, { unshares });
      await expect(published).rejects.toMatchObject({ code: 'image.encrypted', facts: { image: image.id } });
    }
    expect(await findImage(context, caller, image.id)).toEqual(image);
    expect(await update({ name: 'new', visibility: 'private', protected: true })).toMatchObject({
      name: 'new',
      visibility: 'private',
      protected: true,
    });
  });

  it('deprecates and restores, as often as it is asked, and only what is there', async () => {
    await setUp();
    for (const [deprecated, state] of [
      [false, 'available'],
      [true, 'deprecated'],
      [true, 'deprecated'],
      [false, 'available'],
    ] as const) {
      expect(await update({ deprecated })).toMatchObject({ state });
    }
    await update({ deprecated: true });
    const copied = await finishCopy(
      installation,
      caller,
      (await copyImage(context, caller, { image: image.id, region: 'south' })).id,
    );
    expect(await findImage(context, caller, copied.destinationImageId)).toMatchObject({ state: 'available' });
    const { result: empty } = await createImage(context, caller, {
      ...image,
      resourceGroup: undefined,
      disks: [{ role: 'system', format: null, size: 1 }],
    });
    await expect(updateImage(context, caller, empty.id, { deprecated: true })).rejects.toMatchObject({
      code: 'image.changing',
      facts: { state: 'queued' },
    });
  });

  it('protects from being deleted, until that is taken away', async () => {
    await setUp();
    await update({ protected: true });
    await expect(deleteImage(context, caller, image.id)).rejects.toMatchObject({
      code: 'image.protected',
      facts: { image: image.id },
    });
    await update({ protected: false });
    await deleteImage(context, caller, image.id);
  });

  it('puts the image into a resource group of the account and takes it out again', async () => {
    await setUp();
    const group = {
      id: newUuid(context.random),
      aliyunId: newResourceGroupId(context.random),
      accountId: caller.accountId,
      name: 'team',
      description: '',
      createdAt: 0,
      disabledAt: null,
    };
    await context.db.transaction().execute((trx) => insertResourceGroup(trx, group));
    for (const name of ['team', group.id, group.aliyunId])
      expect(await update({ resourceGroup: name })).toMatchObject({ resourceGroupId: group.id });
    expect(await update({ name: 'other' })).toMatchObject({ resourceGroupId: group.id });
    expect(await update({ resourceGroup: null })).toMatchObject({ resourceGroupId: null });
    await setUp();
    await expect(update({ resourceGroup: group.id })).rejects.toMatchObject({ code: 'resource-group.not-found' });
  });

  it.each<[string, ImageUpdate, string]>([
    ['a name with a control character', { name: 'a\u0007' }, 'name'],
    ['a name with half of a surrogate pair', { name: 'a\udc00' }, 'name'],
    ['U+0000 in a description', { description: 'a\0b' }, 'description'],
    ['21 tags', { tags: Object.fromEntries(Array.from({ length: 21 }, (_, number) => [`key ${number}`, ''])) }, 'tags'],
    ['U+0000 in a property', { properties: { a: '\0' } }, 'properties'],
    ['a memory that is no number', { attributes: { maxRamMiB: Number.NaN } }, 'attributes.maxRamMiB'],
    ['U+0000 in a tag', { tags: { 'a\0': '' } }, 'tags'],
  ])('refuses %s', async (_, changes, field) => {
    await setUp();
    await expect(update(changes)).rejects.toMatchObject({ code: 'request.invalid', facts: { field } });
    expect(await findImage(context, caller, image.id)).toEqual(image);
  });

  it('changes name and description while a copy reads the image, where the dialect lets it, and nothing else', async () => {
    await setUp();
    const copy = await copyImage(context, caller, { image: image.id, region: 'south' });
    const whileCopied = { whileCopied: true } as const;
    const change = (changes: ImageUpdate) => updateImage(context, caller, image.id, changes, whileCopied);
    expect(await change({ name: 'other', description: 'changed' })).toMatchObject({ name: 'other' });
    for (const more of [{ tags: {} }, { visibility: 'public' }, { attributes: {} }] as const) {
      await expect(change({ name: 'third', ...more })).rejects.toMatchObject({ code: 'image.being-copied' });
    }
    expect(await finishCopy(installation, caller, copy.id)).toMatchObject({ state: 'succeeded' });
    const { name, description } = image;
    expect(await findImage(context, caller, copy.destinationImageId)).toMatchObject({ name, description });
  });

  it('is refused until the image is settled, where the dialect wants that', async () => {
    await setUp();
    const settled = { settled: true } as const;
    const change = (id: string) => updateImage(context, caller, id, { name: 'other' }, settled);
    const { destinationImageId: made } = await copyImage(context, caller, { image: image.id, region: 'south' });
    await expect(change(made)).rejects.toMatchObject({
      code: 'image.changing',
      facts: { image: made, state: 'queued' },
    });
    expect(await updateImage(context, caller, made, { name: 'other' })).toMatchObject({ name: 'other' });
    await setUp();
    expect(await change(image.id)).toMatchObject({ name: 'other' });
    const { id: task } = await inTransaction(context.db, (trx) => insertPlainTask(trx, image, 'export'));
    await expect(change(image.id)).rejects.toMatchObject({ code: 'image.exporting', facts: { task } });
  });

  it('is refused while a copy reads the image, and names the copy', async () => {
    await setUp();
    const copy = await copyImage(context, caller, { image: image.id, region: 'south' });
    await expect(update({ name: 'other' })).rejects.toMatchObject({
      code: 'image.being-copied',
      facts: { image: image.id, copy: copy.id },
    });
  });
});

describe('setTag and removeTag', () => {
  it('add, replace and take away one, and refuse the twenty-first', async () => {
    await setUp();
    await setTag(context, caller, image.id, { key: 'made', value: 'by hand' });
    expect(await setTag(context, caller, image.id, { key: '__proto__', value: 'x' })).toMatchObject({
      tags: { made: 'by hand' },
    });
    expect(await removeTag(context, caller, image.id, '__proto__')).toMatchObject({ tags: { made: 'by hand' } });
    for (let number = 1; number < 20; number++)
      await setTag(context, caller, image.id, { key: `key ${number}`, value: '' });
    const more = setTag(context, caller, image.id, { key: 'one more', value: '' });
    await expect(more).rejects.toMatchObject({ code: 'request.invalid', facts: { field: 'tags' } });
    await setTag(context, caller, image.id, { key: 'made', value: 'again' });
    const { tags } = await removeTag(context, caller, image.id, 'never there');
    expect(Object.keys(tags)).toHaveLength(20);
    expect(tags.made).toBe('again');
  });

  it('lose nothing to each other at the same moment', async () => {
    await setUp();
    await Promise.all(
      Array.from({ length: 10 }, (_, number) => setTag(context, caller, image.id, { key: `key ${number}`, value: '' })),
    );
    expect(Object.keys((await findImage(context, caller, image.id)).tags)).toHaveLength(11);
  });
});

describe('listTags', () => {
  it('counts the images of each value, in a region or in all, and only those one may see', async () => {
    await setUp();
    const other = await makeImage(context, caller, [randomBytes(10)], 'south');
    await setTag(context, caller, other.id, { key: 'made', value: 'by another' });
    await setTag(context, caller, other.id, { key: 'a', value: '' });
    expect(await listTags(context, caller)).toEqual([
      { key: 'a', values: [{ value: '', images: 1 }] },
      {
        key: 'made',
        values: [
          { value: 'by a test', images: 1 },
          { value: 'by another', images: 1 },
        ],
      },
    ]);
    const north = [{ key: 'made', values: [{ value: 'by a test', images: 1 }] }];
    expect(await listTags(context, { ...caller, role: 'viewer' }, { region: 'north' })).toEqual(north);
    expect(await listTags(context, { ...caller, projects: [image.projectId] })).toEqual(north);
    expect(await listTags(context, caller, { region: 'west' })).toEqual([]);
  });
});
