import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createInstallation,
  finishCopy,
  type Installation,
  makeImage,
  never,
} from '../../test/support/installation.ts';
import { insertAgency } from '../db/tenants/agencies.ts';
import type { CopyPolicy, CopyRule } from '../domain/copy-policy.ts';
import { newUuid } from '../domain/ids.ts';
import { RefusalError } from '../domain/refusal.ts';
import { nativeCopyPolicy } from '../protocols/native/copy-policy.ts';
import { cancelCopy } from './cancel-copy.ts';
import type { AppContext, Caller } from './context.ts';
import { type CopyImagesCommand, copyImages } from './copy-images.ts';
import { createImage } from './create-image.ts';
import { planCopies } from './plan-copies.ts';
import { setQuotas } from './quotas.ts';
import { shareImage } from './share-image.ts';
import { answerShare } from './shares.ts';
import { updateImage } from './update-image.ts';

const KiB = 1024;
const signals = { signal: never, counting: never };
let installation: Installation;
let context: AppContext;
let caller: Caller;
beforeAll(async () => {
  installation = await createInstallation({ groupCap: 2 });
  context = installation.context;
  caller = await installation.newCaller();
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

function plan(changes: Pick<CopyImagesCommand, 'images'> & Partial<CopyImagesCommand>, by = caller) {
  return planCopies(context, by, { policy: nativeCopyPolicy, regions: ['south'], ...changes }, signals);
}

/** What a copy to the south moves. */
async function moved(image: string): Promise<number> {
  const { copies } = await copyImages(context, caller, {
    policy: nativeCopyPolicy,
    images: [image],
    regions: ['south'],
  });
  const copy = await finishCopy(installation, caller, copies[0]?.id as string);
  expect(copy.state).toBe('succeeded');
  return copy.progress.bytesMoved;
}

async function toMove(image: string): Promise<number | null | undefined> {
  return (await plan({ images: [image] })).items[0]?.bytesToMove;
}

describe('the bytes of a plan', () => {
  it('are those that the copy then moves, of what the destination lacks by now', async () => {
    const base = randomBytes(1500 * KiB);
    base.fill(0, 200 * KiB, 500 * KiB);
    base.copy(base, 900 * KiB, 600 * KiB, 800 * KiB);
    const first = await makeImage(context, caller, [base, randomBytes(50_000)]);
    const expected = (await toMove(first.id)) as number;
    expect(expected).toBeGreaterThan(900 * KiB);
    expect(expected).toBeLessThan(1400 * KiB);
    expect(await moved(first.id)).toBe(expected);
    expect(await toMove(first.id)).toBe(0);
    expect(await moved(first.id)).toBe(0);

    const changed = Buffer.from(base);
    for (const place of [40, 600, 850, 1300]) randomBytes(3000).copy(changed, place * KiB);
    const second = await makeImage(context, caller, [changed]);
    const difference = (await toMove(second.id)) as number;
    expect(difference).toBeGreaterThan(4 * 3000);
    expect(difference).toBeLessThan(expected / 2);
    expect(await moved(second.id)).toBe(difference);
  });

  it('are not told where counting takes too long, all else is', async () => {
    const image = await makeImage(context, caller, [randomBytes(5000)]);
    const command = { policy: nativeCopyPolicy, images: [image.id], regions: ['south', 'north'] };
    const counting = AbortSignal.abort();
    const planned = await planCopies(context, caller, command, { signal: never, counting });
    expect(planned).toMatchObject({
      allowed: true,
      items: [
        { region: 'south', bytesTotal: 5000, bytesToMove: null },
        { region: 'north', bytesToMove: 0 },
      ],
    });
    const calledOff = planCopies(context, caller, command, { signal: counting, counting });
    await expect(calledOff).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('leave out what is fetched only because it lies between two chunks', async () => {
    const whole = randomBytes(400_000);
    const image = await makeImage(context, caller, [whole]);
    const middle = await makeImage(context, caller, [whole.subarray(150_000, 250_000)]);
    await moved(middle.id);
    const expected = (await toMove(image.id)) as number;
    expect(expected).toBeLessThan(399_000);
    expect(await moved(image.id)).toBe(expected);
  });

  it('are none in the region, and each item has its own', async () => {
    const image = await makeImage(context, caller, [randomBytes(100_000)]);
    const { allowed, items } = await plan({ images: [image.id], regions: ['north', 'south'] });
    expect(allowed).toBe(true);
    expect(items).toMatchObject([
      { image: image.id, region: 'north', allowed: true, bytesTotal: 100_000, bytesToMove: 0 },
      { image: image.id, region: 'south', allowed: true, bytesTotal: 100_000 },
    ]);
    expect(items[1]?.bytesToMove).toBeGreaterThan(100_000);
  });

  it('cannot be told while the store does not answer, which forbids nothing', async () => {
    const image = await makeImage(context, caller, [randomBytes(100_000)]);
    installation.fail('north', { get: () => ({ throws: 'denied' }) });
    expect((await plan({ images: [image.id] })).items).toMatchObject([{ allowed: true, bytesToMove: null }]);
    installation.fail('north');
  });
});

describe('planCopies', () => {
  it('gives every verdict, and makes nothing', async () => {
    const { result: empty } = await createImage(context, caller, {
      region: 'north',
      name: 'empty',
      description: '',
      kind: 'iso',
      rootDevice: 'cloud-disk',
      tags: {},
      disks: [{ role: 'system', format: null, size: 10 }],
    });
    const tables = ['images', 'copies', 'events', 'idempotency_tokens'] as const;
    const count = async () =>
      Promise.all(tables.map(async (table) => (await context.db.selectFrom(table).selectAll().execute()).length));
    const before = await count();
    await setQuotas(context, installation.operator, caller.accountId, 'south', { bytes: 5 });
    const { allowed, items } = await plan({ images: [empty.id], agency: 'unknown' });
    expect(allowed).toBe(false);
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ image: empty.id, allowed: false, bytesTotal: 10, bytesToMove: null });
    expect(items[0]?.verdicts.map(({ rule, refusal }) => [rule, refusal?.code])).toEqual([
      ['right', undefined],
      ['source-state', 'image.not-readable'],
      ['agency', 'agency.not-permitted'],
      ['key', undefined],
      ['quota', 'quota.bytes'],
    ]);
    await setQuotas(context, installation.operator, caller.accountId, 'south', { bytes: null });
    // The administrator's two deeds are all that was written down.
    expect(await count()).toEqual([before[0], before[1], (before[2] as number) + 2, before[3]]);
  });

  it('counts what the same request takes before', async () => {
    const images = [
      await makeImage(context, caller, [randomBytes(10)]),
      await makeImage(context, caller, [randomBytes(10)]),
    ];
    const other = await installation.newCaller();
    for (const image of images) await updateImage(context, caller, image.id, { visibility: 'public' });
    await setQuotas(context, installation.operator, other.accountId, 'south', { images: 1 });
    const { allowed, items } = await plan({ images: images.map(({ id }) => id) }, other);
    expect([allowed, ...items.map((item) => item.allowed)]).toEqual([false, true, false]);
  });

  it("treats another account's private image as one that does not exist", async () => {
    const image = await makeImage(context, caller, [randomBytes(10)]);
    const stranger = await installation.newCaller();
    for (const id of [image.aliyunId, 'm-00000000000000000000']) {
      await expect(plan({ images: [id] }, stranger)).rejects.toMatchObject({
        code: 'image.not-found',
        facts: { image: id },
      });
    }
  });

  it('refuses a viewer', async () => {
    await expect(plan({ images: ['x'] }, { ...caller, role: 'viewer' })).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe('a plan allows exactly what is then accepted', () => {
  const rules: readonly CopyRule[] = [
    { rule: 'right' },
    { rule: 'source-owner', allow: ['own', 'shared'] },
    { rule: 'source-state' },
    { rule: 'agency' },
    { rule: 'region', allow: 'other' },
    { rule: 'kind', allow: ['system-disk'] },
    { rule: 'root-device', allow: ['cloud-disk'] },
    { rule: 'size', most: 1000 },
    { rule: 'unique-name' },
    { rule: 'quota' },
    { rule: 'no-waiting' },
  ];
  const pool: string[] = [];
  beforeAll(async () => {
    const owner = await installation.newCaller();
    const own = await makeImage(context, caller, [randomBytes(500)]);
    const deprecated = await makeImage(context, caller, [randomBytes(1001)]);
    await updateImage(context, caller, deprecated.id, { deprecated: true, name: 'deprecated' });
    const { result: empty } = await createImage(context, caller, {
      region: 'south',
      name: 'empty',
      description: '',
      kind: 'iso',
      rootDevice: 'local-disk',
      tags: {},
      disks: [{ role: 'system', format: null, size: 10 }],
    });
    const [shared, pending, open, hidden] = await Promise.all(
      Array.from({ length: 4 }, () => makeImage(context, owner, [randomBytes(200)])),
    );
    for (const image of [shared, pending]) await shareImage(context, owner, image?.id as string, caller.accountId);
    await answerShare(context, caller, shared?.id as string, 'accepted');
    await updateImage(context, owner, open?.id as string, { visibility: 'public', name: 'open' });
    pool.push(...[own, deprecated, empty, shared, pending, open, hidden].map((image) => image?.id as string));
    const id = newUuid(context.random);
    const grants = [{ projectId: null, role: 'operator' as const }];
    await context.db.transaction().execute((trx) =>
      insertAgency(trx, {
        id,
        accountId: caller.accountId,
        name: 'copier',
        description: '',
        trustedAccountId: null,
        grants,
        createdAt: 0,
        expiresAt: null,
      }),
    );
  });

  /** The first refusal, or undefined. */
  async function planned(command: CopyImagesCommand, by: Caller): Promise<string | undefined> {
    try {
      const { allowed, items } = await planCopies(context, by, command, signals);
      const [first] = items.flatMap(({ verdicts }) => verdicts.flatMap(({ refusal }) => refusal ?? []));
      expect(allowed).toBe(first === undefined);
      return first?.code;
    } catch (error) {
      if (error instanceof RefusalError) return error.code;
      throw error;
    }
  }

  async function accepted(command: CopyImagesCommand, by: Caller): Promise<string | undefined> {
    try {
      const { copies } = await copyImages(context, by, command);
      for (const { id } of copies) await cancelCopy(context, caller, id);
      return undefined;
    } catch (error) {
      if (error instanceof RefusalError) return error.code;
      throw error;
    }
  }

  it('and refuses for the same reason, whatever the policy, the images and the quotas', async () => {
    const seen = new Set<string | undefined>();
    const asked = fc.record({
      images: fc.subarray(pool, { minLength: 1, maxLength: 2 }),
      regions: fc.shuffledSubarray(['north', 'south'], { minLength: 1 }),
      rules: fc.shuffledSubarray([...rules]),
      name: fc.constantFrom(undefined, 'image', 'new'),
      agency: fc.constantFrom(undefined, 'copier', 'unknown'),
      role: fc.constantFrom('owner' as const, 'operator' as const, 'operator' as const, 'viewer' as const),
      limits: fc.record({
        images: fc.constantFrom(null, null, 1, 12),
        bytes: fc.constantFrom(null, null, 700, 3000),
        copies: fc.constantFrom(null, 0, 1),
      }),
    });
    await fc.assert(
      fc.asyncProperty(asked, async ({ rules: chosen, role, limits, ...command }) => {
        await setQuotas(context, installation.operator, caller.accountId, 'south', limits);
        const policy: CopyPolicy = { ...nativeCopyPolicy, mostCopies: 3, rules: [{ rule: 'right' }, ...chosen] };
        const by = { ...caller, role };
        const verdict = await planned({ ...command, policy }, by);
        expect(await accepted({ ...command, policy }, by)).toBe(verdict);
        seen.add(verdict);
      }),
      { numRuns: 60, seed: 3 },
    );
    expect(seen.size).toBeGreaterThan(8);
    expect(seen).toContain(undefined);
    await setQuotas(context, installation.operator, caller.accountId, 'south', {
      images: null,
      bytes: null,
      copies: null,
    });
  });
});
