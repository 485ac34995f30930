import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createInstallation, type Installation, never } from '../../test/support/installation.ts';
import type { AppContext, Caller } from './context.ts';
import { findReceipt, keepReceipt } from './receipts.ts';
import { forgetExpired } from './tenants/forget-expired.ts';

let installation: Installation;
let context: AppContext;
let caller: Caller;
beforeAll(async () => {
  installation = await createInstallation();
  context = installation.context;
  caller = await installation.newCaller();
});
afterAll(() => installation.close());

const day = 24 * 3600 * 1000;
const done = { kind: 'share', result: { images: ['a', 'b'], failed: null } };

it("is the account's, to the letter, for seven days", async () => {
  const kept = await keepReceipt(context, caller, done);
  expect(kept).toMatchObject({ ...done, accountId: caller.accountId, expiresAt: kept.createdAt + 7 * day });
  expect(await findReceipt(context, caller, kept.id)).toEqual(kept);
  expect(await findReceipt(context, { ...caller, agency: 'helpers', projects: [] }, kept.id)).toEqual(kept);
  expect(await findReceipt(context, await installation.newCaller(), kept.id)).toBeUndefined();
  installation.advance(7 * day - 60_000);
  expect(await forgetExpired(context, never)).toMatchObject({ receipts: 0 });
  expect(await findReceipt(context, caller, kept.id)).toEqual(kept);
  installation.advance(60_000);
  expect(await findReceipt(context, caller, kept.id)).toBeUndefined();
  expect(await forgetExpired(context, never)).toMatchObject({ receipts: 1 });
});

it('is not there before the transaction that did it is, nor under what is no id', async () => {
  const gone = await context.db
    .transaction()
    .execute(async (trx) => {
      const { id } = await keepReceipt({ ...context, db: trx }, caller, done);
      throw Object.assign(new Error('undone'), { id });
    })
    .catch(({ id }: { id: string }) => id);
  for (const id of [gone, randomUUID(), 'x', '']) expect(await findReceipt(context, caller, id)).toBeUndefined();
});
