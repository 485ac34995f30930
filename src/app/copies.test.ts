import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { copyImage, createInstallation, type Installation, makeImage } from '../../test/support/installation.ts';
import type { Image } from '../domain/image.ts';
import { runCopy } from '../jobs/copy-image.ts';
import { cancelCopy } from './cancel-copy.ts';
import type { Caller } from './context.ts';
import { createImage } from './create-image.ts';
import { deleteImage } from './delete-image.ts';
import { findCopy } from './find-copy.ts';
import { findImage } from './find-image.ts';
import { listCopies } from './list-copies.ts';

let installation: Installation;
let caller: Caller;
let image: Image;
beforeAll(async () => {
  installation = await createInstallation({ groupCap: 1 });
  caller = await installation.newCaller();
  image = await makeImage(installation.context, caller, [randomBytes(4096), randomBytes(5000)]);
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

function copy(changes: object = {}) {
  return copyImage(installation.context, caller, { image: image.id, region: 'south', ...changes });
}

async function finish(id: string): Promise<void> {
  const { job } = await installation.context.db
    .selectFrom('copies')
    .select('job')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  await runCopy(id, job as string, installation.copying, new AbortController());
}

describe('copyImage', () => {
  it('makes an image of its own, with names and snapshots of its own, and the rest from the source', async () => {
    const accepted = await copy({ image: image.jdcloudId });
    expect(accepted).toMatchObject({
      sourceImageId: image.id,
      sourceRegion: 'north',
      destinationRegion: 'south',
      state: 'queued',
      progress: { bytesTotal: 9096, bytesDone: 0, bytesMoved: 0, bytesPerSecond: 0 },
      attempts: 0,
      failure: null,
      finishedAt: null,
    });
    const made = await findImage(installation.context, caller, accepted.destinationImageId);
    expect(made).toMatchObject({
      region: 'south',
      name: image.name,
      description: image.description,
      kind: image.kind,
      tags: image.tags,
      state: 'queued',
      sourceImageId: image.id,
      disks: image.disks.map(({ role, format, size }) => ({ role, format, size, digest: null, dataBytes: null })),
    });
    const names = [image, made].flatMap((each) => [
      each.id,
      each.aliyunId,
      each.jdcloudId,
      ...each.disks.map((disk) => disk.snapshot.id),
    ]);
    expect(new Set(names).size).toBe(10);
    await cancelCopy(installation.context, caller, accepted.id);
  });

  it('takes name, description and tags that it is given', async () => {
    const given = { name: 'another', description: '', tags: {} };
    const accepted = await copy(given);
    expect(await findImage(installation.context, caller, accepted.destinationImageId)).toMatchObject(given);
    await cancelCopy(installation.context, caller, accepted.id);
  });

  it.each([
    ['an unknown region', { region: 'west' }, { code: 'region.not-found', facts: { region: 'west' } }],
    ['an unknown image', { image: 'm-unknown' }, { code: 'image.not-found', facts: { image: 'm-unknown' } }],
    ['a name that breaks the rules', { name: ' ' }, { code: 'request.invalid', facts: { field: 'name' } }],
    [
      'a description that does',
      { description: 'x'.repeat(1025) },
      { code: 'request.invalid', facts: { field: 'description' } },
    ],
    ['a tag that does', { tags: { a: 'x'.repeat(256) } }, { code: 'request.invalid', facts: { field: 'tags' } }],
  ])('refuses %s, and accepts nothing', async (_, changes, refusal) => {
    const before = await listCopies(installation.context, caller, { descending: true, limit: 1000 });
    await expect(copy(changes)).rejects.toMatchObject(refusal);
    expect(await listCopies(installation.context, caller, { descending: true, limit: 1000 })).toEqual(before);
  });

  it("refuses what has no bytes yet, and another account's image", async () => {
    const { result: empty } = await createImage(installation.context, caller, {
      ...image,
      disks: [{ role: 'system', format: null, size: 1 }],
    });
    await expect(copy({ image: empty.id })).rejects.toMatchObject({
      code: 'image.not-readable',
      facts: { image: empty.id, state: 'queued' },
    });
    const stranger = await installation.newCaller();
    await expect(copyImage(installation.context, stranger, { image: image.id, region: 'south' })).rejects.toMatchObject(
      {
        code: 'image.not-found',
      },
    );
  });
});

describe('cancelCopy', () => {
  it('takes the half-made image away and lets the next copy start', async () => {
    const [first, second] = [await copy(), await copy()];
    expect([first.queuePosition, second.queuePosition]).toEqual([1, 2]);
    expect(await cancelCopy(installation.context, caller, first.id)).toMatchObject({
      state: 'cancelled',
      queuePosition: null,
    });
    await expect(findImage(installation.context, caller, first.destinationImageId)).rejects.toMatchObject({
      code: 'image.not-found',
    });
    expect(await findCopy(installation.context, caller, second.id)).toMatchObject({ queuePosition: 1 });
    await finish(second.id);
    expect(await findCopy(installation.context, caller, second.id)).toMatchObject({ state: 'succeeded' });
  });

  it('refuses a copy that has ended, however', async () => {
    const ended = await copy();
    await finish(ended.id);
    const cancelled = await copy();
    await cancelCopy(installation.context, caller, cancelled.id);
    for (const [id, state] of [
      [ended.id, 'succeeded'],
      [cancelled.id, 'cancelled'],
    ] as const) {
      await expect(cancelCopy(installation.context, caller, id)).rejects.toMatchObject({
        code: 'copy.finished',
        facts: { copy: id, state },
      });
    }
    expect(await findImage(installation.context, caller, ended.destinationImageId)).toMatchObject({
      state: 'available',
    });
  });

  it('of several at the same moment, and the end of the copy itself: one wins', async () => {
    for (let round = 0; round < 10; round++) {
      const accepted = await copy();
      const cancel = () => cancelCopy(installation.context, caller, accepted.id);
      const outcomes = await Promise.allSettled([cancel(), finish(accepted.id), cancel()]);
      const { state } = await findCopy(installation.context, caller, accepted.id);
      expect(['cancelled', 'succeeded']).toContain(state);
      const refused = [outcomes[0], outcomes[2]].filter(({ status }) => status === 'rejected');
      expect(refused).toHaveLength(state === 'cancelled' ? 1 : 2);
      await installation.expectSound();
    }
  });
});

describe('findCopy and listCopies', () => {
  it("know only the caller's copies", async () => {
    const accepted = await copy();
    const stranger = await installation.newCaller();
    for (const id of [randomUUID(), 'x', '', '\0']) {
      await expect(findCopy(installation.context, caller, id)).rejects.toMatchObject({
        code: 'copy.not-found',
        facts: { copy: id },
      });
      await expect(cancelCopy(installation.context, caller, id)).rejects.toMatchObject({ code: 'copy.not-found' });
    }
    await expect(findCopy(installation.context, stranger, accepted.id)).rejects.toMatchObject({
      code: 'copy.not-found',
    });
    await expect(cancelCopy(installation.context, stranger, accepted.id)).rejects.toMatchObject({
      code: 'copy.not-found',
    });
    const { copies } = await listCopies(installation.context, stranger, { descending: true, limit: 1000 });
    expect(copies).toEqual([]);
    await cancelCopy(installation.context, caller, accepted.id);
  });

  it('give the newest first, by state, by image from or to, and no more than asked for', async () => {
    const lister = await installation.newCaller();
    const source = await makeImage(installation.context, lister, [randomBytes(4096)]);
    const accepted = [];
    for (let number = 0; number < 3; number++) {
      installation.advance(1);
      accepted.push(await copyImage(installation.context, lister, { image: source.id, region: 'north' }));
    }
    const [first, second, third] = accepted.map(({ id }) => id);
    await finish(first as string);
    const list = async (query: object) =>
      (await listCopies(installation.context, lister, { descending: true, limit: 1000, ...query })).copies.map(
        ({ id }) => id,
      );
    expect(await list({})).toEqual([third, second, first]);
    expect(await list({ limit: 1 })).toEqual([third]);
    expect(await list({ states: ['succeeded'] })).toEqual([first]);
    expect(await list({ states: ['queued'] })).toEqual([third, second]);
    expect(await list({ image: source.aliyunId })).toEqual([third, second, first]);
    expect(await list({ image: accepted[0]?.destinationImageId })).toEqual([first]);
    expect(await list({ image: image.id })).toEqual([]);
    await expect(list({ image: image.aliyunId })).rejects.toMatchObject({ code: 'image.not-found' });
  });

  it('give pages that make up the whole, of one request or of all', async () => {
    const lister = await installation.newCaller();
    const source = await makeImage(installation.context, lister, [randomBytes(10)]);
    const { db } = installation.context;
    for (let number = 0; number < 7; number++) {
      await copyImage(installation.context, lister, { image: source.id, region: 'south' });
    }
    await db.updateTable('copies').set({ created_at: 1 }).where('account', '=', lister.accountId).execute();
    for (const descending of [true, false]) {
      const list = (query: object) =>
        listCopies(installation.context, lister, { descending, limit: 100, region: 'south', ...query });
      const whole = (await list({})).copies.map(({ id }) => id);
      const first = await list({ limit: 3 });
      const second = await list({ limit: 4, after: first.next });
      expect([...first.copies, ...second.copies].map(({ id }) => id)).toEqual(whole);
      expect(second.next).toBeNull();
      const [one] = first.copies;
      expect((await list({ request: one?.request })).copies).toEqual([one]);
      expect(await list({ request: 'no uuid' })).toEqual({ copies: [], next: null });
      expect((await list({ states: [] })).copies).toEqual([]);
    }
  });

  it('still tell of a copy whose images are gone', async () => {
    const lister = await installation.newCaller();
    const source = await makeImage(installation.context, lister, [randomBytes(4096)]);
    const accepted = await copyImage(installation.context, lister, { image: source.id, region: 'north' });
    await finish(accepted.id);
    for (const id of [source.id, accepted.destinationImageId]) await deleteImage(installation.context, lister, id);
    expect(await findCopy(installation.context, lister, accepted.id)).toMatchObject({
      state: 'succeeded',
      sourceImageId: source.id,
    });
  });
});
