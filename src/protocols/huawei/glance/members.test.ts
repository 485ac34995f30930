/** Members of images in the native API. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import type { HuaweiClient } from '../../../../test/support/huawei-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/huawei-faults.ts';
import { makePlainImage } from '../../../../test/support/plain-image.ts';
import type { Caller } from '../../../app/context.ts';
import { copyImages } from '../../../app/copy-images.ts';
import { shareImage } from '../../../app/share-image.ts';
import { answerShare, listShares } from '../../../app/shares.ts';
import { updateAccount } from '../../../app/tenants/accounts.ts';
import { createProject } from '../../../app/tenants/projects.ts';
import { updateImage } from '../../../app/update-image.ts';
import type { Image } from '../../../domain/image.ts';
import { huaweiCopyPolicies } from '../copy-policy.ts';
import { toHexId } from '../ids.ts';
import { memberFaults } from './member-faults.ts';

let huawei: TestHuawei;
let guest: Caller;
let guestPid: string;
/** A token of the guest's, in the north. */
let guests: HuaweiClient;
let image: Image;

beforeAll(async () => {
  huawei = await createTestHuawei();
  guest = await huawei.installation.newCaller();
  guestPid = await huawei.projectOf('north', guest);
  guests = await huawei.newClient('owner', { caller: guest, region: 'north' });
});
afterAll(() => huawei.close());
beforeEach(async () => {
  image = await newImage();
});

const newImage = (changes = {}, caller = huawei.caller) => makePlainImage(huawei.installation.context, caller, changes);

const path = (member?: string, id = image.id) => `/v2/images/${id}/members${member === undefined ? '' : `/${member}`}`;
const add = (member: unknown = guestPid, id = image.id) =>
  huawei.client.call('POST', path(undefined, id), { body: { member } });
const list = (client = huawei.client, id = image.id) => client.call('GET', path(undefined, id));
const show = (member = guestPid, client = huawei.client) => client.call('GET', path(member));
const remove = (member = guestPid, client = huawei.client, id = image.id) => client.call('DELETE', path(member, id));
const answer = (status: unknown = 'accepted', member = guestPid, client = guests) =>
  client.call('PUT', path(member), { body: { status, member } });

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
const member = (member_id: string, status = 'pending') => ({
  status,
  created_at: time,
  updated_at: time,
  image_id: image.id,
  member_id,
  schema: '/v2/schemas/member',
});

async function copyByGuest(): Promise<void> {
  const { context } = huawei.installation;
  await shareImage(context, huawei.caller, image.id, guest.accountName, { accepted: true });
  const place = { images: [image.id], sourceRegion: 'north', regions: ['north'], name: 'copy' };
  await copyImages(context, guest, { policy: huaweiCopyPolicies.region, ...place });
}

const provocations: Provocations<typeof memberFaults> = {
  malformed: () => add(''),
  async forbidden() {
    await add();
    return await guests.call('POST', path(), { body: { member: guestPid } });
  },
  async publicImage() {
    await updateImage(huawei.installation.context, huawei.caller, image.id, { visibility: 'public' });
    return await add();
  },
  notFound: () => add(toHexId(randomUUID())),
  async conflict() {
    await copyByGuest();
    return await remove();
  },
  async tooMany() {
    image = await newImage({ kind: 'whole-machine' });
    await sql`
      WITH many AS (
        INSERT INTO accounts (id, name, number, created_at)
        SELECT gen_random_uuid(), 'member-' || number, number, 0 FROM generate_series(1, 10) AS number RETURNING id
      )
      INSERT INTO image_members (image, account, status, created_at, updated_at)
      SELECT ${image.id}, id, 'pending', 0, 0 FROM many`.execute(huawei.installation.context.db);
    return await add();
  },
};

it.each(rowsOf(memberFaults, provocations))('$fault.code $name: $fault.when', async ({ fault, provoke }) => {
  expectFault(await provoke(huawei), fault, { service: 'glance' });
});

const expectNotFound = (answered: Awaited<ReturnType<typeof add>>) =>
  expectFault(answered, memberFaults.notFound, { service: 'glance' });
const expectForbidden = (answered: Awaited<ReturnType<typeof add>>) =>
  expectFault(answered, memberFaults.forbidden, { service: 'glance' });
const expectMalformed = (answered: Awaited<ReturnType<typeof add>>) =>
  expectFault(answered, memberFaults.malformed, { service: 'glance' });

describe('adding a member', () => {
  it('asks its account, and does nothing when it is there', async () => {
    const added = await add();
    expect(added).toMatchObject({ status: 200, headers: { 'content-type': 'application/json;charset=utf-8' } });
    expect(added.body).toEqual(member(guestPid));
    expect((await answer()).status).toBe(200);
    expect((await add()).body).toEqual(member(guestPid, 'accepted'));
    expect((await list()).body.members).toHaveLength(1);
  });

  it.each(['00000000', 'golden', randomUUID()])('does not know the project %s', async (project) => {
    expectNotFound(await add(project));
  });

  it('is not for the own account, other regions, or a disabled account', async () => {
    expectMalformed(await add(await huawei.projectOf('north')));
    expectNotFound(await add(await huawei.projectOf('south')));
    expectNotFound(await add(await huawei.projectOf('south', guest)));
    const { context, newCaller, operator } = huawei.installation;
    const gone = await newCaller();
    const project = await huawei.projectOf('north', gone);
    await updateAccount(context, operator, gone.accountId, { disabled: true });
    expectNotFound(await add(project));
    for (const wrong of [null, '', 7, ['x']]) expectMalformed(await add(wrong));
    expect((await list()).body.members).toEqual([]);
  });

  it('is not for images of another region, or of others, or for what is none', async () => {
    const south = await newImage({ region: 'south' });
    const theirs = await newImage({}, guest);
    for (const id of [south.id, theirs.id, randomUUID(), 'golden', image.aliyunId]) {
      expectNotFound(await add(guestPid, id));
      expectNotFound(await remove(guestPid, huawei.client, id));
    }
  });
});

describe('members are told', () => {
  it('to the owner, with the project that each was named by', async () => {
    const { context, newCaller } = huawei.installation;
    const { result } = await createProject(context, guest, { region: 'north', name: 'north_guests', description: '' });
    const other = await newCaller();
    await shareImage(context, huawei.caller, image.id, other.accountName);
    await add(toHexId(result.id));
    const otherPid = await huawei.projectOf('north', other);
    const { body } = await list();
    expect(body).toEqual({
      members: expect.arrayContaining([member(toHexId(result.id)), member(otherPid)]),
      schema: '/v2/schemas/members',
    });
    expect(body.members).toHaveLength(2);
    // Any of the account's projects means it.
    for (const id of [result.id, toHexId(result.id), guestPid]) {
      expect((await show(id)).body).toEqual(member(toHexId(result.id)));
    }
    expect((await show(otherPid)).body).toEqual(member(otherPid));
  });

  it('to a member: itself alone, and not what rejected', async () => {
    const other = await huawei.installation.newCaller();
    await shareImage(huawei.installation.context, huawei.caller, image.id, other.accountName);
    expectNotFound(await list(guests));
    await add();
    expect((await list(guests)).body).toEqual({ members: [member(guestPid)], schema: '/v2/schemas/members' });
    expect((await show(guestPid, guests)).body).toEqual(member(guestPid));
    expectNotFound(await show(await huawei.projectOf('north', other), guests));
    expectForbidden(await remove(guestPid, guests));
    await answer('rejected');
    expectNotFound(await list(guests));
  });

  it('of a public image: to nobody else', async () => {
    await updateImage(huawei.installation.context, huawei.caller, image.id, { visibility: 'public' });
    expect((await list(guests)).body.members).toEqual([]);
    expectNotFound(await show(guestPid, guests));
    expectForbidden(await answer());
  });

  it('as none where there is none', async () => {
    for (const id of [guestPid, toHexId(randomUUID()), 'golden']) expectNotFound(await show(id));
    for (const id of [randomUUID(), 'golden']) expectNotFound(await list(huawei.client, id));
  });
});

describe('an answer', () => {
  it("is the member's, at any time", async () => {
    await add();
    for (const status of ['accepted', 'rejected', 'accepted']) {
      const answered = await answer(status);
      expect(answered).toMatchObject({ status: 200 });
      expect(answered.body).toEqual(member(guestPid, status));
    }
    const bare = await guests.call('PUT', path(guestPid), { body: { status: 'rejected', vault_id: 'x' } });
    expect(bare.body).toEqual(member(guestPid, 'rejected'));
    const { shares } = await listShares(huawei.installation.context, guest, { limit: 1 });
    expect(shares).toMatchObject([{ image: { id: image.id }, status: 'rejected' }]);
  });

  it("is nobody else's", async () => {
    await add();
    expectForbidden(await answer('accepted', guestPid, huawei.client));
    for (const project of [await huawei.projectOf('north'), await huawei.projectOf('south', guest), 'golden']) {
      expectNotFound(await answer('accepted', project));
    }
    const stranger = await huawei.newClient('owner', { caller: await huawei.installation.newCaller() });
    expectNotFound(await answer('accepted', guestPid, stranger));
    expect((await list()).body.members).toEqual([member(guestPid)]);
  });

  it('is one of two words', async () => {
    await add();
    for (const status of [null, '', 'pending', 'Accepted', true]) expectMalformed(await answer(status));
  });

  it('does not reject what a copy of the account reads', async () => {
    await copyByGuest();
    expectFault(await answer('rejected'), memberFaults.conflict, { service: 'glance' });
  });

  it('is about images of the region', async () => {
    image = await newImage({ region: 'south' });
    await shareImage(huawei.installation.context, huawei.caller, image.id, guest.accountName);
    expectNotFound(await answer());
  });
});

it('a member is taken away by any project of its account', async () => {
  await add();
  await answerShare(huawei.installation.context, guest, image.id, 'accepted');
  expectNotFound(await remove(toHexId(randomUUID())));
  expect(await remove()).toMatchObject({ status: 204, body: '' });
  expectNotFound(await remove());
  expectNotFound(await list(guests));
});

it('viewers see members and change nothing', async () => {
  const viewer = await huawei.newClient('viewer');
  expect((await list(viewer)).status).toBe(200);
  expectForbidden(await viewer.call('POST', path(), { body: { member: guestPid } }));
  expectForbidden(await remove(guestPid, viewer));
  expectForbidden(await answer('accepted', guestPid, viewer));
});
