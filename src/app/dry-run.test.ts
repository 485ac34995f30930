/** Everything that can be tried first leaves nothing behind, and is refused as the real thing would be. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, makeImage } from '../../test/support/installation.ts';
import { createTenant } from '../../test/support/tenants.ts';
import type { Image } from '../domain/image.ts';
import { nativeCopyPolicy } from '../protocols/native/copy-policy.ts';
import type { AppContext, Caller } from './context.ts';
import { copyImages } from './copy-images.ts';
import { createImage } from './create-image.ts';
import { deleteImage } from './delete-image.ts';
import { findImage } from './find-image.ts';
import { setQuotas } from './quotas.ts';
import { shareImage, unshareImage } from './share-image.ts';
import { updateImage } from './update-image.ts';

let installation: Installation;
let context: AppContext;
let caller: Caller;
let guest: Caller;
let image: Image;
beforeAll(async () => {
  installation = await createInstallation();
  context = installation.context;
  caller = await installation.newCaller();
  guest = await createTenant(context.db);
  image = await makeImage(context, caller, [randomBytes(1000)]);
  const member = await createTenant(context.db, 'member');
  await shareImage(context, caller, image.id, member.accountId);
});
afterAll(async () => {
  await installation.expectSound();
  await installation.close();
});

const dryRun = { dryRun: true } as const;
const newImage = {
  region: 'north',
  name: 'tried',
  description: '',
  kind: 'system-disk',
  rootDevice: 'cloud-disk',
  tags: { a: 'b' },
  disks: [{ role: 'system', format: 'raw', size: 4096 }],
} as const;
const newCopies = () => ({ policy: nativeCopyPolicy, images: [image.id], regions: ['north', 'south'] });

type Try = (options: { dryRun?: true; token?: string }) => Promise<unknown>;

const tries: readonly (readonly [name: string, action: string, attempt: Try])[] = [
  ['copyImages', 'copy.create', (options) => copyImages(context, caller, newCopies(), options)],
  ['createImage', 'image.create', (options) => createImage(context, caller, newImage, options)],
  ['updateImage', 'image.update', (options) => updateImage(context, caller, image.id, { name: 'other' }, options)],
  ['deleteImage', 'image.delete', (options) => deleteImage(context, caller, image.id, options)],
  ['shareImage', 'image.share', (options) => shareImage(context, caller, image.id, guest.accountId, options)],
  ['unshareImage', 'image.share', (options) => unshareImage(context, caller, image.id, 'member', options)],
];

/** Every row of the database that a request can have made, events among them. */
async function everything(): Promise<Record<string, string | null>> {
  const { rows: tables } = await sql<{ name: string }>`
    SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
    WHERE schemaname = 'public' OR (schemaname = 'pgboss' AND tablename = 'job') ORDER BY 1`.execute(context.db);
  const rows = await Promise.all(
    tables.map(async ({ name }) => {
      const text = sql<{ all: string | null }>`
        SELECT string_agg(each::text, chr(10) ORDER BY each::text) AS all FROM ${sql.raw(name)} each`;
      return [name, (await text.execute(context.db)).rows[0]?.all ?? null] as const;
    }),
  );
  return Object.fromEntries(rows);
}

describe.each(tries)('a dry run of %s', (_, action, attempt) => {
  it('says that it would be done, and leaves nothing behind', async () => {
    const before = await everything();
    expect(Object.keys(before)).toEqual(expect.arrayContaining(['pgboss.job', 'public.idempotency_tokens']));
    const token = `token of ${action}`;
    await expect(attempt({ ...dryRun, token })).rejects.toMatchObject({
      code: 'request.dry-run-passed',
      facts: { action },
    });
    expect(await everything()).toEqual(before);
  });
});

describe('a dry run', () => {
  it.each([
    [
      'copyImages',
      () => copyImages(context, caller, { ...newCopies(), regions: ['west'] }, dryRun),
      'region.not-found',
    ],
    ['createImage', () => createImage(context, caller, { ...newImage, name: '' }, dryRun), 'request.invalid'],
    ['updateImage', () => updateImage(context, guest, image.id, {}, dryRun), 'image.not-found'],
    ['deleteImage', () => deleteImage(context, { ...caller, role: 'viewer' }, image.id, dryRun), 'forbidden'],
    ['shareImage', () => shareImage(context, caller, image.id, caller.accountId, dryRun), 'member.own'],
  ])('of %s is refused as the real thing would be, which is an event', async (_, attempt, code) => {
    const count = async () => {
      const query = context.db.selectFrom('events').select(({ fn }) => fn.countAll<number>().as('events'));
      return (await query.where('outcome', '=', code).executeTakeFirstOrThrow()).events;
    };
    const before = await count();
    await expect(attempt()).rejects.toMatchObject({ code });
    expect(await count()).toBe(before + 1);
  });

  it('takes no token from the real request, and nothing of a quota', async () => {
    const token = 'one';
    await setQuotas(context, installation.operator, caller.accountId, 'north', { images: 2 });
    const attempt = (options: { dryRun?: true }) => createImage(context, caller, newImage, { ...options, token });
    await expect(attempt(dryRun)).rejects.toMatchObject({ code: 'request.dry-run-passed' });
    const { result, replayed } = await attempt({});
    expect(replayed).toBe(false);
    expect(await findImage(context, caller, result.id)).toEqual(result);
    await expect(createImage(context, caller, newImage, dryRun)).rejects.toMatchObject({ code: 'quota.images' });
  });
});
