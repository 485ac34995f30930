import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  copyImage,
  createInstallation,
  finishCopy,
  type Installation,
  makeImage,
} from '../../test/support/installation.ts';
import type { Copy } from '../domain/copy.ts';
import type { QuotaKind, Quotas } from '../domain/quota.ts';
import { isRefusal, RefusalError } from '../domain/refusal.ts';
import { nativeCopyPolicy } from '../protocols/native/copy-policy.ts';
import { cancelCopy } from './cancel-copy.ts';
import type { AppContext, Caller } from './context.ts';
import { copyImages } from './copy-images.ts';
import { createImage } from './create-image.ts';
import { deleteImage } from './delete-image.ts';
import { listCopies } from './list-copies.ts';
import { readAccountQuotas, readQuotas, setQuotas } from './quotas.ts';

let installation: Installation;
/** The use cases over two pools, as two servers of one installation are. */
let servers: readonly AppContext[];
let caller: Caller;
beforeAll(async () => {
  installation = await createInstallation({ groupCap: 2 });
  const { context, database } = installation;
  servers = [context, { ...context, db: database.open(8), server: randomUUID() }];
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

async function allow(limits: Partial<Record<QuotaKind, number | null>>, region = 'south'): Promise<void> {
  await setQuotas(installation.context, installation.operator, caller.accountId, region, limits);
}

async function quotasOf(region = 'south'): Promise<Quotas> {
  const [found] = await readQuotas(installation.context, caller, { region });
  return found?.quotas as Quotas;
}

async function newImage(...disks: Uint8Array[]) {
  caller = await installation.newCaller();
  return await makeImage(installation.context, caller, disks);
}

/** Fifty requests at the same moment; those that were accepted, and the refusals' codes. */
async function fifty<Result>(ask: (context: AppContext) => Promise<Result>) {
  const asked = Array.from({ length: 50 }, (_, number) => ask(servers[number % servers.length] as AppContext));
  const outcomes = await Promise.allSettled(asked);
  const accepted = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  return { accepted, codes: refused.map((error) => (error instanceof RefusalError ? error.code : error)) };
}

describe('fifty copies at once where ten fit', () => {
  it.each<[QuotaKind, number]>([
    ['images', 10],
    ['snapshots', 21],
    ['bytes', 10 * 5000 + 4999],
  ])('are ten, by the quota of %s', async (kind, limit) => {
    const image = await newImage(randomBytes(3000), randomBytes(2000));
    await allow({ [kind]: limit });
    const { accepted, codes } = await fifty((context) =>
      copyImage(context, caller, { image: image.id, region: 'south' }),
    );
    expect(accepted).toHaveLength(10);
    expect(codes).toEqual(Array(40).fill(`quota.${kind}`));
    const { images, snapshots, bytes, copies } = await quotasOf();
    const used = { images: images.used, snapshots: snapshots.used, bytes: bytes.used, copies: copies.used };
    expect(used).toEqual({ images: 10, snapshots: 20, bytes: 50_000, copies: 10 });
  });

  it('count together when one request asks for several', async () => {
    const image = await newImage(randomBytes(100));
    const other = await makeImage(installation.context, caller, [randomBytes(100)]);
    await allow({ images: 1 });
    const copyBoth = { images: [image.id, other.id], regions: ['south'], policy: nativeCopyPolicy };
    await expect(copyImages(installation.context, caller, copyBoth)).rejects.toMatchObject({
      code: 'quota.images',
      facts: { region: 'south', limit: 1, used: 1, wanted: 1 },
    });
    expect((await quotasOf()).images.used).toBe(0);
  });
});

describe('what a copy took is given back', () => {
  let copies: Copy[];
  async function fill(): Promise<void> {
    const image = await newImage(randomBytes(5000));
    await allow({ images: 2 });
    copies = [];
    for (let number = 0; number < 2; number++)
      copies.push(await copyImage(installation.context, caller, { image: image.id, region: 'south' }));
    expect((await quotasOf()).images).toEqual({ used: 2, limit: 2 });
  }
  const first = () => copies[0] as Copy;
  const half = { images: { used: 1 }, snapshots: { used: 1 }, bytes: { used: 5000 } };

  it('when it is cancelled', async () => {
    await fill();
    await cancelCopy(installation.context, caller, first().id);
    expect(await quotasOf()).toMatchObject(half);
  });

  it('when it fails, and not again when the failed image is deleted', async () => {
    await fill();
    const { db } = installation.context;
    await db.updateTable('users').set({ disabled_at: 1 }).where('account', '=', caller.accountId).execute();
    expect(await finishCopy(installation, caller, first().id)).toMatchObject({ state: 'failed' });
    expect(await quotasOf()).toMatchObject(half);
    await deleteImage(installation.context, caller, first().destinationImageId);
    expect(await quotasOf()).toMatchObject(half);
  });

  it('when it has succeeded only by deleting the image', async () => {
    await fill();
    expect(await finishCopy(installation, caller, first().id)).toMatchObject({ state: 'succeeded' });
    expect(await quotasOf()).toMatchObject({ images: { used: 2 }, bytes: { used: 10_000 } });
    await deleteImage(installation.context, caller, first().destinationImageId);
    expect(await quotasOf()).toMatchObject(half);
  });
});

describe('createImage', () => {
  const command = {
    region: 'south',
    name: 'new',
    description: '',
    kind: 'system-disk',
    rootDevice: 'cloud-disk',
    tags: {},
    disks: [
      { role: 'system', format: 'raw', size: 3000 },
      { role: 'data', format: 'raw', size: 2000 },
    ],
  } as const;

  it.each<[QuotaKind, number]>([
    ['images', 10],
    ['snapshots', 20],
    ['bytes', 50_000],
  ])('makes ten of fifty at once, by the quota of %s', async (kind, limit) => {
    caller = await installation.newCaller();
    await allow({ [kind]: limit });
    const { accepted, codes } = await fifty((context) => createImage(context, caller, command));
    expect(accepted).toHaveLength(10);
    expect(codes).toEqual(Array(40).fill(`quota.${kind}`));
    await deleteImage(installation.context, caller, accepted[0]?.result.id as string);
    expect(await quotasOf()).toMatchObject({ images: { used: 9 }, snapshots: { used: 18 }, bytes: { used: 45_000 } });
  });

  it('reserves the size, and settles for the data once it is there', async () => {
    const size = 1024 * 1024;
    const sparse = Buffer.alloc(size);
    randomBytes(10_000).copy(sparse, 300_000);
    const image = await newImage(sparse);
    const dataBytes = image.disks[0]?.dataBytes as number;
    expect(dataBytes).toBeLessThan(size / 4);
    expect((await quotasOf('north')).bytes.used).toBe(dataBytes);
    await createImage(installation.context, caller, { ...command, region: 'north' });
    expect((await quotasOf('north')).bytes.used).toBe(dataBytes + 5000);
    await copyImage(installation.context, caller, { image: image.id, region: 'south' });
    expect((await quotasOf()).bytes.used).toBe(dataBytes);
  });
});

describe('setQuotas', () => {
  it('leaves what is there beyond a lowered limit, refuses more, and goes back to the configured limit', async () => {
    const image = await newImage(randomBytes(100));
    const copy = () => copyImage(installation.context, caller, { image: image.id, region: 'south' });
    for (let number = 0; number < 3; number++) await copy();
    await allow({ images: 1 });
    await expect(copy()).rejects.toMatchObject({
      code: 'quota.images',
      facts: { region: 'south', limit: 1, used: 3, wanted: 1 },
    });
    expect((await quotasOf()).images).toEqual({ used: 3, limit: 1 });
    await allow({ images: null });
    expect(await copy()).toMatchObject({ state: 'queued' });
  });

  it('changes at once how many copies run, and never what runs already', async () => {
    const image = await newImage(randomBytes(100));
    await allow({ copies: 0 });
    const accepted = [];
    for (let number = 0; number < 6; number++)
      accepted.push(await copyImage(installation.context, caller, { image: image.id, region: 'south' }));
    const admitted = async () => {
      const { db } = installation.context;
      const rows = await db
        .selectFrom('copies')
        .select('id')
        .where('account', '=', caller.accountId)
        .where('job', 'is not', null)
        .orderBy('sequence')
        .execute();
      return rows.map(({ id }) => id);
    };
    const ids = accepted.map(({ id }) => id);
    expect(await admitted()).toEqual([]);
    await allow({ copies: 4 });
    expect(await admitted()).toEqual(ids.slice(0, 4));
    await allow({ copies: 1 });
    expect(await admitted()).toEqual(ids.slice(0, 4));
    await cancelCopy(installation.context, caller, ids[0] as string);
    expect(await admitted()).toEqual(ids.slice(1, 4));
    await allow({ copies: null });
    expect(await admitted()).toEqual(ids.slice(1, 4));
    // The check that every test ends with allows the configured two.
    await cancelCopy(installation.context, caller, ids[1] as string);
    expect((await quotasOf()).copies).toEqual({ used: 4, limit: 2 });
  });

  it.each([
    ['an owner of another account', () => caller, 'forbidden'],
    [
      'an operator of the account that runs the installation',
      () => ({ ...installation.operator, role: 'operator' as const }),
      'forbidden',
    ],
    ['whoever acts there by an agency', () => ({ ...installation.operator, agency: 'helpers' }), 'forbidden'],
  ])('refuses %s, and writes it down', async (_, who, code) => {
    caller = await installation.newCaller();
    await expect(
      setQuotas(installation.context, who(), caller.accountId, 'south', { images: 1 }),
    ).rejects.toMatchObject({ code });
    expect((await quotasOf()).images.limit).toBe(1e9);
    const { db } = installation.context;
    const event = await db
      .selectFrom('events')
      .selectAll()
      .where('account', '=', who().accountId)
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    expect(event).toMatchObject({ type: 'quota.manage', outcome: code, resource_id: caller.accountId });
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 60])('refuses %s as a limit', async (limit) => {
    caller = await installation.newCaller();
    await expect(allow({ bytes: limit })).rejects.toMatchObject({ code: 'request.invalid', facts: { field: 'bytes' } });
  });

  it('refuses an unknown account and an unknown region', async () => {
    const { context, operator } = installation;
    await expect(setQuotas(context, operator, 'nobody', 'south', {})).rejects.toMatchObject({
      code: 'account.not-found',
    });
    await expect(setQuotas(context, operator, 'self', 'west', {})).rejects.toMatchObject({ code: 'region.not-found' });
  });
});

describe('readAccountQuotas', () => {
  it("shows one's own by any name, and another's to administrators only", async () => {
    const { context, operator } = installation;
    caller = await installation.newCaller();
    await allow({ images: 7 });
    for (const name of ['self', caller.accountId, caller.accountName, String(caller.accountNumber)]) {
      const found = await readAccountQuotas(context, { ...caller, role: 'viewer' }, name);
      expect(found.map(({ region, quotas }) => [region, quotas.images.limit])).toEqual([
        ['north', 1e9],
        ['south', 7],
      ]);
    }
    expect((await readAccountQuotas(context, operator, caller.accountName))[1]?.quotas.images.limit).toBe(7);
    const other = await installation.newCaller();
    const refusal = await readAccountQuotas(context, other, caller.accountId).catch((error: unknown) => error);
    expect(isRefusal(refusal, 'forbidden')).toBe(true);
  });
});

it('counts waiting copies among those that are used', async () => {
  const image = await newImage(randomBytes(100));
  for (let number = 0; number < 3; number++)
    await copyImage(installation.context, caller, { image: image.id, region: 'south' });
  expect((await quotasOf()).copies).toEqual({ used: 3, limit: 2 });
  const { copies } = await listCopies(installation.context, caller, {
    states: ['queued'],
    descending: true,
    limit: 10,
  });
  expect(copies).toHaveLength(3);
});
