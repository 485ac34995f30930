import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from '../../test/support/installation.ts';
import type { Trx } from '../db/database.ts';
import { RefusalError } from '../domain/refusal.ts';
import { act } from './act.ts';
import type { AppContext, Caller } from './context.ts';

let installation: Installation;
let context: AppContext;
let caller: Caller;
beforeAll(async () => {
  installation = await createInstallation();
  context = installation.context;
  caller = await installation.newCaller();
});
afterAll(() => installation.close());

const deed = { action: 'image.delete', resource: { type: 'image', id: 'x' } } as const;

/** Events since the last call. */
async function newEvents() {
  const rows = await context.db
    .selectFrom('events')
    .selectAll()
    .where('account', '=', caller.accountId)
    .orderBy('id')
    .execute();
  const fresh = rows.slice(seen);
  seen = rows.length;
  return fresh;
}
let seen = 0;

describe('act', () => {
  it('writes the event in the transaction of the work, with what only the work knew', async () => {
    const now = context.clock.now();
    const result = await act(context, caller, deed, async (trx, done) => {
      Object.assign(done, { resource: { type: 'image', id: 'found' }, region: 'south', details: { name: 'debian' } });
      expect(await trx.selectFrom('accounts').select('id').where('id', '=', caller.accountId).execute()).toHaveLength(
        1,
      );
      return 'done';
    });
    expect(result).toBe('done');
    const [event, ...more] = await newEvents();
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      type: 'image.delete',
      outcome: 'succeeded',
      actor_kind: 'user',
      actor_account: caller.accountId,
      actor_user: caller.userId,
      actor_name: 'owner',
      resource_type: 'image',
      resource_id: 'found',
      protocol: 'native',
      request: caller.origin.requestId,
      address: '127.0.0.1',
      details: { name: 'debian' },
    });
    expect(event?.region).toBe(context.regionNumbers.get('south'));
    expect(event?.at).toBeGreaterThanOrEqual(now);
    expect(deed.resource.id).toBe('x');
  });

  it('writes a refusal down too, and undoes the work', async () => {
    const refused = act(context, caller, deed, async (trx) => {
      await trx.updateTable('accounts').set({ name: 'changed' }).where('id', '=', caller.accountId).execute();
      throw new RefusalError('image.protected', { image: 'x' });
    });
    await expect(refused).rejects.toMatchObject({ code: 'image.protected' });
    expect(await newEvents()).toMatchObject([{ outcome: 'image.protected', resource_id: 'x' }]);
    const { name } = await context.db
      .selectFrom('accounts')
      .select('name')
      .where('id', '=', caller.accountId)
      .executeTakeFirstOrThrow();
    expect(name).toBe(caller.accountName);
  });

  it('does not even begin for whoever lacks the role, and writes that down', async () => {
    let begun = false;
    const asked = act(context, { ...caller, role: 'viewer' }, deed, async () => {
      begun = true;
    });
    await expect(asked).rejects.toMatchObject({ code: 'forbidden', facts: { action: 'image.delete' } });
    expect(begun).toBe(false);
    expect(await newEvents()).toMatchObject([{ outcome: 'forbidden' }]);
  });

  it('leaves no event of work that broke, and none of work that was rolled back', async () => {
    await expect(act(context, caller, deed, async () => Promise.reject(new Error('a bug')))).rejects.toThrow('a bug');
    expect(await newEvents()).toEqual([]);
  });

  it('undoes a dry run that passes and leaves no event of it, one of what is refused', async () => {
    const rename = async (trx: Trx) => {
      await trx.updateTable('accounts').set({ name: 'changed' }).where('id', '=', caller.accountId).execute();
    };
    const passed = act(context, caller, { ...deed, dryRun: true }, rename);
    await expect(passed).rejects.toMatchObject({ code: 'request.dry-run-passed', facts: { action: 'image.delete' } });
    expect(await newEvents()).toEqual([]);
    const account = context.db.selectFrom('accounts').select('name').where('id', '=', caller.accountId);
    expect(await account.executeTakeFirst()).toEqual({ name: caller.accountName });
    const refused = act(context, caller, { ...deed, dryRun: true }, () =>
      Promise.reject(new RefusalError('image.protected', { image: 'x' })),
    );
    await expect(refused).rejects.toMatchObject({ code: 'image.protected' });
    expect(await newEvents()).toMatchObject([{ outcome: 'image.protected' }]);
  });

  it('does work again that met another, and writes it down once', async () => {
    let times = 0;
    await act(context, caller, deed, async (trx) => {
      times += 1;
      await trx
        .updateTable('users')
        .set({ name: `try ${times}` })
        .where('account', '=', caller.accountId)
        .execute();
      if (times < 3) throw Object.assign(new pg.DatabaseError('met another', 0, 'error'), { code: '40001' });
    });
    expect(times).toBe(3);
    expect(await newEvents()).toHaveLength(1);
  });

  it.each([
    ['U+0000', 'a\0b', 'ab'],
    ['a long id', 'x'.repeat(100_000), 'x'.repeat(256)],
    ['half of a surrogate pair', 'a\ud800b', 'a\ufffdb'],
    ['a pair that the cut would halve', `${'x'.repeat(255)}😀`, `${'x'.repeat(255)}\ufffd`],
  ])('is not broken by %s in what the caller calls things', async (_, id, kept) => {
    const refusal = new RefusalError('image.not-found', { image: id });
    const details = { account: id, list: [id], nested: { id } };
    const refused = act(context, caller, { ...deed, resource: { type: 'image', id }, details }, () =>
      Promise.reject(refusal),
    );
    await expect(refused).rejects.toBe(refusal);
    const nested = { account: kept, list: [kept], nested: { id: kept } };
    expect(await newEvents()).toMatchObject([{ outcome: 'image.not-found', resource_id: kept, details: nested }]);
  });
});
