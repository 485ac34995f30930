/** Policies of which a copy's source must not be read by another copy, nor worked on by a task (`idle`, `untasked`). */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  createInstallation,
  finishCopy,
  type Installation,
  makeImage,
  never,
  until,
} from '../../test/support/installation.ts';
import { insertPlainTask, makePlainImage } from '../../test/support/plain-image.ts';
import { inTransaction } from '../db/database.ts';
import { lockImage } from '../db/images.ts';
import { moveTask } from '../db/tasks.ts';
import type { Copy } from '../domain/copy.ts';
import type { CopyPolicy } from '../domain/copy-policy.ts';
import type { Image } from '../domain/image.ts';
import type { TaskKind } from '../domain/task.ts';
import { nativeCopyPolicy } from '../protocols/native/copy-policy.ts';
import { cancelCopy } from './cancel-copy.ts';
import type { AppContext, Caller } from './context.ts';
import { copyImages } from './copy-images.ts';
import { planCopies } from './plan-copies.ts';
import { shareImage } from './share-image.ts';

const policy: CopyPolicy = {
  ...nativeCopyPolicy,
  rules: [{ rule: 'right' }, { rule: 'untasked' }, { rule: 'source-state' }, { rule: 'idle' }],
};

let installation: Installation;
let context: AppContext;
let caller: Caller;
let image: Image;
beforeAll(async () => {
  installation = await createInstallation();
  context = installation.context;
});
beforeEach(async () => {
  caller = await installation.newCaller();
  image = await makeImage(context, caller, [randomBytes(1000)]);
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

function copyTo(region: string, rules = policy, by = caller): Promise<Copy> {
  const command = { policy: rules, images: [image.id], regions: [region] };
  return copyImages(context, by, command).then(({ copies }) => copies[0] as Copy);
}

function reasonsOf(outcomes: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
}

it('of sixteen that come at once, for two regions, one is accepted and named to the others', async () => {
  const asked = await Promise.allSettled(
    Array.from({ length: 16 }, (_, number) => copyTo(number % 2 ? 'north' : 'south')),
  );
  const [accepted, ...more] = asked.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.id] : []));
  expect(more).toEqual([]);
  const reasons = reasonsOf(asked);
  expect(reasons).toHaveLength(15);
  for (const reason of reasons) {
    expect(reason).toMatchObject({ code: 'image.being-copied', facts: { image: image.id, copy: accepted } });
  }
});

it('sees a copy that is begun at the same moment under rules that do not mind', async () => {
  const { db } = context;
  const outcome = await inTransaction(db, async (trx) => {
    // As far as that one has come before it is committed.
    await lockImage(trx, caller.accountId, image.id, 'share');
    const asked = copyTo('south').catch((error: unknown) => error);
    await until(async () => {
      const { rows } = await sql`
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(db);
      return rows.length > 0;
    });
    await copyTo('north', nativeCopyPolicy);
    return { asked };
  });
  expect(await outcome.asked).toMatchObject({ code: 'image.being-copied' });
});

it('may be copied again once that has ended, however it did', async () => {
  const first = await copyTo('south');
  await cancelCopy(context, caller, first.id);
  const second = await copyTo('north');
  await expect(copyTo('north')).rejects.toMatchObject({ facts: { copy: second.id } });
  await finishCopy(installation, caller, second.id);
  await copyTo('south');
});

it('minds no other account, and no copy of the same request', async () => {
  const guest = await installation.newCaller();
  await shareImage(context, caller, image.id, guest.accountId, { accepted: true });
  await copyTo('south', policy, guest);
  const { copies } = await copyImages(context, caller, { policy, images: [image.id], regions: ['south', 'north'] });
  expect(copies).toHaveLength(2);
});

it('waits for others that ask for the same by other ids, and deadlocks with none', async () => {
  const others = [
    image,
    await makeImage(context, caller, [randomBytes(9)]),
    await makeImage(context, caller, [randomBytes(9)]),
  ];
  const named = [
    others.map(({ id }) => id),
    others.map(({ aliyunId }) => aliyunId),
    others.map(({ jdcloudId }) => jdcloudId),
  ];
  const asked = await Promise.allSettled(
    Array.from({ length: 18 }, (_, number) =>
      copyImages(context, caller, {
        policy: number % 2 ? policy : { ...policy, rules: [{ rule: 'right' }] },
        images: named[number % 3] as string[],
        regions: ['south'],
      }),
    ),
  );
  for (const reason of reasonsOf(asked)) expect(reason).toMatchObject({ code: 'image.being-copied' });
  const { rows } = await sql<{
    deadlocks: number;
  }>`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`.execute(context.db);
  expect(rows).toEqual([{ deadlocks: 0 }]);
});

async function work(kind: TaskKind, on: Image): Promise<string> {
  return (await inTransaction(context.db, (trx) => insertPlainTask(trx, on, kind))).id;
}

it('is refused while it is exported, and accepted when that has ended', async () => {
  const task = await work('export', image);
  await expect(copyTo('south')).rejects.toMatchObject({ code: 'image.exporting', facts: { image: image.id, task } });
  const { id } = await copyTo('south', nativeCopyPolicy);
  await cancelCopy(context, caller, id);
  await inTransaction(context.db, (trx) => moveTask(trx, task, { event: 'cancelled' }, context.clock.now()));
  await copyTo('south');
});

it('is refused while it is imported, before its state is looked at; others are not told of the task', async () => {
  image = await makePlainImage(context, caller, { state: 'queued' });
  const guest = await installation.newCaller();
  await shareImage(context, caller, image.id, guest.accountId, { accepted: true });
  const task = await work('import', image);
  const refused = { code: 'image.importing', facts: { image: image.id, task } };
  await expect(copyTo('south', policy, caller)).rejects.toMatchObject(refused);
  const unready = { code: 'image.not-readable', facts: { image: image.id, state: 'queued' } };
  await expect(copyTo('south', policy, guest)).rejects.toMatchObject(unready);
});

it("minds nobody's export but the account's own", async () => {
  const guest = await installation.newCaller();
  const shared = async () => {
    image = await makeImage(context, caller, [randomBytes(9)]);
    await shareImage(context, caller, image.id, guest.accountId, { accepted: true });
  };
  await shared();
  await work('export', image);
  await copyTo('south', policy, guest);
  await shared();
  await work('export', { ...image, accountId: guest.accountId });
  await copyTo('south');
  await expect(copyTo('south', policy, guest)).rejects.toMatchObject({ code: 'image.exporting' });
});

it('is told of by a plan', async () => {
  await copyTo('south');
  const command = { policy, images: [image.id], regions: ['north'] };
  const { items } = await planCopies(context, caller, command, { signal: never, counting: never });
  const refusals = items[0]?.verdicts.map(({ rule, refusal }) => [rule, refusal?.code ?? null]);
  expect(refusals).toEqual([
    ['right', null],
    ['untasked', null],
    ['source-state', null],
    ['idle', 'image.being-copied'],
  ]);
});
