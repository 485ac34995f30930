/** The most copies of an account between regions, of all regions together. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  createInstallation,
  finishCopy,
  type Installation,
  makeImage,
  never,
} from '../../test/support/installation.ts';
import { ensureRegions } from '../db/regions.ts';
import type { Copy } from '../domain/copy.ts';
import { nativeCopyPolicy } from '../protocols/native/copy-policy.ts';
import { cancelCopy } from './cancel-copy.ts';
import type { AppContext, Caller } from './context.ts';
import { copyImages } from './copy-images.ts';
import { planCopies } from './plan-copies.ts';

const destinations = ['south', 'east', 'west', 'middle'] as const;
const policy = {
  ...nativeCopyPolicy,
  rules: [...nativeCopyPolicy.rules, { rule: 'elsewhere-limit', most: 5 }],
} as const;
const tooMany = { code: 'copy.too-many-elsewhere', facts: { limit: 5, used: 5 } };

let installation: Installation;
let context: AppContext;
let caller: Caller;
let image: string;
beforeAll(async () => {
  installation = await createInstallation();
  const { db } = installation.context;
  context = { ...installation.context, regionNumbers: await ensureRegions(db, ['north', ...destinations]) };
});
beforeEach(async () => {
  caller = await installation.newCaller();
  image = (await makeImage(context, caller, [randomBytes(1000)])).id;
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

async function copyTo(...regions: string[]): Promise<readonly Copy[]> {
  return (await copyImages(context, caller, { policy, images: [image], regions })).copies;
}

it('lets exactly five of twenty through that come at once for four regions', async () => {
  const asked = await Promise.allSettled(
    Array.from({ length: 20 }, (_, number) => copyTo(destinations[number % 4] as string)),
  );
  expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  const reasons = asked.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  expect(reasons).toHaveLength(15);
  for (const reason of reasons) expect(reason).toMatchObject(tooMany);
});

it('has room again when one of them has ended, however it did', async () => {
  const [first, second] = (await copyTo(...destinations)) as [Copy, Copy];
  await copyTo('south');
  await expect(copyTo('south')).rejects.toMatchObject(tooMany);
  await cancelCopy(context, caller, second.id);
  await copyTo('east');
  await expect(copyTo('east')).rejects.toMatchObject(tooMany);
  expect(await finishCopy(installation, caller, first.id)).toMatchObject({ state: 'succeeded' });
  await copyTo('west');
});

it('counts what the same request makes before, and nothing of a request that is refused', async () => {
  await copyTo('south', 'east');
  await expect(copyTo(...destinations)).rejects.toMatchObject(tooMany);
  expect(await copyTo('south', 'east', 'west')).toHaveLength(3);
});

it('counts the copies of other policies, none inside a region, and no other account’s', async () => {
  const others = { policy: nativeCopyPolicy, images: [image] };
  await copyImages(context, caller, { ...others, regions: [...destinations, 'north'] });
  await copyTo('north', 'south');
  await expect(copyTo('south', 'north')).rejects.toMatchObject(tooMany);
  await copyTo('north');
  await copyImages(context, caller, { ...others, regions: ['south'] });
  caller = await installation.newCaller();
  image = (await makeImage(context, caller, [randomBytes(1000)])).id;
  await copyTo(...destinations);
});

it('is told of by a plan', async () => {
  await copyTo('south', 'east');
  const command = { policy, images: [image], regions: [...destinations] };
  const { allowed, items } = await planCopies(context, caller, command, {
    signal: never,
    counting: never,
  });
  expect(allowed).toBe(false);
  expect(items.map((item) => item.allowed)).toEqual([true, true, true, false]);
});
