/** Images in enterprise projects: moved and listed as Terraform does it, and every row of the tables. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import type { HuaweiClient } from '../../../../test/support/huawei-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/huawei-faults.ts';
import { makePlainImage } from '../../../../test/support/plain-image.ts';
import type { Caller } from '../../../app/context.ts';
import { copyImages } from '../../../app/copy-images.ts';
import { findImage } from '../../../app/find-image.ts';
import { listEvents } from '../../../app/list-events.ts';
import { createProject } from '../../../app/tenants/projects.ts';
import { createResourceGroup, updateResourceGroup } from '../../../app/tenants/resource-groups.ts';
import type { NewImage } from '../../../db/new-images.ts';
import type { Image } from '../../../domain/image.ts';
import { huaweiCopyPolicies } from '../copy-policy.ts';
import { toHexId } from '../ids.ts';
import { listResourcesFaults, migrateFaults } from './resource-faults.ts';

let huawei: TestHuawei;
let viewer: HuaweiClient;
let other: Caller;
/** The default projects of the account, and of another one. */
let pid: string;
let southPid: string;
let otherPid: string;
/** A group of another account. */
let foreign: string;
beforeAll(async () => {
  huawei = await createTestHuawei();
  viewer = await huawei.newClient('viewer');
  other = await huawei.installation.newCaller();
  pid = await huawei.projectOf('north');
  southPid = await huawei.projectOf('south');
  otherPid = await huawei.projectOf('north', other);
  foreign = await newGroup(other);
});
afterAll(() => huawei.close());

let made = 0;
async function newGroup(caller: Caller = huawei.caller): Promise<string> {
  made += 1;
  const group = { name: `group-${made}`, description: '' };
  return (await createResourceGroup(huawei.installation.context, caller, group)).result.id;
}

const newImage = (changes: Partial<NewImage> = {}, caller: Caller = huawei.caller) =>
  makePlainImage(huawei.installation.context, caller, changes);

let group: string;
let image: Image;
beforeEach(async () => {
  group = await newGroup();
  image = await newImage();
});

const moving = (changes: object = {}) => ({
  resource_type: 'images',
  resource_id: image.id,
  project_id: pid,
  region_id: 'south',
  ...changes,
});
const asking = (changes: object = {}) => ({ projects: [pid], resource_types: ['images'], ...changes });

const migrate = (body: unknown, to = group, by = huawei.client) =>
  by.call('POST', `/v1.0/enterprise-projects/${to}/resources-migrate`, { body });
const filter = (body: unknown, of = group, by = huawei.client) =>
  by.call('POST', `/v1.0/enterprise-projects/${of}/resources/filter`, { body });

async function groupOf({ id }: Image, caller: Caller = huawei.caller): Promise<string | null> {
  return (await findImage(huawei.installation.context, caller, id)).resourceGroupId;
}

async function idsOf(body: object, of = group): Promise<string[]> {
  const answer = await filter(body, of);
  expect(answer.status).toBe(200);
  return answer.body.resources.map((resource: { resource_id: string }) => resource.resource_id);
}

describe('an image', () => {
  it('is moved into an enterprise project, and out of it again', async () => {
    expect(await migrate(moving())).toMatchObject({ status: 204, body: '' });
    expect(await groupOf(image)).toBe(group);
    expect(await migrate(moving(), '0')).toMatchObject({ status: 204, body: '' });
    expect(await groupOf(image)).toBeNull();
  });

  it('is found by its project in any region, whatever region is named', async () => {
    image = await newImage({ region: 'south' });
    expect(await migrate(moving({ project_id: southPid, region_id: 'north' }))).toMatchObject({ status: 204 });
    expect(await groupOf(image)).toBe(group);
  });

  it('is not found by a project that is no text', async () => {
    expect((await migrate(moving({ project_id: { toString: 1, valueOf: 1 } }))).status).toBe(400);
    expect((await filter(asking({ projects: [{ toString: 1, valueOf: 1 }] }))).status).toBe(400);
  });

  it('is shown in it by the image service', async () => {
    await migrate(moving());
    const { body } = await huawei.client.call('GET', '/v2/cloudimages', {
      query: { id: image.id, enterprise_project_id: group },
    });
    expect(body.images).toMatchObject([{ id: image.id, enterprise_project_id: group }]);
  });
});

describe('the list', () => {
  it('tells of each image where it is', async () => {
    image = await newImage({ name: 'listed' });
    await migrate(moving());
    const answer = await filter(asking());
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 200,
      body: {
        resources: [
          {
            enterprise_project_id: group,
            project_id: pid,
            project_name: 'north',
            resource_id: image.id,
            resource_name: 'listed',
            resource_type: 'images',
            resource_detail: null,
          },
        ],
        errors: [],
        total_count: 1,
      },
    });
  });

  it('is of the projects that are asked for, newest first', async () => {
    const { installation, caller } = huawei;
    const { result: project } = await createProject(installation.context, caller, {
      region: 'north',
      name: `north_${group}`,
      description: '',
    });
    const [old, south, apart] = [
      await newImage({ resourceGroupId: group, createdAt: 1 }),
      await newImage({ resourceGroupId: group, createdAt: 2, region: 'south' }),
      await newImage({ resourceGroupId: group, createdAt: 3, projectId: project.id }),
    ];
    const apartPid = toHexId(project.id);
    expect(await idsOf(asking())).toEqual([old.id]);
    expect(await idsOf(asking({ projects: [pid, southPid, apartPid] }))).toEqual([apart.id, south.id, old.id]);
    expect(await idsOf(asking({ projects: [otherPid] }))).toEqual([]);
  });

  it('of the default one is of images that are in none, and of no other account', async () => {
    const shown = await newImage({ visibility: 'public' }, other);
    const grouped = await newImage({ resourceGroupId: group });
    const ids = await idsOf(asking({ projects: [pid, otherPid] }), '0');
    expect(ids).toContain(image.id);
    expect(ids).not.toContain(grouped.id);
    expect(ids).not.toContain(shown.id);
  });

  it('is read page after page until one is empty', async () => {
    const images = await Promise.all([1, 2, 3].map((createdAt) => newImage({ resourceGroupId: group, createdAt })));
    const newestFirst = images.map(({ id }) => id).toReversed();
    expect(await idsOf(asking({ limit: 2 }))).toEqual(newestFirst.slice(0, 2));
    expect(await idsOf(asking({ limit: 2, offset: 2 }))).toEqual(newestFirst.slice(2));
    expect((await filter(asking({ limit: 1000, offset: 3 }))).body).toEqual({
      resources: [],
      errors: [],
      total_count: 3,
    });
  });

  it('is of images that have a text in their names', async () => {
    const [found] = [
      await newImage({ resourceGroupId: group, name: 'Golden one' }),
      await newImage({ resourceGroupId: group, name: 'other' }),
    ];
    const matches = [{ key: 'resource_name', value: 'golden' }];
    expect(await idsOf(asking({ matches }))).toEqual([found.id]);
  });
});

const moves: Provocations<typeof migrateFaults> = {
  badRequest: () => migrate(moving({ resource_id: '' })),
  forbidden: () => migrate(moving(), group, viewer),
  notFound: () => migrate(moving(), foreign),
  typeInvalid: () => migrate(moving({ resource_type: 'ecs' })),
  projectInvalid: () => migrate(moving({ project_id: undefined })),
};

const lists: Provocations<typeof listResourcesFaults> = {
  badRequest: () => filter(asking({ matches: [{ key: 'resource_id', value: image.id }] })),
  notFound: () => filter(asking(), foreign),
  limitInvalid: () => filter(asking({ limit: 1001 })),
  offsetInvalid: () => filter(asking({ offset: -1 })),
  projectsEmpty: () => filter(asking({ projects: [] })),
  projectsRepeated: () => filter(asking({ projects: [pid, pid.toUpperCase()] })),
  projectsInvalid: () => filter(asking({ projects: ['north'] })),
  typesEmpty: () => filter(asking({ resource_types: undefined })),
  typesRepeated: () => filter(asking({ resource_types: ['images', 'images'] })),
  typeInvalid: () => filter(asking({ resource_types: ['images', 'ecs'] })),
};

describe.each([
  ['moving', rowsOf(migrateFaults, moves)],
  ['listing', rowsOf(listResourcesFaults, lists)],
])('%s', (_, rows) => {
  it.each(rows)('is refused: $name', async ({ fault, provoke }) => {
    expectFault(await provoke(huawei), fault, { service: 'eps' });
  });
});

describe('nothing is moved', () => {
  const refused = async (body: unknown, row: keyof Provocations<typeof migrateFaults>, to?: string) =>
    expectFault(await migrate(body, to), migrateFaults[row], { service: 'eps' });

  it("that is another account's, whosever project is named", async () => {
    const shown = await newImage({ visibility: 'public' }, other);
    for (const project_id of [pid, otherPid]) await refused(moving({ resource_id: shown.id, project_id }), 'notFound');
    expect(await groupOf(shown, other)).toBeNull();
  });

  it("that is another project's, or called by another name", async () => {
    await refused(moving({ project_id: southPid }), 'notFound');
    await refused(moving({ project_id: otherPid }), 'notFound');
    await refused(moving({ resource_id: image.aliyunId }), 'notFound');
    await refused(moving({ resource_id: '00000000-0000-4000-8000-000000000000' }), 'notFound');
    expect(await groupOf(image)).toBeNull();
  });

  it("into another account's, a disabled or an unknown enterprise project, or one that is called by its name", async () => {
    const { installation, caller } = huawei;
    await updateResourceGroup(installation.context, caller, group, { name: `named-${made}`, disabled: true });
    const unknown = '00000000-0000-4000-8000-000000000000';
    for (const to of [group, foreign, unknown, `named-${made}`]) await refused(moving(), 'notFound', to);
    expect(await groupOf(image)).toBeNull();
  });

  it('while a copy reads it', async () => {
    const { installation, caller } = huawei;
    await copyImages(installation.context, caller, {
      policy: huaweiCopyPolicies.region,
      images: [image.id],
      sourceRegion: 'north',
      regions: ['north'],
      name: 'copy',
    });
    await refused(moving(), 'badRequest');
    expect(await groupOf(image)).toBeNull();
  });

  it('by a viewer, which is written down without saying which image', async () => {
    expectFault(await migrate(moving(), group, viewer), migrateFaults.forbidden, { service: 'eps' });
    const { events } = await listEvents(huawei.installation.context, huawei.caller, { limit: 1 });
    expect(events).toMatchObject([{ type: 'image.update', outcome: 'forbidden', resource: { type: 'image', id: '' } }]);
  });
});
