import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, finishCopy, type Installation, makeImage } from '../../test/support/installation.ts';
import { insertAgency } from '../db/tenants/agencies.ts';
import { insertProject } from '../db/tenants/projects.ts';
import { insertResourceGroup } from '../db/tenants/resource-groups.ts';
import { newResourceGroupId } from '../domain/ids.ts';
import type { Image } from '../domain/image.ts';
import { nativeCopyPolicy } from '../protocols/native/copy-policy.ts';
import { cancelCopy } from './cancel-copy.ts';
import type { AppContext, Caller } from './context.ts';
import { type CopyImagesCommand, type CopyOptions, copyImages } from './copy-images.ts';
import { deleteImage } from './delete-image.ts';
import { findImage } from './find-image.ts';
import { listCopies } from './list-copies.ts';
import { setQuotas } from './quotas.ts';

let installation: Installation;
let context: AppContext;
let caller: Caller;
let images: readonly Image[];
beforeAll(async () => {
  installation = await createInstallation({ groupCap: 2 });
  context = installation.context;
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

async function setUp(count = 1): Promise<void> {
  caller = await installation.newCaller();
  images = await Promise.all(Array.from({ length: count }, () => makeImage(context, caller, [randomBytes(1000)])));
}

function ask(changes: Partial<CopyImagesCommand> = {}, options: CopyOptions = {}, by = caller) {
  const command = { policy: nativeCopyPolicy, images: images.map(({ id }) => id), regions: ['south'], ...changes };
  return copyImages(context, by, command, options);
}

async function copiesOf(by = caller) {
  return (await listCopies(context, by, { descending: false, limit: 1000 })).copies;
}

describe('copyImages', () => {
  it('copies each image to each region, in the order that was asked for, and queues them in it', async () => {
    await setUp(3);
    const order = images
      .map(({ id }) => id)
      .toSorted()
      .toReversed();
    const { request, copies, replayed } = await ask({ images: order, regions: ['south', 'north'] });
    expect(replayed).toBe(false);
    const expected = order.flatMap((image) => ['south', 'north'].map((region) => [image, region]));
    expect(copies.map(({ sourceImageId, destinationRegion }) => [sourceImageId, destinationRegion])).toEqual(expected);
    expect(new Set(copies.map((copy) => copy.request))).toEqual(new Set([request]));
    expect(copies.map(({ queuePosition }) => queuePosition)).toEqual([1, 1, 2, 2, 3, 3]);
    const rows = await context.db.selectFrom('copies').select(['id', 'job']).where('request', '=', request).execute();
    expect(new Set(rows.filter(({ job }) => job !== null).map(({ id }) => id))).toEqual(
      new Set(copies.slice(0, 4).map(({ id }) => id)),
    );
  });

  it('accepts nothing when the last of them does not fit', async () => {
    await setUp(3);
    await setQuotas(context, installation.operator, caller.accountId, 'south', { images: 2 });
    await expect(ask()).rejects.toMatchObject({ code: 'quota.images', facts: { used: 2, limit: 2, wanted: 1 } });
    expect(await copiesOf()).toEqual([]);
    expect((await ask({ images: images.slice(1).map(({ id }) => id) })).copies).toHaveLength(2);
  });

  it('meets itself: a name that one image takes is taken for the next', async () => {
    await setUp(2);
    const policy = { ...nativeCopyPolicy, rules: [{ rule: 'right' }, { rule: 'unique-name' }] as const };
    await expect(ask({ policy })).rejects.toMatchObject({
      code: 'image.name-taken',
      facts: { region: 'south', name: 'image' },
    });
    const [first] = images;
    expect((await ask({ policy, images: [first?.id as string], name: 'another' })).copies).toHaveLength(1);
    await expect(ask({ policy, images: [first?.id as string], name: 'another' })).rejects.toMatchObject({
      code: 'image.name-taken',
    });
  });

  it('puts the new image where it was told to', async () => {
    await setUp();
    const { db, clock, random } = context;
    const project = {
      id: randomUUID(),
      accountId: caller.accountId,
      region: 'south',
      name: 'lab',
      description: '',
      isDefault: false,
      createdAt: 0,
    };
    const group = {
      id: randomUUID(),
      aliyunId: newResourceGroupId(random),
      accountId: caller.accountId,
      name: 'team',
      description: '',
      createdAt: 0,
      disabledAt: null,
    };
    const grants = [{ projectId: project.id, role: 'operator' }] as const;
    const agency = {
      id: randomUUID(),
      accountId: caller.accountId,
      name: 'copier',
      description: '',
      trustedAccountId: null,
      grants,
      createdAt: 0,
      expiresAt: clock.now() + 60_000,
    };
    await db.transaction().execute(async (trx) => {
      await insertProject(trx, project);
      await insertResourceGroup(trx, group);
      await insertAgency(trx, agency);
    });
    await expect(ask({ agency: 'copier' })).rejects.toMatchObject({
      code: 'agency.not-permitted',
      facts: { agency: 'copier', region: 'south' },
    });
    await expect(ask({ project: 'lab', regions: ['north'] })).rejects.toMatchObject({ code: 'project.not-found' });
    const { copies } = await ask({ project: 'lab', resourceGroup: 'team', agency: 'copier' });
    expect(await findImage(context, caller, copies[0]?.destinationImageId as string)).toMatchObject({
      projectId: project.id,
      resourceGroupId: group.id,
    });
    expect(copies[0]).toMatchObject({ agency: 'copier', requestedBy: caller.userId, policy: 'native' });

    const restricted: Caller = { ...caller, agency: 'helpers', projects: [project.id] };
    expect((await copiesOf(restricted)).map(({ id }) => id)).toEqual(copies.map(({ id }) => id));
    const elsewhere = await ask();
    expect(await copiesOf(restricted)).toHaveLength(1);
    const hidden = elsewhere.copies[0]?.id as string;
    await expect(cancelCopy(context, restricted, hidden)).rejects.toMatchObject({ code: 'copy.not-found' });
    await expect(ask({}, {}, restricted)).rejects.toMatchObject({ code: 'image.not-found' });
    const { id } = copies[0] ?? { id: '' };
    expect(await cancelCopy(context, restricted, id)).toMatchObject({ id, state: 'cancelled' });
  });

  it('refuses a viewer and writes it down, like what was done', async () => {
    await setUp();
    await expect(ask({}, {}, { ...caller, role: 'viewer' })).rejects.toMatchObject({ code: 'forbidden' });
    const { copies } = await ask({ images: [images[0]?.aliyunId as string] });
    const events = await context.db
      .selectFrom('events')
      .selectAll()
      .where('account', '=', caller.accountId)
      .where('type', '=', 'copy.create')
      .orderBy('id')
      .execute();
    expect(events).toMatchObject([
      { outcome: 'forbidden', resource_id: images[0]?.id, actor_user: caller.userId },
      {
        outcome: 'succeeded',
        resource_id: images[0]?.id,
        details: { regions: ['south'], copies: copies.map(({ id }) => id) },
      },
    ]);
  });

  it('keeps the source from being deleted in the same moment, or is refused', async () => {
    await setUp();
    const [source] = images;
    const [copied, deleted] = await Promise.allSettled([ask(), deleteImage(context, caller, source?.id as string)]);
    expect([copied.status, deleted.status].sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('waits for others that ask for the same in another order, and deadlocks with none', async () => {
    await setUp(3);
    const order = images.map(({ id }) => id);
    const asked = Array.from({ length: 16 }, (_, number) =>
      ask({
        images: number % 2 ? order : order.toReversed(),
        regions: number % 3 ? ['north', 'south'] : ['south', 'north'],
      }),
    );
    expect((await Promise.all(asked)).flatMap(({ copies }) => copies)).toHaveLength(16 * 6);
    const { rows } = await sql<{
      deadlocks: number;
    }>`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`.execute(context.db);
    expect(rows).toEqual([{ deadlocks: 0 }]);
  });
});

describe('a request that cannot be accepted', () => {
  beforeAll(() => setUp(2));

  it.each<[string, () => Partial<CopyImagesCommand>, object]>([
    [
      'an image that does not exist',
      () => ({ images: [images[0]?.id as string, 'm-unknown'] }),
      { code: 'image.not-found', facts: { image: 'm-unknown' } },
    ],
    [
      'an unknown region',
      () => ({ regions: ['south', 'west'] }),
      { code: 'region.not-found', facts: { region: 'west' } },
    ],
    ['a name for several images', () => ({ name: 'same' }), { code: 'request.invalid', facts: { field: 'name' } }],
    [
      'an image twice',
      () => ({ images: [images[0]?.id as string, images[0]?.id as string] }),
      { code: 'request.invalid' },
    ],
    [
      'an image twice by two names',
      () => ({ images: [images[0]?.id as string, images[0]?.aliyunId as string] }),
      { code: 'request.invalid' },
    ],
    ['a region twice', () => ({ regions: ['south', 'south'] }), { code: 'request.invalid' }],
    ['no image', () => ({ images: [] }), { code: 'request.invalid' }],
    ['no region', () => ({ regions: [] }), { code: 'request.invalid' }],
    [
      'more than the policy allows',
      () => ({ policy: { ...nativeCopyPolicy, mostCopies: 1 } }),
      { code: 'copy.too-many', facts: { limit: 1, wanted: 2 } },
    ],
    ['an unknown project', () => ({ project: 'unknown' }), { code: 'project.not-found' }],
    ['an unknown resource group', () => ({ resourceGroup: 'unknown' }), { code: 'resource-group.not-found' }],
    ['an unknown agency', () => ({ agency: 'unknown' }), { code: 'agency.not-permitted' }],
    [
      'half a surrogate pair in a description',
      () => ({ description: 'a\ud800' }),
      { code: 'request.invalid', facts: { field: 'description' } },
    ],
    ['U+0000 in a tag', () => ({ tags: { a: '\0' } }), { code: 'request.invalid', facts: { field: 'tags' } }],
  ])('refuses %s, and accepts nothing of the rest', async (_, changes, refusal) => {
    await expect(ask(changes())).rejects.toMatchObject(refusal);
    expect(await copiesOf()).toEqual([]);
  });
});

describe('a token', () => {
  it('gives the same copies for the same request, however they stand by then', async () => {
    await setUp(2);
    const token = randomUUID();
    const tags = { a: '1', b: '2' };
    const first = await ask({ tags }, { token });
    await finishCopy(installation, caller, first.copies[0]?.id as string);
    const again = await ask({ tags: { b: '2', a: '1' } }, { token });
    expect(again).toMatchObject({ request: first.request, replayed: true });
    expect(again.copies.map(({ id, state }) => [id, state])).toEqual([
      [first.copies[0]?.id, 'succeeded'],
      [first.copies[1]?.id, 'queued'],
    ]);
    expect(await copiesOf()).toHaveLength(2);
  });

  it('tells nobody of copies that he may not see', async () => {
    await setUp();
    const token = randomUUID();
    await ask({}, { token });
    const elsewhere: Caller = { ...caller, agency: 'helpers', projects: [randomUUID()] };
    await expect(ask({}, { token }, elsewhere)).rejects.toMatchObject({ code: 'copy.not-found' });
  });

  it.each<[string, Partial<CopyImagesCommand>]>([
    ['another region', { regions: ['north'] }],
    ['another name', { name: 'other' }],
    ['another policy', { policy: { ...nativeCopyPolicy, name: 'other' } }],
    ['another tag', { tags: { a: 'b' } }],
  ])('is refused for %s', async (_, changes) => {
    await setUp();
    const token = randomUUID();
    await ask({}, { token });
    await expect(ask(changes, { token })).rejects.toMatchObject({
      code: 'request.idempotency-mismatch',
      facts: { token },
    });
    expect(await copiesOf()).toHaveLength(1);
  });

  it('makes one set of copies when it comes ten times at once', async () => {
    await setUp(2);
    const token = randomUUID();
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask({}, { token })));
    expect(new Set(answers.map(({ request }) => request)).size).toBe(1);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await copiesOf()).toHaveLength(2);
  });

  it('is new once it has expired', async () => {
    await setUp();
    const token = randomUUID();
    const first = await ask({}, { token });
    installation.advance(context.idempotencyMs - 60_000);
    expect((await ask({}, { token })).replayed).toBe(true);
    installation.advance(60_000);
    const second = await ask({ name: 'other' }, { token });
    expect(second.replayed).toBe(false);
    expect(second.request).not.toBe(first.request);
  });

  it('is not used up by a request that was refused', async () => {
    await setUp();
    const token = randomUUID();
    await setQuotas(context, installation.operator, caller.accountId, 'south', { images: 0 });
    await expect(ask({}, { token })).rejects.toMatchObject({ code: 'quota.images' });
    await setQuotas(context, installation.operator, caller.accountId, 'south', { images: null });
    expect((await ask({ name: 'another request' }, { token })).replayed).toBe(false);
  });

  it("has nothing to do with another account's", async () => {
    await setUp();
    const token = randomUUID();
    const first = await ask({}, { token });
    await setUp();
    const second = await ask({}, { token });
    expect(second.replayed).toBe(false);
    expect(second.request).not.toBe(first.request);
  });
});
