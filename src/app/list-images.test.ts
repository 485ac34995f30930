import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from '../../test/support/installation.ts';
import { insertPlainImage } from '../../test/support/plain-image.ts';
import { insertMember } from '../db/image-members.ts';
import type { Cursor } from '../db/paging.ts';
import { insertProject } from '../db/tenants/projects.ts';
import { newSnapshot, newUuid } from '../domain/ids.ts';
import { type DiskFormat, diskFormats } from '../domain/image.ts';
import { type ImageSort, type MomentFilter, stateOrder } from '../domain/image-query.ts';
import type { MemberStatus } from '../domain/sharing.ts';
import { type ImageState, imageStates } from '../domain/states.ts';
import type { AppContext, Caller } from './context.ts';
import { deleteImage } from './delete-image.ts';
import { findImage } from './find-image.ts';
import { type ImageQuery, type ListImagesQuery, listImages, listImagesCounted } from './list-images.ts';

let installation: Installation;
let context: AppContext;
let caller: Caller;
beforeAll(async () => {
  installation = await createInstallation();
  context = installation.context;
  caller = await installation.newCaller();
});
afterAll(() => installation.close());

const everything: ListImagesQuery = { owner: 'self', sort: 'createdAt', descending: false, limit: 100 };

async function list(query: Partial<ListImagesQuery>, by = caller): Promise<string[]> {
  return (await listImages(context, by, { ...everything, ...query })).images.map(({ name }) => name);
}

type PlainImage = Parameters<typeof insertPlainImage>[2];

function insert(changes: Partial<PlainImage>, by = caller): Promise<string> {
  return context.db.transaction().execute((trx) => insertPlainImage(trx, by, { region: 'north', ...changes }));
}

function disksOf(size: number, format: DiskFormat | null = null): NonNullable<PlainImage['disks']> {
  return [
    {
      index: 0,
      role: 'data',
      format,
      size,
      dataBytes: null,
      digest: null,
      key: null,
      snapshot: newSnapshot(context.random),
    },
  ];
}

/** All pages, with `between` done after each. */
async function pages(
  by: Caller,
  query: Partial<ListImagesQuery>,
  between: (page: readonly string[]) => Promise<void> = async () => {},
) {
  const found: string[] = [];
  for (let after: Cursor | undefined; ; ) {
    const { images, next } = await listImages(context, by, { ...everything, ...query, after });
    found.push(...images.map(({ id }) => id));
    if (next === null) return found;
    expect(images).toHaveLength(query.limit as number);
    after = next;
    await between(images.map(({ id }) => id));
  }
}

describe('the pages of a list', () => {
  const names = ['b', 'B', 'a', 'A', 'ä', 'ab', 'a b', 'a-b', 'é', 'e', '-', '_', '1', '10', '2', '日本', 'z', '😀'];

  it.each<[ImageSort, boolean]>([
    ['name', false],
    ['name', true],
    ['createdAt', true],
    ['updatedAt', false],
    ['size', true],
    ['id', false],
    ['id', true],
    ['state', false],
    ['state', true],
    ['format', true],
  ])('by %s, descending %s, are the list that is asked for at once', async (sort, descending) => {
    const lister = await installation.newCaller();
    for (const [number, name] of names.entries()) {
      const disks = number === 17 ? [] : disksOf(1 + (number % 5), diskFormats[number % 8]);
      const state = imageStates[number % imageStates.length] as ImageState;
      await insert({ name, createdAt: number % 4, updatedAt: number % 3, state, disks }, lister);
    }
    const whole = await pages(lister, { sort, descending });
    expect(new Set(whole).size).toBe(names.length);
    for (const limit of [1, 4, 17, 18]) expect(await pages(lister, { sort, descending, limit })).toEqual(whole);
  });

  it('by state have together what dialects have one word for', async () => {
    const lister = await installation.newCaller();
    for (const [number, state] of [...imageStates, ...imageStates].entries()) {
      await insert({ name: state, state, createdAt: number }, lister);
    }
    const sorted = await list({ sort: 'state' }, lister);
    expect(sorted).toEqual(stateOrder.flatMap((state) => [state, state]));
    expect(sorted.toSorted()).toEqual([...imageStates, ...imageStates].toSorted());
  });

  it('miss none and repeat none while others come and go', async () => {
    const lister = await installation.newCaller();
    const kept = new Set<string>();
    for (let number = 0; number < 12; number++)
      kept.add(await insert({ name: `image ${number}`, createdAt: 100 }, lister));
    const seen = await pages(lister, { limit: 3 }, async (page) => {
      await deleteImage(context, lister, page.at(-1) as string);
      await insert({ name: 'new', createdAt: 50 }, lister);
    });
    expect(new Set(seen)).toEqual(kept);
    expect(seen).toHaveLength(12);
  });
});

describe('a page by its place', () => {
  const order = { sort: 'createdAt', descending: true } as const;

  it('is a part of the list, with the number of all', async () => {
    const lister = await installation.newCaller();
    for (let number = 0; number < 7; number++) {
      await insert(
        { name: `image ${number}`, createdAt: number % 3, tags: { n: `${number}` }, disks: disksOf(9) },
        lister,
      );
    }
    for (const sort of ['createdAt', 'name', 'size'] as const) {
      for (const descending of [true, false]) {
        const { images: whole } = await listImages(context, lister, { ...everything, sort, descending });
        for (const [offset, limit] of [
          [0, 3],
          [3, 3],
          [6, 3],
          [0, 100],
        ] as const) {
          const page = await listImagesCounted(context, lister, { owner: 'self', sort, descending }, { offset, limit });
          expect(page).toEqual({ images: whole.slice(offset, offset + limit), total: 7 });
        }
      }
    }
  });

  it('tells the number beyond the end and of nothing, too', async () => {
    const lister = await installation.newCaller();
    await insert({}, lister);
    const at = (query: Partial<ImageQuery>, offset: number) =>
      listImagesCounted(context, lister, { owner: 'self', ...order, ...query }, { offset, limit: 10 });
    expect(await at({}, 10)).toEqual({ images: [], total: 1 });
    for (const query of [{ name: 'x' }, { project: 'nowhere' }, { region: 'west' }]) {
      expect(await at(query, 0)).toEqual({ images: [], total: 0 });
    }
  });

  it('has no more than the caller sees', async () => {
    const restricted: Caller = { ...(await installation.newCaller()), agency: 'helpers', projects: [] };
    await insert({}, { ...restricted, projects: null });
    expect(await listImagesCounted(context, restricted, { owner: 'self', ...order }, { offset: 0, limit: 1 })).toEqual({
      images: [],
      total: 0,
    });
  });
});

describe('the filters of a list', () => {
  let lab: string;
  let copied: string;
  beforeAll(async () => {
    lab = newUuid(context.random);
    const project = {
      id: lab,
      accountId: caller.accountId,
      region: 'north',
      name: 'lab',
      description: '',
      isDefault: false,
      createdAt: 0,
    };
    await context.db.transaction().execute((trx) => insertProject(trx, project));
    copied = await insert({
      name: 'debian',
      description: '100 % sure',
      tags: { os: 'linux', team: 'a' },
      attributes: { osType: 'linux', family: 'debian', cloudInit: true },
      properties: { login: 'root', '"quoted"': "it's" },
      createdAt: 10,
      updatedAt: 1010,
    });
    await insert({ name: 'debian', region: 'south', sourceImageId: copied, state: 'failed', createdAt: 20 });
    await insert({
      name: 'in the lab',
      attributes: { osType: 'windows' },
      projectId: lab,
      tags: { os: 'other' },
      createdAt: 30,
    });
    const properties = { login: 'admin' };
    const local = { kind: 'iso', rootDevice: 'local-disk' } as const;
    await insert({ name: '100_percent', ...local, protected: true, properties, createdAt: 40, updatedAt: 1999 });
  });

  it.each<[string, () => Partial<ListImagesQuery>, string[]]>([
    ['a region', () => ({ region: 'south' }), ['debian']],
    ['a region that is not configured', () => ({ region: 'west' }), []],
    ['a name', () => ({ name: 'debian' }), ['debian', 'debian']],
    ['a name with a wildcard', () => ({ namePattern: 'deb*n' }), ['debian', 'debian']],
    ['wildcards at its ends', () => ({ namePattern: '*e*' }), ['debian', 'debian', 'in the lab', '100_percent']],
    ['a whole name that is a pattern', () => ({ namePattern: 'debian' }), ['debian', 'debian']],
    ['a part of the name, which no pattern is', () => ({ namePattern: 'deb' }), []],
    ['a pattern with characters that patterns know', () => ({ namePattern: '100_*' }), ['100_percent']],
    ['a pattern in which these mean nothing', () => ({ namePattern: 'debia_' }), []],
    ['ids', () => ({ ids: [copied, copied, newUuid(context.random)] }), ['debian']],
    ['ids that are none', () => ({ ids: ['x', 'm-short', ''] }), []],
    ['no id', () => ({ ids: [] }), []],
    ['an attribute', () => ({ attributes: { osType: 'linux' } }), ['debian']],
    ['attributes, all of them', () => ({ attributes: { osType: 'linux', cloudInit: true } }), ['debian']],
    ['attributes, of which it has one', () => ({ attributes: { osType: 'linux', family: 'other' } }), []],
    [
      'an attribute that is taken for so',
      () => ({ attributes: { osType: 'linux' }, assumed: { osType: 'linux', family: 'any' } }),
      ['debian', 'debian', '100_percent'],
    ],
    ["its owner's number", () => ({ ownerAccountNumber: caller.accountNumber, kind: 'iso' }), ['100_percent']],
    ["another owner's number", () => ({ ownerAccountNumber: installation.operator.accountNumber }), []],
    ['a project by name', () => ({ project: 'lab' }), ['in the lab']],
    ['a project by id', () => ({ project: lab }), ['in the lab']],
    ['a project that is not there', () => ({ project: 'nowhere' }), []],
    ['a resource group that is not there', () => ({ resourceGroup: 'nothing' }), []],
    ['a source', () => ({ source: copied }), ['debian']],
    ['a source that is none', () => ({ source: 'img-0000000000' }), []],
    ['a part in any case', () => ({ search: 'DEB' }), ['debian', 'debian']],
    ['a part of the description', () => ({ search: '% s' }), ['debian']],
    ['a part with a character that patterns know', () => ({ search: '100_' }), ['100_percent']],
    ['a whole id', () => ({ search: copied }), ['debian']],
    ['a tag', () => ({ tags: [{ key: 'os', value: null }] }), ['debian', 'in the lab']],
    [
      'a tag with its value, and another',
      () => ({
        tags: [
          { key: 'os', value: 'linux' },
          { key: 'team', value: null },
        ],
      }),
      ['debian'],
    ],
    [
      'a tag, and the same with its value',
      () => ({
        tags: [
          { key: 'os', value: null },
          { key: 'os', value: 'linux' },
        ],
      }),
      ['debian'],
    ],
    [
      'two values of one tag',
      () => ({
        tags: [
          { key: 'os', value: 'linux' },
          { key: 'os', value: 'other' },
        ],
      }),
      [],
    ],
    [
      'nothing that it has to have',
      () => ({
        attributes: { osType: undefined },
        properties: {},
        traits: [],
        tags: [],
        tagSets: [{ match: 'any', choices: [] }],
        created: [],
        updated: [],
      }),
      ['debian', 'debian', 'in the lab', '100_percent'],
    ],
    ['states', () => ({ states: ['failed', 'available'] }), ['debian']],
    ['no state', () => ({ states: [] }), []],
    ['a kind', () => ({ kind: 'iso' }), ['100_percent']],
    ['its root on a local disk', () => ({ rootDevice: 'local-disk' }), ['100_percent']],
    ['its root on a cloud disk', () => ({ rootDevice: 'cloud-disk', region: 'north' }), ['debian', 'in the lab']],
    ['a time', () => ({ createdAfter: 20, createdBefore: 40 }), ['debian', 'in the lab']],
    ['a time of change', () => ({ updatedAfter: 1010, updatedBefore: 1999 }), ['debian']],
    ['a property', () => ({ properties: { login: 'admin' } }), ['100_percent']],
    ['properties, all of them', () => ({ properties: { login: 'root', '"quoted"': "it's" } }), ['debian']],
    ['properties, of which it has one', () => ({ properties: { login: 'admin', other: '' } }), []],
    ['protection', () => ({ protected: true }), ['100_percent']],
    ['no protection', () => ({ protected: false, region: 'north' }), ['debian', 'in the lab']],
    ['a project of its own', () => ({ ownProject: lab }), ['in the lab']],
    ["a project of the account, whatever others' are", () => ({ owner: 'any', ownProject: lab }), ['in the lab']],
  ])('let through what has %s', async (_, query, names) => {
    expect(await list(query())).toEqual(names);
  });

  it.each<[MomentFilter['op'], string[]]>([
    ['lt', ['before']],
    ['lte', ['before', 'first', 'last']],
    ['eq', ['first', 'last']],
    ['neq', ['before', 'after']],
    ['gte', ['first', 'last', 'after']],
    ['gt', ['after']],
  ])('know of a moment with %s its second', async (op, names) => {
    const lister = await installation.newCaller();
    const moments = { before: 4999, first: 5000, last: 5999, after: 6000 };
    for (const [name, at] of Object.entries(moments)) await insert({ name, createdAt: at, updatedAt: at }, lister);
    for (const at of [5000, 5500]) {
      expect(await list({ created: [{ op, at }] }, lister)).toEqual(names);
      expect(await list({ updated: [{ op, at }] }, lister)).toEqual(names);
    }
    const both = [
      { op, at: 5000 },
      { op: 'lt', at: 6000 },
    ] as const;
    expect(await list({ created: both }, lister)).toEqual(names.filter((name) => name !== 'after'));
  });

  it("keep to a project of the account, and leave it others' images", async () => {
    const [owner, guest] = [await installation.newCaller(), await installation.newCaller()];
    const project = { id: newUuid(context.random), accountId: guest.accountId, region: 'north', name: 'own' };
    const row = { ...project, description: '', isDefault: false, createdAt: 0 };
    await context.db.transaction().execute((trx) => insertProject(trx, row));
    await insert({ name: 'in it', projectId: project.id }, guest);
    await insert({ name: 'elsewhere' }, guest);
    const shared = await insert({ name: 'shared', visibility: 'shared' }, owner);
    const member = { image: shared, account: guest.accountId, status: 'accepted' } as const;
    await context.db.transaction().execute((trx) => insertMember(trx, member, 0));
    const kept = { ownProject: project.id, owner: ['self', 'others'] } as const;
    expect(new Set(await list(kept, guest))).toEqual(new Set(['in it', 'shared']));
    expect(await list({ ...kept, owner: 'self' }, guest)).toEqual(['in it']);
    const restricted: Caller = { ...guest, agency: 'helpers', projects: [newUuid(context.random)] };
    expect(await list(kept, restricted)).toEqual([]);
  });

  it('find a source by its other names', async () => {
    const { aliyunId, jdcloudId } = await findImage(context, caller, copied);
    for (const source of [aliyunId, jdcloudId]) expect(await list({ source })).toEqual(['debian']);
  });

  it('find images by any of their ids, some by one and some by another', async () => {
    const { aliyunId, jdcloudId } = await findImage(context, caller, copied);
    for (const id of [aliyunId, jdcloudId]) expect(await list({ ids: [id] })).toEqual(['debian']);
    const { images } = await listImages(context, caller, everything);
    const ids = images.flatMap((image, at) => [image.id, image.aliyunId, image.jdcloudId][at % 3] ?? []);
    expect(await list({ ids })).toEqual(images.map(({ name }) => name));
  });

  it("find an image by Alibaba Cloud's id of a snapshot that one of its disks stands on", async () => {
    const { disks } = await findImage(context, caller, copied);
    expect(await list({ snapshot: disks[0]?.snapshot.aliyunId as string })).toEqual(['debian']);
    expect(await list({ snapshot: 's-00000000000000000000' })).toEqual([]);
  });

  it('leave to an agency its projects, and besides what everybody sees', async () => {
    const other = await installation.newCaller();
    await insert({ name: 'public', visibility: 'public' }, other);
    const restricted: Caller = { ...caller, agency: 'helpers', projects: [lab] };
    expect(await list({}, restricted)).toEqual(['in the lab']);
    expect(await list({ owner: 'any' }, restricted)).toEqual(['public', 'in the lab']);
    expect(await list({ owner: 'self' }, other)).toEqual(['public']);
    const shared = await insert({ name: 'shared', visibility: 'shared' }, other);
    const member = { image: shared, account: caller.accountId, status: 'accepted' } as const;
    await context.db.transaction().execute((trx) => insertMember(trx, member, 0));
    for (const owner of ['shared', 'any'] as const) {
      expect(await list({ owner })).toContain('shared');
      expect(await list({ owner }, restricted)).not.toContain('shared');
    }
    expect(await list({ search: randomBytes(3).toString('hex') })).toEqual([]);
  });

  it("find nobody else's images by what nobody else is shown", async () => {
    const [owner, guest] = [await installation.newCaller(), await installation.newCaller()];
    const [shared, open] = [{ visibility: 'shared' }, { visibility: 'public' }] as const;
    for (const each of [shared, open]) {
      const id = await insert({ ...each, name: 'offered', tags: { project: 'apollo' }, disks: disksOf(7) }, owner);
      const member = { image: id, account: guest.accountId, status: 'accepted' } as const;
      await context.db.transaction().execute((trx) => insertMember(trx, member, 0));
      const { disks, projectId, sourceImageId } = await findImage(context, owner, id);
      expect(sourceImageId).toBeNull();
      const telling: Partial<ListImagesQuery>[] = [
        { tags: [{ key: 'project', value: 'apollo' }] },
        { tags: [{ key: 'project', value: null }] },
        { snapshot: disks[0]?.snapshot.aliyunId },
        { project: projectId },
      ];
      for (const query of telling) {
        expect(await list({ owner: 'any', name: 'offered', ...query }, owner), JSON.stringify(query)).toContain(
          'offered',
        );
        expect(await list({ owner: 'any', name: 'offered', ...query }, guest), JSON.stringify(query)).toEqual([]);
      }
    }
    expect(await list({ owner: 'any', name: 'offered' }, guest)).toEqual(['offered', 'offered']);
  });

  it('tell what is shared with the account from what everybody has', async () => {
    const [owner, guest] = [await installation.newCaller(), await installation.newCaller()];
    await insert({ name: 'own' }, guest);
    await insert({ name: 'private' }, owner);
    for (const status of ['accepted', 'pending', 'rejected'] as const) {
      const image = await insert({ name: status, visibility: 'shared' }, owner);
      await context.db
        .transaction()
        .execute((trx) => insertMember(trx, { image, account: guest.accountId, status }, 0));
    }
    const open = await insert({ name: 'accepted, now public', visibility: 'public' }, owner);
    const member = { image: open, account: guest.accountId, status: 'accepted' } as const;
    await context.db.transaction().execute((trx) => insertMember(trx, member, 0));
    const ofOwner = { ownerAccountNumber: owner.accountNumber };
    expect(await list({ owner: 'others' }, guest)).toEqual(['accepted']);
    expect(new Set(await list({ owner: 'shared' }, guest))).toEqual(new Set(['accepted', 'accepted, now public']));
    expect(new Set(await list({ owner: ['self', 'others'] }, guest))).toEqual(new Set(['own', 'accepted']));
    expect(await list({ owner: ['self', 'others'], ...ofOwner }, guest)).toEqual(['accepted']);
    expect(await list({ owner: 'public', ...ofOwner }, guest)).toEqual(['accepted, now public']);
    expect(await list({ owner: [] }, guest)).toEqual([]);
  });

  it('tell what was accepted from what was not, to those who answer', async () => {
    const [owner, guest] = [await installation.newCaller(), await installation.newCaller()];
    for (const status of ['accepted', 'pending', 'rejected'] as const) {
      for (const visibility of ['shared', 'public'] as const) {
        const image = await insert({ name: `${status} ${visibility}`, visibility, createdAt: 5 }, owner);
        const member = { image, account: guest.accountId, status };
        await context.db.transaction().execute((trx) => insertMember(trx, member, 0));
      }
    }
    const asked = (memberStatus: MemberStatus | undefined, changes: Partial<ListImagesQuery> = {}, by = guest) =>
      list({ owner: 'shared', memberStatus, sort: 'name', ...changes }, by);
    for (const status of ['accepted', 'pending', 'rejected'] as const) {
      expect(await asked(status)).toEqual([`${status} public`, `${status} shared`]);
      expect(await asked(status, { owner: 'others' })).toEqual([`${status} shared`]);
      const mine = { ownerAccountNumber: owner.accountNumber };
      const all = ['accepted public', 'pending public', 'rejected public', `${status} shared`].toSorted();
      expect(await asked(status, { owner: ['shared', 'public'], ...mine })).toEqual(all);
    }
    expect(await asked(undefined)).toEqual(await asked('accepted'));
    const restricted: Caller = { ...guest, agency: 'helpers', projects: [] };
    expect(await asked('accepted', {}, restricted)).toEqual(['accepted public']);
    await expect(asked('pending', {}, restricted)).rejects.toMatchObject({
      code: 'forbidden',
      facts: { action: 'invitation.read' },
    });
  });
});
