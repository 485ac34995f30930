import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeEncryptedImage } from '../../../../../test/support/encrypted-image.ts';
import { rowsOf } from '../../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../../test/support/huawei-api.ts';
import type { HuaweiClient } from '../../../../../test/support/huawei-client.ts';
import { expectImageFault, type Provocations } from '../../../../../test/support/huawei-faults.ts';
import { makeImageOfOthers, makePlainImage } from '../../../../../test/support/plain-image.ts';
import type { Caller } from '../../../../app/context.ts';
import { copyImages } from '../../../../app/copy-images.ts';
import { listMembers, shareImage } from '../../../../app/share-image.ts';
import { updateAccount } from '../../../../app/tenants/accounts.ts';
import { createProject } from '../../../../app/tenants/projects.ts';
import { updateImage } from '../../../../app/update-image.ts';
import type { NewImage } from '../../../../db/new-images.ts';
import type { Image } from '../../../../domain/image.ts';
import { commonFaults } from '../../common-faults.ts';
import { huaweiCopyPolicies } from '../../copy-policy.ts';
import type { Fault } from '../../fault.ts';
import { fromHexId, toHexId } from '../../ids.ts';
import { jobTypes } from '../job-types.ts';
import { addMemberFaults, deleteMemberFaults, readMemberFaults, updateMemberFaults } from './member-faults.ts';

let huawei: TestHuawei;
let pid: string;
let guest: Caller;
let guestPid: string;
/** Signs for the guest, in the north. */
let guests: HuaweiClient;

beforeAll(async () => {
  huawei = await createTestHuawei();
  pid = await huawei.projectOf('north');
  guest = await huawei.installation.newCaller();
  guestPid = await huawei.projectOf('north', guest);
  guests = await huawei.newClient('owner', { caller: guest, region: 'north' });
});
afterAll(() => huawei.close());

let image: Image;
beforeEach(async () => {
  image = await newImage();
});

const newImage = (changes: Partial<NewImage> = {}, caller: Caller = huawei.caller) =>
  makePlainImage(huawei.installation.context, caller, changes);

const path = '/v1/cloudimages/members';
const add = (body: object, client = huawei.client) => client.call('POST', path, { body });
const remove = (body: object, client = huawei.client) => client.call('DELETE', path, { body });
const answer = (body: object, client = guests) => client.call('PUT', path, { body });
const about = (changes: object = {}) => ({ images: [image.id], projects: [guestPid], ...changes });
const answering = (changes: object = {}) => ({
  images: [image.id],
  project_id: guestPid,
  status: 'accepted',
  ...changes,
});

type Answered = Awaited<ReturnType<typeof add>>;

/** What the job of this answer says that was done; the job must be done. */
async function resultsOf(answered: Answered, type: string, client = huawei.client) {
  const job = await jobOf(answered, type, client);
  expect(job).toMatchObject({ status: 'SUCCESS', error_code: null, fail_reason: null });
  expect(job.entities).toMatchObject({ process_percent: 1 });
  return job.entities.results;
}

/** The same of one that has failed, of which so much was done. */
async function resultsOfFailed(answered: Answered, type: string, first: Fault, done: number) {
  const job = await jobOf(answered, type);
  const { code, message } = first;
  expect(job).toMatchObject({
    status: 'FAIL',
    error_code: code,
    fail_reason: message,
    entities: { process_percent: done, error_code: code, error: message },
  });
  return job.entities.results;
}

async function jobOf({ status, body }: Answered, type: string, client = huawei.client) {
  expect({ status, body }).toEqual({ status: 200, body: { job_id: expect.stringMatching(/^[0-9a-f]{32}$/) } });
  const project = client === guests ? guestPid : pid;
  const job = await client.call('GET', `/v1/${project}/jobs/${body.job_id}`);
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(job.body).toMatchObject({ job_id: body.job_id, job_type: type, begin_time: time, end_time: time });
  return job.body;
}

const membersOf = async ({ id }: Image) =>
  (await listMembers(huawei.installation.context, huawei.caller, id)).map(({ accountId, status, projectId }) => ({
    accountId,
    status,
    projectId,
  }));

const imageOfOthers = () => makeImageOfOthers(huawei.installation, huawei.caller, 'shared');

/** With so many accounts the image is shared. */
async function fill(count: number): Promise<void> {
  const first = Math.floor(Math.random() * 1e14);
  await sql`
    WITH many AS (
      INSERT INTO accounts (id, name, number, created_at)
      SELECT gen_random_uuid(), 'member-' || number, number, 0
      FROM generate_series(${first}::bigint, ${first + count - 1}::bigint) AS number RETURNING id
    )
    INSERT INTO image_members (image, account, status, created_at, updated_at)
    SELECT ${image.id}, id, 'pending', 0, 0 FROM many`.execute(huawei.installation.context.db);
}

async function disabledProject(): Promise<string> {
  const { context, newCaller, operator } = huawei.installation;
  const gone = await newCaller();
  const project = await huawei.projectOf('north', gone);
  await updateAccount(context, operator, gone.accountId, { disabled: true });
  return project;
}

/** The guest copies the image, and the copy waits. */
async function copyByGuest(): Promise<void> {
  const { context } = huawei.installation;
  await shareImage(context, huawei.caller, image.id, guest.accountName, { accepted: true });
  const place = { images: [image.id], sourceRegion: 'north', regions: ['north'], name: 'copy' };
  await copyImages(context, guest, { policy: huaweiCopyPolicies.region, ...place });
}

const malformed = [randomUUID().slice(1), 'golden', 'x'.repeat(32)];

const adding: Provocations<typeof addMemberFaults> = {
  imageIdMalformed: () => add(about({ images: ['golden'] })),
  imageNotFound: () => add(about({ images: [randomUUID()] })),
  ownerOnly: async () => add(about({ images: [(await imageOfOthers()).id] })),
  projectMalformed: () => add(about({ projects: ['golden'] })),
  projectsMissing: () => add(about({ projects: [] })),
  projectNotFound: () => add(about({ projects: [toHexId(randomUUID())] })),
  async publicImage() {
    await updateImage(huawei.installation.context, huawei.caller, image.id, { visibility: 'public' });
    return await add(about());
  },
  ownProject: () => add(about({ projects: [pid] })),
  async encrypted() {
    image = await makeEncryptedImage(huawei.installation, huawei.caller);
    return await add(about());
  },
  async tooMany() {
    image = await newImage({ kind: 'whole-machine' });
    await fill(10);
    return await add(about());
  },
};

const deleting: Provocations<typeof deleteMemberFaults> = {
  imageIdMalformed: () => remove(about({ images: ['golden'] })),
  imageNotFound: () => remove(about({ images: [randomUUID()] })),
  ownerOnly: async () => remove(about({ images: [(await imageOfOthers()).id] })),
  projectMalformed: () => remove(about({ projects: ['golden'] })),
  projectsMissing: () => remove(about({ projects: undefined })),
  projectNotFound: () => remove(about({ projects: [toHexId(randomUUID())] })),
  memberNotFound: () => remove(about()),
  async imageUnavailable() {
    await copyByGuest();
    return await remove(about());
  },
};

const updating: Provocations<typeof updateMemberFaults> = {
  imageIdMalformed: () => answer(answering({ images: ['golden'] })),
  projectMalformed: () => answer(answering({ project_id: 'golden' })),
  imageNotFound: () => answer(answering()),
  async imageUnavailable() {
    await copyByGuest();
    return await answer(answering({ status: 'rejected' }));
  },
};

it.each([
  ...rowsOf(addMemberFaults, adding),
  ...rowsOf(deleteMemberFaults, deleting),
  ...rowsOf(updateMemberFaults, updating),
])('$fault.code $name: $fault.when', async ({ fault, provoke }) => {
  expectImageFault(await provoke(huawei), fault);
});

describe('BatchAddMembers', () => {
  it("shares with the projects' accounts, which are asked", async () => {
    const other = await huawei.installation.newCaller();
    const second = await newImage();
    const projects = [guestPid.toUpperCase(), await huawei.projectOf('north', other)];
    const asked = { images: [image.id, second.id, image.id], projects };
    const results = await resultsOf(await add(asked), jobTypes.addMembers);
    const lower = projects.map((each) => each.toLowerCase());
    const pairs = [image, second].flatMap(({ id }) => lower.map((project_id) => ({ image_id: id, project_id })));
    expect(results).toEqual(pairs.map((pair) => ({ ...pair, status: 'success' })));
    for (const each of [image, second]) {
      const expected = [guest, other].map(({ accountId }, index) => ({
        accountId,
        status: 'pending',
        projectId: fromHexId(lower[index] ?? ''),
      }));
      expect(await membersOf(each)).toEqual(expect.arrayContaining(expected));
    }
  });

  it('does what it can, and tells what it could not', async () => {
    const gone = randomUUID();
    const images = [gone, image.id];
    const projects = [guestPid, pid];
    const answered = await add({ images, projects });
    const results = await resultsOfFailed(answered, jobTypes.addMembers, addMemberFaults.imageNotFound, 0.25);
    const failed = ({ code, message }: Fault) => ({
      status: 'failed',
      error_code: code,
      fail_reason: message,
    });
    expect(results).toEqual([
      { image_id: gone, project_id: guestPid, ...failed(addMemberFaults.imageNotFound) },
      { image_id: gone, project_id: pid, ...failed(addMemberFaults.imageNotFound) },
      { image_id: image.id, project_id: guestPid, status: 'success' },
      { image_id: image.id, project_id: pid, ...failed(addMemberFaults.ownProject) },
    ]);
    expect(await membersOf(image)).toHaveLength(1);
  });

  it('leaves what was answered, and names the account by its project from now on', async () => {
    const { context } = huawei.installation;
    await shareImage(context, huawei.caller, image.id, guest.accountName, { accepted: true });
    const { result } = await createProject(context, guest, { region: 'north', name: 'north_guests', description: '' });
    await resultsOf(await add(about({ projects: [result.id] })), jobTypes.addMembers);
    expect(await membersOf(image)).toEqual([{ accountId: guest.accountId, status: 'accepted', projectId: result.id }]);
  });

  it('knows projects of the region alone, whose accounts are not disabled', async () => {
    const south = await huawei.projectOf('south', guest);
    for (const project of [south, await disabledProject()]) {
      expectImageFault(await add(about({ projects: [project] })), addMemberFaults.projectNotFound);
    }
    image = await newImage({ region: 'south' });
    expectImageFault(await add(about({ projects: [south] })), addMemberFaults.imageNotFound);
  });

  it.each([
    ['huawei', 128],
    ['otc', 256],
  ] as const)('%s: %d accounts', async (site, most) => {
    const there = await createTestHuawei({ on: huawei.installation, settings: { site } });
    image = await newImage({}, there.caller);
    await fill(most - 1);
    expect((await add(about(), there.client)).status).toBe(200);
    const projects = [pid];
    expectImageFault(await add(about({ projects }), there.client), addMemberFaults.tooMany, site);
    // Who is among them already is not one more.
    expect((await add(about(), there.client)).status).toBe(200);
    await there.close();
  });

  it('is for those who may share', async () => {
    const viewer = await huawei.newClient('viewer');
    expectImageFault(await add(about(), viewer), commonFaults.forbidden);
    expectImageFault(await remove(about(), viewer), commonFaults.forbidden);
    expectImageFault(await answer(answering(), viewer), commonFaults.forbidden);
  });

  it.each([
    { images: undefined },
    { images: [] },
    { images: 'all' },
    { images: [7] },
    { images: Array.from({ length: 257 }, () => randomUUID()) },
    {
      images: Array.from({ length: 26 }, () => randomUUID()),
      projects: Array.from({ length: 20 }, () => randomUUID()),
    },
  ])('%# is no request', async (changes) => {
    const fault = changes.images?.[0] === 7 ? addMemberFaults.imageIdMalformed : commonFaults.bodyInvalid;
    expectImageFault(await add(about(changes)), fault);
    expectImageFault(await remove(about(changes)), fault);
  });

  it.each(malformed)('%s is no project', async (project) => {
    expectImageFault(await add(about({ projects: [guestPid, project] })), addMemberFaults.projectMalformed);
    expect(await membersOf(image)).toEqual([]);
  });
});

describe('BatchDeleteMembers', () => {
  it("takes the image away from the projects' accounts", async () => {
    await add(about());
    const results = await resultsOf(await remove(about()), jobTypes.deleteMembers);
    expect(results).toEqual([{ image_id: image.id, project_id: guestPid, status: 'success' }]);
    expect(await membersOf(image)).toEqual([]);
  });

  it('does what it can, and tells what it could not', async () => {
    await add(about());
    const second = await newImage();
    const answered = await remove(about({ images: [second.id, image.id] }));
    const { memberNotFound } = deleteMemberFaults;
    const results = await resultsOfFailed(answered, jobTypes.deleteMembers, memberNotFound, 0.5);
    const { code, message } = memberNotFound;
    expect(results).toEqual([
      { image_id: second.id, project_id: guestPid, status: 'failed', error_code: code, fail_reason: message },
      { image_id: image.id, project_id: guestPid, status: 'success' },
    ]);
  });
});

describe('BatchUpdateMembers', () => {
  it('accepts and rejects, as often as one likes', async () => {
    await add(about());
    for (const status of ['rejected', 'accepted', 'accepted', 'rejected']) {
      const results = await resultsOf(await answer(answering({ status })), jobTypes.updateMembers, guests);
      expect(results).toEqual([{ image_id: image.id, project_id: guestPid, status: 'success' }]);
      expect(await membersOf(image)).toMatchObject([{ accountId: guest.accountId, status }]);
    }
  });

  it('takes an image of a whole machine with a vault or without one', async () => {
    image = await newImage({ kind: 'whole-machine' });
    await add(about());
    for (const more of [{}, { vault_id: randomUUID() }]) {
      expect((await answer(answering(more))).status).toBe(200);
    }
  });

  it('answers for own projects in the region alone', async () => {
    await add(about());
    const others = [pid, await huawei.projectOf('south', guest), randomUUID()];
    for (const project_id of others) {
      expectImageFault(await answer(answering({ project_id })), commonFaults.projectInvalid);
    }
    expect(await membersOf(image)).toMatchObject([{ status: 'pending' }]);
    // Nor does the owner answer for them.
    expectImageFault(await answer(answering({ project_id: pid }), huawei.client), updateMemberFaults.imageNotFound);
  });

  it('knows images of the region alone', async () => {
    image = await newImage({ region: 'south' });
    await shareImage(huawei.installation.context, huawei.caller, image.id, guest.accountName);
    expectImageFault(await answer(answering()), updateMemberFaults.imageNotFound);
  });

  it.each([{ status: undefined }, { status: 'pending' }, { status: 'Accepted' }, { images: [] }])(
    '%j is no answer',
    async (changes) => {
      expectImageFault(await answer(answering(changes)), commonFaults.bodyInvalid);
    },
  );
});

describe('ListImageMembers and ShowImageMember', () => {
  const list = (client = huawei.client, project = pid) =>
    client.call('GET', `/v1/${project}/cloudimages/${image.id}/members`);
  const show = (member: string, client = huawei.client, project = pid) =>
    client.call('GET', `/v1/${project}/cloudimages/${image.id}/members/${member}`);
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const member = (member_id: string, status: string) => ({
    status,
    created_at: time,
    updated_at: time,
    image_id: image.id,
    member_id,
    schema: '/v2/schemas/member',
    member_type: 'project',
    urn: '',
  });

  it('tell the owner of all, also of those who were named by no project', async () => {
    expect((await list()).body).toEqual({ members: [], schema: '/v2/schemas/members' });
    const other = await huawei.installation.newCaller();
    await shareImage(huawei.installation.context, huawei.caller, image.id, other.accountName, { accepted: true });
    await add(about());
    const otherPid = await huawei.projectOf('north', other);
    const [first, second] = [member(guestPid, 'pending'), member(otherPid, 'accepted')];
    const { body } = await list();
    expect(body).toEqual({ members: expect.arrayContaining([first, second]), schema: '/v2/schemas/members' });
    expect(body.members).toHaveLength(2);
    expect((await show(guestPid)).body).toEqual(first);
    expect((await show(otherPid)).body).toEqual(second);
  });

  it('tell a member of itself alone', async () => {
    const other = await huawei.installation.newCaller();
    await shareImage(huawei.installation.context, huawei.caller, image.id, other.accountName);
    await add(about());
    const own = member(guestPid, 'pending');
    expect((await list(guests, guestPid)).body.members).toEqual([own]);
    expect((await show(guestPid, guests, guestPid)).body).toEqual(own);
    const another = await show(await huawei.projectOf('north', other), guests, guestPid);
    expectImageFault(another, readMemberFaults.memberNotFound);
  });

  it('tell others nothing', async () => {
    for (const answered of [await list(guests, guestPid), await show(guestPid, guests, guestPid)]) {
      expectImageFault(answered, readMemberFaults.imageNotFound);
    }
    for (const id of [guestPid, toHexId(randomUUID()), 'golden']) {
      expectImageFault(await show(id), readMemberFaults.memberNotFound);
    }
    image = { ...image, id: 'golden' };
    for (const answered of [await list(), await show(guestPid)]) {
      expectImageFault(answered, readMemberFaults.imageIdMalformed);
    }
  });
});
