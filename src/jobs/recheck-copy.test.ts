import { randomBytes, randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  copyImage,
  createInstallation,
  finishCopy,
  type Installation,
  makeImage,
} from '../../test/support/installation.ts';
import type { AppContext, Caller } from '../app/context.ts';
import { copyImages } from '../app/copy-images.ts';
import { findImage } from '../app/find-image.ts';
import { readQuotas } from '../app/quotas.ts';
import { shareImage } from '../app/share-image.ts';
import { answerShare } from '../app/shares.ts';
import { updateImage } from '../app/update-image.ts';
import type { Database } from '../db/schema.ts';
import { insertAgency } from '../db/tenants/agencies.ts';
import type { Copy } from '../domain/copy.ts';
import type { AgencyGrant } from '../domain/tenants.ts';
import { nativeCopyPolicy } from '../protocols/native/copy-policy.ts';

let installation: Installation;
let context: AppContext;
let db: Kysely<Database>;
/** In whose account the copy is made. */
let caller: Caller;
/** Whose user asks for it. */
let asking: Caller;
let source: string;
beforeAll(async () => {
  installation = await createInstallation();
  context = installation.context;
  db = context.db;
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

async function makeAgency(name: string, trusted: Caller | null, grants: readonly AgencyGrant[]): Promise<void> {
  const { accountId } = caller;
  const trustedAccountId = trusted?.accountId ?? null;
  const agency = {
    id: randomUUID(),
    accountId,
    name,
    description: '',
    trustedAccountId,
    grants,
    createdAt: 0,
    expiresAt: null,
  };
  await db.transaction().execute((trx) => insertAgency(trx, agency));
}

async function accept(by: Caller, agency?: string): Promise<Copy> {
  const command = { policy: nativeCopyPolicy, images: [source], regions: ['south'], agency };
  const { copies } = await copyImages(context, by, command);
  return copies[0] as Copy;
}

/** By an owner, of the account's own image. */
async function acceptOwn(): Promise<Copy> {
  caller = await installation.newCaller();
  asking = caller;
  source = (await makeImage(context, caller, [randomBytes(1000)])).id;
  return await accept(caller);
}

/** Of another account's image, as that shares it. */
async function acceptShared(): Promise<Copy> {
  await acceptOwn();
  const owner = caller;
  caller = await installation.newCaller();
  await shareImage(context, owner, source, caller.accountId);
  await answerShare(context, caller, source, 'accepted');
  return await accept(caller);
}

async function acceptPublic(): Promise<Copy> {
  const owner = await installation.newCaller();
  source = (await makeImage(context, owner, [randomBytes(1000)])).id;
  await updateImage(context, owner, source, { visibility: 'public' });
  caller = await installation.newCaller();
  asking = caller;
  return await accept(caller);
}

/** With an agency by which the image service may act in the destination. */
async function acceptWithAgency(): Promise<Copy> {
  await acceptOwn();
  await makeAgency('copier', null, [{ projectId: null, role: 'operator' }]);
  return await accept(caller, 'copier');
}

/** By a user of another account, who acts in this one by an agency. */
async function acceptDelegated(): Promise<Copy> {
  await acceptOwn();
  asking = await installation.newCaller();
  await makeAgency('helpers', asking, [{ projectId: null, role: 'operator' }]);
  return await accept({ ...caller, kind: 'session', role: 'operator', userId: asking.userId, agency: 'helpers' });
}

const users = () => db.updateTable('users').where('account', '=', asking.accountId);
const accounts = (id: string) => db.updateTable('accounts').where('id', '=', id);
const agencies = () => db.updateTable('agencies').where('account', '=', caller.accountId);
const unshare = async () => {
  await db.deleteFrom('image_members').where('image', '=', source).execute();
  await db.updateTable('images').set({ visibility: 'private' }).where('id', '=', source).execute();
};

describe('a copy whose reasons have gone when it starts', () => {
  it.each<[string, () => Promise<Copy>, () => Promise<unknown>, RegExp]>([
    ['the user was disabled', acceptOwn, () => users().set({ disabled_at: 1 }).execute(), /disabled or gone/],
    [
      'the user was deleted',
      acceptOwn,
      () => db.deleteFrom('users').where('account', '=', asking.accountId).execute(),
      /disabled or gone/,
    ],
    [
      'the account was disabled',
      acceptOwn,
      () => accounts(caller.accountId).set({ disabled_at: 1 }).execute(),
      /disabled or gone/,
    ],
    ["the user's role was lowered", acceptOwn, () => users().set({ role: 'viewer' }).execute(), /forbidden/],
    ['the source was unshared', acceptShared, unshare, /image\.not-found/],
    [
      'the share was rejected',
      acceptShared,
      () => db.updateTable('image_members').set({ status: 'rejected' }).where('image', '=', source).execute(),
      /image\.not-found/,
    ],
    ['the source is public no more', acceptPublic, unshare, /image\.not-found/],
    [
      'the agency was deleted',
      acceptWithAgency,
      () => db.deleteFrom('agencies').where('account', '=', caller.accountId).execute(),
      /agency\.not-permitted/,
    ],
    [
      'the agency has expired',
      acceptWithAgency,
      () => agencies().set({ expires_at: 1 }).execute(),
      /agency\.not-permitted/,
    ],
    [
      'the agency lost its grants',
      acceptWithAgency,
      () =>
        db
          .deleteFrom('agency_grants')
          .where('agency', 'in', db.selectFrom('agencies').select('id').where('account', '=', caller.accountId))
          .execute(),
      /agency\.not-permitted/,
    ],
    [
      'the agency trusts an account now',
      acceptWithAgency,
      () => agencies().set({ trusted_account: installation.operator.accountId }).execute(),
      /agency\.not-permitted/,
    ],
    [
      'the delegation was revoked',
      acceptDelegated,
      () => agencies().set({ trusted_account: null }).execute(),
      /disabled or gone/,
    ],
    [
      'the delegation has expired',
      acceptDelegated,
      () => agencies().set({ expires_at: 1 }).execute(),
      /disabled or gone/,
    ],
    [
      'the delegation allows looking only',
      acceptDelegated,
      () =>
        db
          .updateTable('agency_grants')
          .set({ role: 'viewer' })
          .where('agency', 'in', db.selectFrom('agencies').select('id').where('account', '=', caller.accountId))
          .execute(),
      /disabled or gone/,
    ],
    [
      'the delegate may take no agency any more',
      acceptDelegated,
      () => users().set({ role: 'viewer' }).execute(),
      /disabled or gone/,
    ],
    [
      "the delegate's own account was disabled",
      acceptDelegated,
      () => accounts(asking.accountId).set({ disabled_at: 1 }).execute(),
      /disabled or gone/,
    ],
  ])('fails, and gives back what it took: %s', async (_, begin, end, reason) => {
    const { id, destinationImageId } = await begin();
    const [before] = await readQuotas(context, caller, { region: 'south' });
    await end();
    const copy = await finishCopy(installation, caller, id);
    expect(copy).toMatchObject({ state: 'failed', attempts: 1, failure: { code: 'not-permitted' } });
    expect(copy.failure?.message).toMatch(reason);
    expect(await findImage(context, caller, destinationImageId)).toMatchObject({ state: 'failed' });
    const [after] = await readQuotas(context, caller, { region: 'south' });
    expect(after?.quotas.images.used).toBe((before?.quotas.images.used as number) - 1);
  });

  it.each<[string, () => Promise<Copy>]>([
    ["the account's own image", acceptOwn],
    ['a shared image', acceptShared],
    ['a public image', acceptPublic],
    ['an agency of the image service', acceptWithAgency],
    ['an agency that another account acts by', acceptDelegated],
  ])('succeeds while they stand: %s', async (_, begin) => {
    const { id } = await begin();
    expect(await finishCopy(installation, caller, id)).toMatchObject({ state: 'succeeded' });
  });

  it('goes on when the quota was lowered meanwhile: it was reserved', async () => {
    const { id } = await acceptOwn();
    await db.updateTable('account_regions').set({ images_limit: 0 }).where('account', '=', caller.accountId).execute();
    expect(await finishCopy(installation, caller, id)).toMatchObject({ state: 'succeeded' });
  });

  it('succeeds for the bearer of the installation’s token, who is no user', async () => {
    await acceptOwn();
    const { id } = await copyImage(
      context,
      { ...caller, kind: 'installation', userId: null },
      { image: source, region: 'north' },
    );
    expect(await finishCopy(installation, caller, id)).toMatchObject({ state: 'succeeded' });
  });

  it('fails when its rules are not known any more', async () => {
    await acceptOwn();
    const policy = { ...nativeCopyPolicy, name: 'forgotten' };
    const { copies } = await copyImages(context, caller, { policy, images: [source], regions: ['north'] });
    const copy = await finishCopy(installation, caller, copies[0]?.id as string);
    expect(copy).toMatchObject({
      state: 'failed',
      failure: { code: 'internal', message: expect.stringContaining('forgotten') },
    });
  });
});
