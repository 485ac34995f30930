import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeEncryptedImage, makeKey } from '../../test/support/encrypted-image.ts';
import {
  copyImage,
  createInstallation,
  finishCopy,
  type Installation,
  makeImage,
  never,
  readBytes,
} from '../../test/support/installation.ts';
import { insertPlainTask, makePlainImage } from '../../test/support/plain-image.ts';
import { inTransaction } from '../db/database.ts';
import { deleteProject, findDefaultProject, insertProject } from '../db/tenants/projects.ts';
import type { Image } from '../domain/image.ts';
import type { ImageOwner } from '../domain/image-query.ts';
import { maxMembers } from '../domain/sharing.ts';
import { nativeCopyPolicy } from '../protocols/native/copy-policy.ts';
import type { AppContext, Caller } from './context.ts';
import { createImageFromSnapshots } from './create-image-from-snapshots.ts';
import { deleteImage } from './delete-image.ts';
import { findImage } from './find-image.ts';
import { listCopies } from './list-copies.ts';
import { listImages } from './list-images.ts';
import { listTags } from './list-tags.ts';
import { planCopies } from './plan-copies.ts';
import { findDownload, readDisk } from './read-disk.ts';
import { changeMembers, listMembers, shareImage, unshareImage } from './share-image.ts';
import { answerShare, listShares } from './shares.ts';
import { removeTag, setTag, updateImage } from './update-image.ts';
import { uploadDisk } from './upload-disk.ts';

let installation: Installation;
let context: AppContext;
let owner: Caller;
let guest: Caller;
let disk: Buffer;
let image: Image;
beforeAll(async () => {
  installation = await createInstallation({ groupCap: 4 });
  context = installation.context;
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

/** A new owner with an image, and a new guest. */
async function setUp(): Promise<void> {
  [owner, guest] = [await installation.newCaller(), await installation.newCaller()];
  disk = randomBytes(300_000);
  image = await makeImage(context, owner, [disk]);
}

async function share(answer: 'accepted' | 'rejected' | undefined = 'accepted'): Promise<void> {
  await shareImage(context, owner, image.id, guest.accountName);
  if (answer !== undefined) await answerShare(context, guest, image.id, answer);
}

function copy(caller = guest, region = 'south') {
  return copyImage(context, caller, { image: image.id, region });
}

async function ids(caller: Caller, owned: ImageOwner): Promise<string[]> {
  const query = { owner: owned, sort: 'createdAt', descending: true, limit: 100 } as const;
  return (await listImages(context, caller, query)).images.map(({ id }) => id);
}

async function statuses(): Promise<string[]> {
  const { shares } = await listShares(context, guest, { limit: 10 });
  return shares.map(({ status }) => status);
}

async function visibility(): Promise<string> {
  return (await findImage(context, owner, image.id)).visibility;
}

async function eventsOf(caller: Caller, type: string) {
  const query = context.db.selectFrom('events').selectAll().where('account', '=', caller.accountId);
  return await query.where('type', 'like', type.replace('*', '%')).orderBy('id').execute();
}

describe("another account's private image", () => {
  it('does not exist, whatever is asked of it and by whichever of its names', async () => {
    await setUp();
    const tag = { key: 'a', value: 'b' };
    const command = { policy: nativeCopyPolicy, images: [image.id], regions: ['south'] };
    for (const id of [image.id, image.aliyunId, image.jdcloudId]) {
      const asked: Record<string, () => Promise<unknown>> = {
        find: () => findImage(context, guest, id),
        look: () => findDownload(context, guest, id, 0),
        read: () => readBytes(context, guest, id),
        update: () => updateImage(context, guest, id, { name: 'mine' }),
        tag: () => setTag(context, guest, id, tag),
        untag: () => removeTag(context, guest, id, 'made'),
        delete: () => deleteImage(context, guest, id),
        upload: () =>
          uploadDisk(context, guest, { image: id, disk: 0, size: 1, runs: (async function* () {})(), signal: never }),
        members: () => listMembers(context, guest, id),
        share: () => shareImage(context, guest, id, owner.accountId),
        unshare: () => unshareImage(context, guest, id, owner.accountId),
        copy: () => copyImage(context, guest, { image: id, region: 'south' }),
        plan: () => planCopies(context, guest, { ...command, images: [id] }, { signal: never, counting: never }),
      };
      for (const [what, ask] of Object.entries(asked)) {
        await expect(ask(), `${what} ${id}`).rejects.toMatchObject({ code: 'image.not-found', facts: { image: id } });
      }
      await expect(answerShare(context, guest, id, 'accepted')).rejects.toMatchObject({
        code: 'share.not-found',
        facts: { image: id },
      });
    }
    for (const owned of ['self', 'shared', 'public', 'any'] as const) expect(await ids(guest, owned)).toEqual([]);
    expect(await listTags(context, guest)).toEqual([]);
    expect(await findImage(context, owner, image.id)).toEqual(image);
    const deeds = ['image.download', 'image.update', 'image.delete', 'image.share', 'copy.create'];
    for (const deed of deeds) {
      expect(await eventsOf(owner, deed)).toEqual([]);
      expect(new Set((await eventsOf(guest, deed)).map(({ outcome }) => outcome))).toEqual(
        new Set(['image.not-found']),
      );
    }
  });
});

describe('a shared image', () => {
  it('is looked at while the answer is pending, copied once it was accepted, gone once it was rejected', async () => {
    await setUp();
    expect(await shareImage(context, owner, image.aliyunId, String(guest.accountNumber))).toMatchObject({
      imageId: image.id,
      accountId: guest.accountId,
      accountName: guest.accountName,
      status: 'pending',
    });
    expect(await visibility()).toBe('shared');
    expect(await statuses()).toEqual(['pending']);
    expect(await findImage(context, guest, image.id)).toMatchObject({ id: image.id, accountName: owner.accountName });
    expect(await ids(guest, 'shared')).toEqual([]);
    await expect(copy()).rejects.toMatchObject({ code: 'image.not-found' });
    await expect(readBytes(context, guest, image.id)).rejects.toMatchObject({ code: 'image.not-found' });

    expect(await answerShare(context, guest, image.jdcloudId, 'accepted')).toMatchObject({ status: 'accepted' });
    expect(await ids(guest, 'shared')).toEqual([image.id]);
    expect(await ids(guest, 'any')).toEqual([image.id]);
    expect(await ids(guest, 'self')).toEqual([]);
    expect((await readBytes(context, guest, image.id)).equals(disk)).toBe(true);
    for (const change of [
      () => updateImage(context, guest, image.id, { name: 'mine' }),
      () => deleteImage(context, guest, image.id),
    ]) {
      await expect(change()).rejects.toMatchObject({ code: 'image.not-found' });
    }

    await answerShare(context, guest, image.id, 'rejected');
    expect(await statuses()).toEqual(['rejected']);
    await expect(findImage(context, guest, image.id)).rejects.toMatchObject({ code: 'image.not-found' });
    await expect(copy()).rejects.toMatchObject({ code: 'image.not-found' });
    expect(await ids(guest, 'shared')).toEqual([]);

    await unshareImage(context, owner, image.id, guest.accountId);
    expect(await visibility()).toBe('private');
    expect(await statuses()).toEqual([]);
  });

  it('is copied in its region without a byte that moves, and to another with those that the new owner reads', async () => {
    await setUp();
    await share();
    const near = await finishCopy(installation, guest, (await copy(guest, 'north')).id);
    expect(near).toMatchObject({ state: 'succeeded', progress: { bytesMoved: 0 } });
    const far = await finishCopy(installation, guest, (await copy(guest, 'south')).id);
    expect(far).toMatchObject({ state: 'succeeded' });
    expect(far.progress.bytesMoved).toBeGreaterThan(disk.length);
    for (const { destinationImageId: id } of [near, far]) {
      expect(await findImage(context, guest, id)).toMatchObject({
        accountId: guest.accountId,
        visibility: 'private',
        tags: {},
        sourceImageId: image.id,
      });
      expect((await readBytes(context, guest, id)).equals(disk)).toBe(true);
      await expect(findImage(context, owner, id)).rejects.toMatchObject({ code: 'image.not-found' });
    }
    expect((await listCopies(context, owner, { image: image.id, descending: true, limit: 10 })).copies).toEqual([]);
  });

  it('leaves copies that are read, and copied on, after it was unshared and deleted', async () => {
    await setUp();
    await share();
    const near = await finishCopy(installation, guest, (await copy(guest, 'north')).id);
    await unshareImage(context, owner, image.id, guest.accountId);
    await deleteImage(context, owner, image.id);
    expect((await readBytes(context, guest, near.destinationImageId)).equals(disk)).toBe(true);
    const next = await copyImage(context, guest, { image: near.destinationImageId, region: 'south' });
    const far = await finishCopy(installation, guest, next.id);
    expect((await readBytes(context, guest, far.destinationImageId)).equals(disk)).toBe(true);
  });

  it('tells its owner who copies it, and nothing of who did it there', async () => {
    await setUp();
    await share();
    await copy();
    const [event, ...more] = await eventsOf(owner, 'image.copied');
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      outcome: 'succeeded',
      actor_account: guest.accountId,
      actor_user: null,
      actor_name: guest.accountName,
      resource_id: image.id,
      request: null,
      address: null,
      details: {},
    });
    expect(await eventsOf(guest, 'image.copied')).toEqual([]);
    await copy(owner);
    expect(await eventsOf(owner, 'image.copied')).toHaveLength(1);
  });

  it('has its owner told of each account that uses it once an hour, however often it does', async () => {
    await setUp();
    await share();
    const told = async () =>
      (await eventsOf(owner, 'image.*')).flatMap(({ type, actor_account: account }) =>
        account === guest.accountId ? [type] : [],
      );
    for (let count = 0; count < 3; count++) {
      await readDisk(context, guest, image.id, 0, never, { start: count, end: count + 1 });
      await copy();
    }
    expect(await told()).toEqual(['image.download', 'image.copied']);
    // Whoever does it has it all in his own log.
    expect(await eventsOf(guest, 'image.download')).toHaveLength(3);
    await copy(guest, 'north');
    installation.advance(3600 * 1000 + 1);
    await readBytes(context, guest, image.id);
    await copy();
    const first = ['image.download', 'image.copied', 'image.copied'];
    expect(await told()).toEqual([...first, 'image.download', 'image.copied']);
    const stranger = await installation.newCaller();
    await shareImage(context, owner, image.id, stranger.accountName, { accepted: true });
    await readBytes(context, stranger, image.id);
    expect(await eventsOf(owner, 'image.download')).toHaveLength(3);
  });

  it('asks an account once an hour, however often it is shared and unshared', async () => {
    await setUp();
    for (let count = 0; count < 3; count++) {
      await shareImage(context, owner, image.id, guest.accountName);
      await unshareImage(context, owner, image.id, guest.accountName);
    }
    expect(await eventsOf(guest, 'share.offered')).toHaveLength(1);
  });

  it('stays as it is while any account copies it', async () => {
    await setUp();
    await share();
    const accepted = await copy();
    const being = { code: 'image.being-copied', facts: { image: image.id, copy: null } };
    for (const change of [
      () => unshareImage(context, owner, image.id, guest.accountId),
      () => deleteImage(context, owner, image.id),
      () => updateImage(context, owner, image.id, { name: 'other' }),
      () => updateImage(context, owner, image.id, { visibility: 'public' }),
      () => setTag(context, owner, image.id, { key: 'a', value: 'b' }),
    ]) {
      await expect(change()).rejects.toMatchObject(being);
    }
    await expect(answerShare(context, guest, image.id, 'rejected')).rejects.toMatchObject({
      code: 'image.being-copied',
      facts: { copy: accepted.id },
    });
    const third = await installation.newCaller();
    await shareImage(context, owner, image.id, third.accountId);
    await unshareImage(context, owner, image.id, third.accountId);
    await finishCopy(installation, guest, accepted.id);
    await unshareImage(context, owner, image.id, guest.accountId);
    await deleteImage(context, owner, image.id);
  });

  it('is either copied or unshared first when both are asked for at once', async () => {
    await setUp();
    for (let round = 0; round < 6; round++) {
      await share();
      const [copied, unshared] = await Promise.allSettled([
        copy(),
        unshareImage(context, owner, image.id, guest.accountId),
      ]);
      expect([copied.status, unshared.status].sort()).toEqual(['fulfilled', 'rejected']);
      if (copied.status === 'rejected') expect(copied.reason).toMatchObject({ code: 'image.not-found' });
      else {
        expect(unshared).toMatchObject({ reason: { code: 'image.being-copied' } });
        await finishCopy(installation, guest, copied.value.id);
      }
    }
  });
});

describe('shareImage', () => {
  it('refuses the own account, unknown ones, and whoever has not got the role', async () => {
    await setUp();
    await expect(shareImage(context, owner, image.id, owner.accountName)).rejects.toMatchObject({ code: 'member.own' });
    for (const account of [randomUUID(), '1234567890123456', 'nobody', '']) {
      await expect(shareImage(context, owner, image.id, account)).rejects.toMatchObject({
        code: 'account.not-found',
        facts: { account },
      });
    }
    const viewer = { ...owner, role: 'viewer' as const };
    await expect(shareImage(context, viewer, image.id, guest.accountId)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(unshareImage(context, owner, image.id, guest.accountId)).rejects.toMatchObject({
      code: 'member.not-found',
      facts: { image: image.id, account: guest.accountId },
    });
    expect(await visibility()).toBe('private');
  });

  it('leaves the answer that was given, and needs none where the dialect does not ask', async () => {
    await setUp();
    await share('rejected');
    expect(await shareImage(context, owner, image.id, guest.accountId)).toMatchObject({ status: 'rejected' });
    const other = await installation.newCaller();
    await shareImage(context, owner, image.id, other.accountId);
    const member = await shareImage(context, owner, image.id, other.accountId, { accepted: true });
    expect(member).toMatchObject({ status: 'accepted' });
    expect(await listMembers(context, owner, image.id)).toHaveLength(2);
    expect(await copy(other)).toMatchObject({ state: 'queued' });
  });

  it('knows the project that the account was last named by, which is its own and of the region', async () => {
    await setUp();
    const { db } = context;
    const [north, south] = await Promise.all(
      ['north', 'south'].map(async (region) => (await findDefaultProject(db, guest.accountId, region)).id),
    );
    const named = (project?: string) => shareImage(context, owner, image.id, guest.accountId, { project });
    expect(await named(north)).toMatchObject({ status: 'pending', projectId: north });
    await answerShare(context, guest, image.id, 'accepted');
    expect(await named()).toMatchObject({ status: 'accepted', projectId: north });
    const lab = { id: randomUUID(), accountId: guest.accountId, region: 'north', name: 'lab', description: '' };
    const project = { ...lab, isDefault: false, createdAt: 0 };
    await db.transaction().execute((trx) => insertProject(trx, project));
    expect(await named('lab')).toMatchObject({ status: 'accepted', projectId: lab.id });
    expect((await listShares(context, guest, { limit: 10 })).shares).toMatchObject([{ projectId: lab.id }]);
    const { id: theirs } = await findDefaultProject(db, owner.accountId, 'north');
    for (const wrong of [south, theirs, randomUUID()]) {
      await expect(named(wrong)).rejects.toMatchObject({ code: 'project.not-found', facts: { project: wrong } });
    }
    await db.transaction().execute((trx) => deleteProject(trx, lab.id));
    expect(await listMembers(context, owner, image.id)).toMatchObject([{ projectId: null, status: 'accepted' }]);
  });

  it('takes the image away from an account that was disabled meanwhile, and gives it to none', async () => {
    await setUp();
    await share();
    const { db } = context;
    await db.updateTable('accounts').set({ disabled_at: 1 }).where('id', '=', guest.accountId).execute();
    await expect(shareImage(context, owner, image.id, guest.accountId)).rejects.toMatchObject({
      code: 'account.not-found',
    });
    await unshareImage(context, owner, image.id, guest.accountId);
    expect(await visibility()).toBe('private');
  });

  it('has a limit', async () => {
    await setUp();
    await sql`
      WITH many AS (
        INSERT INTO accounts (id, name, number, created_at)
        SELECT gen_random_uuid(), 'member-' || number, number, 0 FROM generate_series(1, ${maxMembers}) AS number RETURNING id
      )
      INSERT INTO image_members (image, account, status, created_at, updated_at)
      SELECT ${image.id}, id, 'pending', 0, 0 FROM many`.execute(context.db);
    await context.db.updateTable('images').set({ visibility: 'shared' }).where('id', '=', image.id).execute();
    await expect(shareImage(context, owner, image.id, guest.accountId)).rejects.toMatchObject({
      code: 'member.limit',
      facts: { limit: maxMembers },
    });
    expect(await shareImage(context, owner, image.id, 'member-1')).toMatchObject({ status: 'pending' });
  });
});

const refused = (code: string) => ({ code, facts: { image: image.id } });

/** All ways to let another account see the image are closed. */
async function expectKeptBack(): Promise<void> {
  const { accountName } = guest;
  for (const ask of [
    () => shareImage(context, owner, image.id, accountName),
    () => shareImage(context, owner, image.id, accountName, { accepted: true }),
    () => shareImage(context, owner, image.id, accountName, { dryRun: true }),
    () => changeMembers(context, owner, image.id, { add: [accountName], remove: [] }, { accepted: true }),
    () => updateImage(context, owner, image.id, { visibility: 'public' }),
  ]) {
    await expect(ask()).rejects.toMatchObject(refused('image.encrypted'));
  }
  expect(await listMembers(context, owner, image.id)).toEqual([]);
  expect(await visibility()).toBe('private');
  expect(await ids(guest, 'any')).toEqual([]);
}

describe('an encrypted image', () => {
  /** The image is what a copy makes that has not ended. */
  async function makeByCopy(source: Image, encryption?: string): Promise<string> {
    const { id, destinationImageId } = await copyImage(context, owner, {
      image: source.id,
      region: 'north',
      encryption,
    });
    image = await findImage(context, owner, destinationImageId);
    return id;
  }

  it("is its account's alone, from the moment that it is copied or made of snapshots", async () => {
    await setUp();
    const secret = await makeEncryptedImage(installation, owner);
    for (const [source, encryption] of [
      [image, 'default'],
      [image, (await makeKey(installation, owner)).id],
      [secret, undefined],
    ] as const) {
      const copy = await makeByCopy(source, encryption);
      await expectKeptBack();
      const meanwhile = shareImage(context, owner, image.id, guest.accountName);
      const [shared] = await Promise.allSettled([meanwhile, finishCopy(installation, owner, copy)]);
      expect(shared).toMatchObject({ reason: refused('image.encrypted') });
      await expectKeptBack();
    }
    const snapshots = secret.disks.map(({ snapshot: { id } }) => ({ id }));
    const named = {
      region: 'north',
      name: 'of snapshots',
      description: '',
      rootDevice: 'cloud-disk',
      tags: {},
    } as const;
    image = (await createImageFromSnapshots(context, owner, { ...named, snapshots })).result;
    await expectKeptBack();
    const [latest] = await eventsOf(owner, 'image.share').then((events) => events.toReversed());
    expect(latest).toMatchObject({ outcome: 'image.encrypted', resource_id: image.id });
  });

  it('is another matter than a plain copy of it, and than a plain image that is copied as it is', async () => {
    await setUp();
    const [plain, secret] = [image, await makeEncryptedImage(installation, owner)];
    const decrypting = await makeByCopy(secret, 'none');
    await share();
    await finishCopy(installation, owner, decrypting);
    expect(await findImage(context, guest, image.id)).toMatchObject({ state: 'available', visibility: 'shared' });
    expect(await readBytes(context, guest, image.id)).toEqual(await readBytes(context, owner, secret.id));
    await makeByCopy(plain);
    await share();
  });

  it('can be made private, and taken away from whoever should have it', async () => {
    await setUp();
    image = await makeEncryptedImage(installation, owner);
    await addByHand();
    await changeMembers(context, owner, image.id, { add: [], remove: [guest.accountName] });
    await updateImage(context, owner, image.id, { visibility: 'private' });
    expect(await visibility()).toBe('private');
    await addByHand();
    await unshareImage(context, owner, image.id, guest.accountName);
    expect(await listMembers(context, owner, image.id)).toEqual([]);
  });

  it('is read by no other account, in whichever way that came to see it', async () => {
    await setUp();
    image = await makeEncryptedImage(installation, owner, { disks: [disk] });
    await addByHand();
    const [{ key, snapshot }] = image.disks as [Image['disks'][0]];
    await makeKey(installation, guest);
    for (const visibility of ['shared', 'public'] as const) {
      await context.db.updateTable('images').set({ visibility }).where('id', '=', image.id).execute();
      const notFound = { code: 'key.not-found', facts: { key } };
      await expect(readBytes(context, guest, image.id)).rejects.toMatchObject(notFound);
      for (const region of ['north', 'south']) {
        for (const encryption of [undefined, 'none', 'default']) {
          const copied = copyImage(context, guest, { image: image.id, region, encryption });
          await expect(copied, `${region} ${encryption}`).rejects.toMatchObject(notFound);
        }
      }
      const named = { region: 'north', name: 'mine', description: '', rootDevice: 'cloud-disk', tags: {} } as const;
      const made = createImageFromSnapshots(context, guest, { ...named, snapshots: [{ id: snapshot.id }] });
      await expect(made).rejects.toMatchObject({ code: 'snapshot.not-found' });
    }
    expect(await readBytes(context, owner, image.id)).toEqual(disk);
  });

  /** What no use case does. */
  async function addByHand(): Promise<void> {
    await context.db
      .insertInto('image_members')
      .values({ image: image.id, account: guest.accountId, status: 'accepted', created_at: 0, updated_at: 0 })
      .execute();
    await context.db.updateTable('images').set({ visibility: 'shared' }).where('id', '=', image.id).execute();
  }
});

describe('listShares', () => {
  it('gives the newest first, by status and in pages, of those that are left', async () => {
    await setUp();
    const shared: string[] = [];
    for (let number = 0; number < 4; number++) {
      installation.advance(1);
      const { id } = await makeImage(context, owner, [randomBytes(10)]);
      await shareImage(context, owner, id, guest.accountId);
      shared.unshift(id);
    }
    await answerShare(context, guest, shared[1] as string, 'accepted');
    const pending = await listShares(context, guest, { status: 'pending', limit: 10 });
    expect(pending.shares.map(({ image: { id } }) => id)).toEqual([shared[0], shared[2], shared[3]]);
    const first = await listShares(context, guest, { limit: 2 });
    expect(first.shares.map(({ image: { id } }) => id)).toEqual(shared.slice(0, 2));
    await unshareImage(context, owner, shared[1] as string, guest.accountId);
    const second = await listShares(context, guest, { limit: 2, after: first.next ?? undefined });
    expect(second.shares.map(({ image: { id } }) => id)).toEqual(shared.slice(2));
    expect(second.next).toBeNull();
  });
});

describe('a public image', () => {
  it('is found by its id, read and copied by everybody, and is in no list but those of public ones', async () => {
    await setUp();
    await updateImage(context, owner, image.id, { visibility: 'public', name: 'public one' });
    expect(await findImage(context, guest, image.id)).toMatchObject({ visibility: 'public' });
    const named = (owned: ImageOwner) =>
      listImages(context, guest, { owner: owned, name: 'public one', sort: 'name', descending: false, limit: 10 });
    expect((await named('self')).images).toEqual([]);
    expect((await named('shared')).images).toEqual([]);
    expect((await named('public')).images).toHaveLength(1);
    expect(await listTags(context, guest)).toEqual([]);
    const copied = await finishCopy(installation, guest, (await copy()).id);
    expect((await readBytes(context, guest, copied.destinationImageId)).equals(disk)).toBe(true);
    // Its owner hears of copies, and not of who reads it.
    expect((await readBytes(context, guest, image.id)).equals(disk)).toBe(true);
    expect(await eventsOf(owner, 'image.copied')).toHaveLength(1);
    expect(await eventsOf(owner, 'image.download')).toEqual([]);
    await expect(updateImage(context, guest, image.id, { visibility: 'private' })).rejects.toMatchObject({
      code: 'image.not-found',
    });
    await expect(listMembers(context, guest, image.id)).rejects.toMatchObject({ code: 'image.not-found' });
  });

  it('stays shared with its members when it is made private', async () => {
    await setUp();
    await share();
    await updateImage(context, owner, image.id, { visibility: 'public' });
    expect(await visibility()).toBe('public');
    await updateImage(context, owner, image.id, { visibility: 'private' });
    expect(await visibility()).toBe('shared');
    const stranger = await installation.newCaller();
    await expect(findImage(context, stranger, image.id)).rejects.toMatchObject({ code: 'image.not-found' });
    expect(await findImage(context, guest, image.id)).toMatchObject({ visibility: 'shared' });
  });
});

describe('an image that is published without its members', () => {
  const publish = () => updateImage(context, owner, image.id, { visibility: 'public' }, { unshares: true });

  it('is taken away from them in the same moment, and private when it is nobody else’s again', async () => {
    await setUp();
    await share();
    const { revision } = await findImage(context, owner, image.id);
    expect(await publish()).toMatchObject({ visibility: 'public' });
    expect((await findImage(context, owner, image.id)).revision).toBeGreaterThan(revision);
    expect(await listMembers(context, owner, image.id)).toEqual([]);
    expect((await listShares(context, guest, { limit: 10 })).shares).toEqual([]);
    expect((await eventsOf(owner, 'image.update')).at(-1)).toMatchObject({
      details: { changed: ['visibility'], unshared: [guest.accountId] },
    });
    await updateImage(context, owner, image.id, { visibility: 'private' });
    expect(await visibility()).toBe('private');
    await expect(findImage(context, guest, image.id)).rejects.toMatchObject({ code: 'image.not-found' });
  });

  it('keeps them while one copies it, and in any other change', async () => {
    await setUp();
    await share();
    const { id } = await copy();
    const being = { code: 'image.being-copied', facts: { image: image.id, copy: null } };
    await expect(publish()).rejects.toMatchObject(being);
    expect(await visibility()).toBe('shared');
    await finishCopy(installation, guest, id);
    await updateImage(context, owner, image.id, { name: 'other' }, { unshares: true });
    await expect(
      updateImage(context, { ...owner, role: 'operator' }, image.id, { visibility: 'public' }, { unshares: true }),
    ).rejects.toMatchObject({ code: 'forbidden' });
    expect(await listMembers(context, owner, image.id)).toHaveLength(1);
    await publish();
    expect(await visibility()).toBe('public');
  });
});

describe('an image that must not be shared to be deleted', () => {
  it('is refused while it is shared or public, told which, and deleted when it is neither', async () => {
    await setUp();
    await share();
    const remove = () => deleteImage(context, owner, image.id, { unlessShared: true });
    const refusedAs = (visibility: string) => ({ code: 'image.shared', facts: { image: image.id, visibility } });
    await expect(remove()).rejects.toMatchObject(refusedAs('shared'));
    await updateImage(context, owner, image.id, { visibility: 'public' });
    await expect(remove()).rejects.toMatchObject(refusedAs('public'));
    await updateImage(context, owner, image.id, { visibility: 'private' });
    await unshareImage(context, owner, image.id, guest.accountId);
    await remove();
    await expect(findImage(context, owner, image.id)).rejects.toMatchObject({ code: 'image.not-found' });
  });

  it('is either shared or deleted first when both are asked for at once', async () => {
    await setUp();
    for (let round = 0; round < 6; round++) {
      const { id } = await makeImage(context, owner, [randomBytes(9)]);
      const [shared, deleted] = await Promise.allSettled([
        shareImage(context, owner, id, guest.accountId),
        deleteImage(context, owner, id, { unlessShared: true }),
      ]);
      expect([shared.status, deleted.status].sort()).toEqual(['fulfilled', 'rejected']);
      if (deleted.status === 'rejected') expect(deleted.reason).toMatchObject({ code: 'image.shared' });
    }
  });
});

describe('several accounts at once', () => {
  it('are refused until the image is settled, where the dialect wants that', async () => {
    await setUp();
    const add = { add: [guest.accountId], remove: [] };
    const change = (id: string) => changeMembers(context, owner, id, add, { settled: true });
    const { destinationImageId: made } = await copy(owner);
    await expect(change(made)).rejects.toMatchObject({ code: 'image.changing', facts: { image: made } });
    await changeMembers(context, owner, made, add);
    const imported = await makePlainImage(context, owner, { state: 'queued' });
    const exported = await makeImage(context, owner, [randomBytes(9)]);
    for (const [worked, kind, code] of [
      [imported, 'import', 'image.importing'],
      [exported, 'export', 'image.exporting'],
    ] as const) {
      const { id: task } = await inTransaction(context.db, (trx) => insertPlainTask(trx, worked, kind));
      await expect(change(worked.id)).rejects.toMatchObject({ code, facts: { image: worked.id, task } });
    }
    await change(image.id);
    expect(await visibility()).toBe('shared');
  });

  it('are added and removed together or not at all, whether they were members or not', async () => {
    await setUp();
    const other = await installation.newCaller();
    const names = async () => (await listMembers(context, owner, image.id)).map(({ accountId }) => accountId).sort();
    await share(undefined);
    const wrong = { add: [other.accountId, owner.accountId], remove: [guest.accountId] };
    await expect(changeMembers(context, owner, image.id, wrong)).rejects.toThrow('member.own');
    const many = { add: [other.accountId], remove: [] };
    await expect(changeMembers(context, owner, image.id, many, { most: 1 })).rejects.toThrow('member.limit');
    expect(await names()).toEqual([guest.accountId]);
    const change = { add: [other.accountId], remove: [guest.accountId, guest.accountName] };
    await changeMembers(context, owner, image.id, change, { accepted: true, most: 1 });
    expect(await listMembers(context, owner, image.id)).toMatchObject([
      { accountId: other.accountId, status: 'accepted' },
    ]);
    const [event] = (await eventsOf(owner, 'image.share')).slice(-1);
    expect(event).toMatchObject({ outcome: 'succeeded', details: { shared: change.add, unshared: change.remove } });
  });
});
