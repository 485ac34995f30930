import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { createInstallation, type Installation } from '../../test/support/installation.ts';
import { FailureError } from '../domain/failure.ts';
import { toFaultError as toAliyunFault } from '../protocols/aliyun/errors.ts';
import { toFaultError as toHuaweiFault } from '../protocols/huawei/errors.ts';
import { listImages as listHuaweiImages } from '../protocols/huawei/ims/list-images.ts';
import { toAnswer } from '../protocols/native/errors.ts';
import type { AppContext, Caller } from './context.ts';
import { listImages, listImagesCounted } from './list-images.ts';
import { listTags } from './list-tags.ts';
import { listLimitMs, readList } from './read-list.ts';

let installation: Installation;
let context: AppContext;
let caller: Caller;
beforeAll(async () => {
  installation = await createInstallation();
  context = installation.context;
  caller = await installation.newCaller();
});
afterEach(() => void vi.useRealTimers());
afterAll(() => installation.close());

const everything = { owner: 'self', sort: 'createdAt', descending: true } as const;

it.each<[string, () => Promise<unknown>]>([
  ['a list', () => listImages(context, caller, { ...everything, limit: 10 })],
  ['a counted list', () => listImagesCounted(context, caller, everything, { offset: 0, limit: 10 })],
  ['a list of tags', () => listTags(context, caller)],
])('%s is given up when the database has not answered in time', async (_, list) => {
  const other = installation.database.open(2);
  const failed = await other.transaction().execute(async (trx) => {
    await sql`LOCK TABLE images IN ACCESS EXCLUSIVE MODE`.execute(trx);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const outcome = list().catch((error: unknown) => error);
    for (let tries = 0, isWaiting = false; !isWaiting && tries < 5000; tries++) {
      const { rows } = await sql`
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(other);
      isWaiting = rows.length > 0;
    }
    await vi.advanceTimersByTimeAsync(listLimitMs);
    return await outcome;
  });
  expect(failed).toMatchObject({ name: 'FailureError', code: 'database-unavailable' });
});

it('is a 503 in each dialect', () => {
  const failure = new FailureError('database-unavailable', 'the database does not answer');
  expect(toAliyunFault(failure, undefined, 'newer').fault.status).toBe(503);
  expect(toHuaweiFault(failure, listHuaweiImages).fault.status).toBe(503);
  expect(toAnswer(failure, { request: 'r', bodyBytes: 1 }).problem.status).toBe(503);
});

it('leaves other errors as they are', async () => {
  const broken = readList(context.db, (db) => sql`SELECT nothing FROM nowhere`.execute(db));
  await expect(broken).rejects.toMatchObject({ code: '42P01' });
});
