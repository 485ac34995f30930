import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { copyImage, createInstallation, type Installation, makeImage } from '../../test/support/installation.ts';
import type { Image } from '../domain/image.ts';
import { cancelCopy } from './cancel-copy.ts';
import { changeTags } from './change-tags.ts';
import type { AppContext, Caller } from './context.ts';
import { findImage } from './find-image.ts';
import { findSnapshot } from './find-snapshot.ts';
import { listEvents } from './list-events.ts';
import { type ListResourceTagsQuery, listResourceTags } from './list-resource-tags.ts';

let installation: Installation;
let context: AppContext;
let caller: Caller;
/** Tagged `made: by a test`. */
let images: readonly [Image, Image];
beforeAll(async () => {
  installation = await createInstallation();
  context = installation.context;
});
beforeEach(async () => {
  caller = await installation.newCaller();
  const make = () => makeImage(context, caller, [randomBytes(100)]);
  images = [await make(), await make()];
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

const tagsOf = async ({ id }: Image) => (await findImage(context, caller, id)).tags;
const made = { made: 'by a test' };

describe('changeTags', () => {
  it('sets and takes away, for several images at once, by any of their ids', async () => {
    const [one, other] = images;
    const ids = [one.aliyunId, other.id];
    await changeTags(context, caller, { type: 'image', ids, region: 'north', set: { a: '1', b: '2' } });
    expect(await tagsOf(one)).toEqual({ ...made, a: '1', b: '2' });
    expect(await tagsOf(other)).toEqual({ ...made, a: '1', b: '2' });
    await changeTags(context, caller, { type: 'image', ids: [one.id], set: { a: '3' }, remove: ['b', 'none'] });
    expect(await tagsOf(one)).toEqual({ ...made, a: '3' });
    await changeTags(context, caller, { type: 'image', ids: [one.id], remove: 'all' });
    expect(await tagsOf(one)).toEqual({});
    expect((await findImage(context, caller, one.id)).revision).toBe(one.revision + 3);
    const { events } = await listEvents(context, caller, { type: 'image.update', limit: 1 });
    expect(events).toMatchObject([{ resource: { type: 'image', id: one.id }, details: { changed: ['tags'] } }]);
  });

  it('does so for snapshots', async () => {
    const [{ disks }] = images;
    const { id, aliyunId } = disks[0]?.snapshot ?? { id: '', aliyunId: '' };
    await changeTags(context, caller, { type: 'snapshot', ids: [aliyunId], set: { a: '1' } });
    expect((await findSnapshot(context, caller, id)).tags).toEqual({ a: '1' });
    await changeTags(context, caller, { type: 'snapshot', ids: [id], remove: 'all' });
    expect((await findSnapshot(context, caller, id)).tags).toEqual({});
  });

  it('is not kept from it by a copy, which wants no tags any more', async () => {
    const copy = await copyImage(context, caller, { image: images[0].id, region: 'south' });
    const ids = [images[0].id, copy.destinationImageId];
    await changeTags(context, caller, { type: 'image', ids, set: { a: '1' } });
    expect((await findImage(context, caller, copy.destinationImageId)).tags).toEqual({ ...made, a: '1' });
    await cancelCopy(context, caller, copy.id);
  });

  it('changes all or none', async () => {
    const [one, other] = images;
    const full = Object.fromEntries(Array.from({ length: 19 }, (_, index) => [`tag ${index}`, '']));
    await changeTags(context, caller, { type: 'image', ids: [other.id], set: full });
    const ids = [one.id, other.id];
    const refused: [Partial<Parameters<typeof changeTags>[2]>, object][] = [
      [{ set: { a: '1' } }, { code: 'tag.limit', facts: { resource: other.id, limit: 20 } }],
      [{ ids: [one.id, randomUUID()] }, { code: 'image.not-found' }],
      [{ region: 'south' }, { code: 'image.not-found' }],
      [{ type: 'snapshot' }, { code: 'snapshot.not-found' }],
      [{ ids: [] }, { code: 'request.invalid', facts: { field: 'ids' } }],
      [{ ids: Array.from({ length: 101 }, () => one.id) }, { code: 'request.invalid', facts: { field: 'ids' } }],
      [{ set: { '': '1' } }, { code: 'request.invalid', facts: { field: 'tags' } }],
      [{ dryRun: true }, { code: 'request.dry-run-passed' }],
    ];
    for (const [changes, refusal] of refused) {
      const change = changeTags(context, caller, { type: 'image', ids, set: { 'tag 0': 'x' }, ...changes });
      await expect(change, JSON.stringify(changes)).rejects.toMatchObject(refusal);
    }
    const stranger = await installation.newCaller();
    const others = changeTags(context, stranger, { type: 'image', ids: [one.id], set: { a: '1' } });
    await expect(others).rejects.toMatchObject({ code: 'image.not-found' });
    const viewer = changeTags(context, { ...caller, role: 'viewer' }, { type: 'image', ids, set: { a: '1' } });
    await expect(viewer).rejects.toMatchObject({ code: 'forbidden', facts: { action: 'image.update' } });
    expect(await tagsOf(one)).toEqual(made);
  });
});

describe('listResourceTags', () => {
  it('has a row for each tag, by thing and key, in pages', async () => {
    const [one, other] = [...images].sort((first, second) => (first.id < second.id ? -1 : 1)) as [Image, Image];
    await changeTags(context, caller, { type: 'image', ids: [other.id], set: { a: '1', z: '2' } });
    const row = ({ id, aliyunId }: Image, key: string, value: string) => ({
      resourceId: id,
      resourceAliyunId: aliyunId,
      type: 'image',
      key,
      value,
    });
    const all = [
      row(one, 'made', 'by a test'),
      row(other, 'a', '1'),
      row(other, 'made', 'by a test'),
      row(other, 'z', '2'),
    ];
    const listed = async (query: Partial<ListResourceTagsQuery>, by = caller) =>
      await listResourceTags(context, by, { type: 'image', limit: 10, ...query });
    expect(await listed({ region: 'north' })).toEqual({ tags: all, next: null });
    const { tags, next } = await listed({ limit: 2 });
    expect(tags).toEqual(all.slice(0, 2));
    expect(await listed({ limit: 2, after: next ?? undefined })).toEqual({ tags: all.slice(2), next: null });
    expect((await listed({ ids: [one.aliyunId] })).tags).toEqual(all.slice(0, 1));
    expect(
      (
        await listed({
          tags: [
            { key: 'a', value: '1' },
            { key: 'z', value: null },
          ],
        })
      ).tags,
    ).toEqual(all.slice(1));
    for (const query of [
      { region: 'south' },
      { ids: [] },
      { tags: [{ key: 'a', value: '2' }] },
      { type: 'snapshot' },
    ]) {
      expect((await listed(query as Partial<ListResourceTagsQuery>)).tags).toEqual([]);
    }
    expect((await listed({}, await installation.newCaller())).tags).toEqual([]);
    expect((await listed({}, { ...caller, projects: [] })).tags).toEqual([]);
    const snapshot = one.disks[0]?.snapshot ?? { id: '', aliyunId: '' };
    await changeTags(context, caller, { type: 'snapshot', ids: [snapshot.id], set: { b: '3' } });
    expect((await listed({ type: 'snapshot' })).tags).toEqual([
      { resourceId: snapshot.id, resourceAliyunId: snapshot.aliyunId, type: 'snapshot', key: 'b', value: '3' },
    ]);
  });
});
