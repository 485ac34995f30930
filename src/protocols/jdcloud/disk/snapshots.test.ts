/** All operations of the disk service. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeEncryptedImage } from '../../../../test/support/encrypted-image.ts';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { finishCopy, makeImage } from '../../../../test/support/installation.ts';
import { createTestJdcloud, type TestJdcloud } from '../../../../test/support/jdcloud-api.ts';
import type { JdcloudCallOptions, JdcloudClient } from '../../../../test/support/jdcloud-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/jdcloud-faults.ts';
import { makePlainImage } from '../../../../test/support/plain-image.ts';
import type { Caller } from '../../../app/context.ts';
import { copyImages } from '../../../app/copy-images.ts';
import { deleteImage } from '../../../app/delete-image.ts';
import { setQuotas } from '../../../app/quotas.ts';
import type { Image } from '../../../domain/image.ts';
import { commonFaults } from '../common-faults.ts';
import { jdcloudCopyPolicies } from '../copy-policy.ts';
import { pagingFaults } from '../list-parameters.ts';
import { deleteSnapshotFaults } from './delete-snapshot.ts';
import { snapshotFaults } from './named-snapshot.ts';

let jdcloud: TestJdcloud;
/** A new account for each test, and what signs for it. */
let caller: Caller;
let disk: JdcloudClient;
beforeAll(async () => {
  jdcloud = await createTestJdcloud();
});
beforeEach(async () => {
  caller = await jdcloud.installation.newCaller();
  disk = await jdcloud.newClient('owner', caller, 'disk');
});
afterAll(() => jdcloud.close());

const system = randomBytes(60_000);
const data = randomBytes(30_000);

async function newImage(disks: readonly Uint8Array[] = [system]): Promise<Image> {
  return await makeImage(jdcloud.installation.context, caller, disks);
}

/** JD Cloud's ids of an image's snapshots. */
function snapshotsOf({ disks }: Image): string[] {
  return disks.map(({ snapshot }) => snapshot.jdcloudId);
}

/** Without its images, the snapshots stay. */
async function leftSnapshots(disks?: readonly Uint8Array[]): Promise<string[]> {
  const image = await newImage(disks);
  await deleteImage(jdcloud.installation.context, caller, image.id, { keepSnapshots: true });
  return snapshotsOf(image);
}

type Query = JdcloudCallOptions['query'];

const at = (id: string, region = 'north') => `/v1/regions/${region}/snapshots/${id}`;

async function list(query: Query = {}, region = 'north') {
  return await disk.call('GET', `/v1/regions/${region}/snapshots`, { query });
}

async function listed(query?: Query): Promise<string[]> {
  const { body } = await list(query);
  const ids = body.result.snapshots.map(({ snapshotId }: { snapshotId: string }) => snapshotId);
  expect(body.result.totalCount).toBe(ids.length);
  return ids;
}

function filter(name: string, ...values: string[]): Query {
  return { 'filters.1.name': name, 'filters.1.values': values };
}

describe('describeSnapshot and describeSnapshots', () => {
  it('tell what there is of a snapshot', async () => {
    const image = await newImage([system, data]);
    const [id = ''] = snapshotsOf(image);
    const { body } = await disk.call('GET', at(id));
    expect(body.result).toEqual({
      snapshot: {
        snapshotId: id,
        snapshotSource: 'self',
        diskId: '',
        snapshotSizeGB: 1,
        images: [image.jdcloudId],
        name: 'image',
        description: expect.any(String),
        status: 'available',
        createTime: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
        expireTime: '',
        shareInfo: [],
        encrypted: false,
      },
    });
    const all = await list(filter('snapshotId', id));
    expect(all.body.result).toEqual({ snapshots: [body.result.snapshot], totalCount: 1 });
    expect((await list()).body.result).toMatchObject({ totalCount: 2 });
  });

  it('say of one that it is encrypted, with its image and without', async () => {
    const { installation } = jdcloud;
    const image = await makeEncryptedImage(installation, caller);
    const [id = ''] = snapshotsOf(image);
    expect((await disk.call('GET', at(id))).body.result.snapshot).toMatchObject({ encrypted: true });
    await deleteImage(installation.context, caller, image.id, { keepSnapshots: true });
    const [alone] = (await list(filter('snapshotId', id))).body.result.snapshots;
    expect(alone).toMatchObject({ encrypted: true, images: [] });
  });

  it('show one without an image, one that is made, one that is copied and one whose image failed', async () => {
    const { installation } = jdcloud;
    const [alone = ''] = await leftSnapshots();
    expect((await disk.call('GET', at(alone))).body.result.snapshot).toMatchObject({ status: 'available', images: [] });
    const [made = ''] = snapshotsOf(await makePlainImage(installation.context, caller, { state: 'queued' }));
    expect((await disk.call('GET', at(made))).body.result.snapshot.status).toBe('creating');
    const [broken = ''] = snapshotsOf(await makePlainImage(installation.context, caller, { state: 'failed' }));
    expect((await disk.call('GET', at(broken))).body.result.snapshot.status).toBe('error_create');
    expect(await listed(filter('status', 'error_create'))).toEqual([broken]);

    const source = await newImage();
    const command = { policy: jdcloudCopyPolicies.newer, images: [source.id], regions: ['south'] };
    const { copies } = await copyImages(installation.context, caller, command);
    const [waiting] = (await list(filter('status', 'copying'), 'south')).body.result.snapshots;
    expect((await list(filter('status', 'creating'), 'south')).body.result.totalCount).toBe(0);
    for (const statuses of [
      ['copying', 'available'],
      ['creating', 'copying'],
    ]) {
      expect((await list(filter('status', ...statuses), 'south')).body.result.totalCount).toBe(1);
    }
    expect(waiting).toMatchObject({ status: 'copying', images: [expect.stringMatching(/^img-/)] });
    await finishCopy(installation, caller, copies[0]?.id as string);
    const [done] = (await list({}, 'south')).body.result.snapshots;
    expect(done).toMatchObject({ snapshotId: waiting.snapshotId, status: 'available' });
  });

  it('filter by what they are asked for', async () => {
    const [first = '', second = ''] = snapshotsOf(await newImage([system, data]));
    const both = [first, second].sort();
    for (const query of [
      {},
      { snapshotSource: 'private' },
      filter('status', 'available', 'creating'),
      filter('name', 'image'),
      filter('name', 'MAG'),
      { ...filter('name', 'MAG'), 'filters.1.operator': 'like' },
      { ...filter('snapshotId', first, second), 'filters.1.operator': 'in' },
    ]) {
      expect((await listed(query)).sort()).toEqual(both);
    }
    expect(await listed(filter('snapshotId', first, 'snapshot-x'))).toEqual([first]);
    for (const query of [
      { snapshotSource: 'shared' },
      { snapshotSource: 'others' },
      filter('diskId', 'vol-1'),
      filter('status', 'in-use', 'deleting', 'error_delete'),
      filter('status', 'creating', 'copying'),
      filter('name', 'other'),
      filter('snapshotId', 's-1'),
    ]) {
      expect(await listed(query)).toEqual([]);
    }
  });

  it('go by numbered pages, newest first', async () => {
    const all: string[] = [];
    for (let index = 0; index < 12; index += 1) {
      const image = await makePlainImage(jdcloud.installation.context, caller);
      all.push(...snapshotsOf(image));
    }
    const pages = [await list({ pageSize: 10 }), await list({ pageSize: 10, pageNumber: 2 })];
    const [first = [], second = []] = pages.map(({ body }) => {
      expect(body.result.totalCount).toBe(12);
      return body.result.snapshots.map(({ snapshotId }: { snapshotId: string }) => snapshotId) as string[];
    });
    expect([first.length, second.length]).toEqual([10, 2]);
    expect([...first, ...second].sort()).toEqual(all.sort());
    expect((await list({ pageNumber: 3, pageSize: 10 })).body.result).toEqual({ snapshots: [], totalCount: 12 });
  });

  const listProvocations: Provocations<typeof pagingFaults> = { pageSizeInvalid: () => list({ pageSize: 9 }) };
  it.each(rowsOf(pagingFaults, listProvocations))('say what their tables say: $name', async ({ fault, provoke }) => {
    expectFault(await provoke(jdcloud), fault);
  });

  it.each<[string, Query, string]>([
    ['an unknown source', { snapshotSource: 'mine' }, 'snapshotSource'],
    ['an unknown status', filter('status', 'ready'), 'status'],
    ['several names', filter('name', 'one', 'other'), 'name'],
  ])('refuse %s', async (_what, query, about) => {
    expectFault(await list(query), commonFaults.parameterInvalid, about);
  });

  const provocations: Provocations<typeof snapshotFaults> = {
    notFound: async () => disk.call('GET', at((await leftSnapshots())[0] ?? '', 'south')),
  };
  it.each(rowsOf(snapshotFaults, provocations))('say what their tables say: $name', async ({ fault, provoke }) => {
    expectFault(await provoke(jdcloud), fault);
  });

  it("find none by another id than of its own kind, nor another account's", async () => {
    const image = await newImage();
    const uuid = image.disks[0]?.snapshot.id ?? '';
    expectFault(await disk.call('GET', at(uuid)), snapshotFaults.notFound, uuid);
    const [id = ''] = snapshotsOf(image);
    expectFault(await jdcloud.disk.call('GET', at(id)), snapshotFaults.notFound, id);
    expectFault(await disk.call('GET', at('snapshot-0000000000')), snapshotFaults.notFound, 'snapshot-0000000000');
  });
});

describe('deleteSnapshot', () => {
  it('deletes what no image stands on, and not for viewers', async () => {
    const [id = ''] = await leftSnapshots();
    const viewer = await jdcloud.newClient('viewer', caller, 'disk');
    expectFault(await viewer.call('DELETE', at(id)), commonFaults.forbidden);
    const answer = await disk.call('DELETE', at(id));
    expect(answer).toMatchObject({ status: 200, body: { requestId: answer.headers['x-jdcloud-request-id'] } });
    expect(answer.body).not.toHaveProperty('result');
    expect(await listed()).toEqual([]);
  });

  const provocations: Provocations<typeof deleteSnapshotFaults> = {
    notFound: async () => disk.call('DELETE', at((await leftSnapshots())[0] ?? '', 'south')),
    inUse: async () => disk.call('DELETE', at(snapshotsOf(await newImage())[0] ?? '')),
  };
  it.each(rowsOf(deleteSnapshotFaults, provocations))('says what its table says: $name', async ({ fault, provoke }) => {
    expectFault(await provoke(jdcloud), fault);
    expect(await listed()).toHaveLength(1);
  });
});

describe('deleteSnapshots', () => {
  const remove = (...snapshotIds: string[]) =>
    disk.call('DELETE', '/v1/regions/north/snapshots', { query: { snapshotIds } });

  it('tells of each what became of it', async () => {
    const [used = ''] = snapshotsOf(await newImage());
    const [first = '', second = ''] = await leftSnapshots([system, data]);
    const { body } = await remove(first, used, 'snapshot-x', second, first);
    expect(body.result).toEqual({
      snapshots: [
        { snapshotId: first, success: true, detail: '' },
        { snapshotId: used, success: false, detail: deleteSnapshotFaults.inUse.message },
        { snapshotId: 'snapshot-x', success: false, detail: "Snapshot 'snapshot-x' not found" },
        { snapshotId: second, success: true, detail: '' },
      ],
      successCount: 2,
      failedCount: 2,
    });
    expect(await listed()).toEqual([used]);
  });

  it('wants to be told which', async () => {
    expectFault(await remove(), commonFaults.parameterMissing, 'snapshotIds');
  });
});

describe('describeQuota', () => {
  let viewer: JdcloudClient;
  beforeEach(async () => {
    viewer = await jdcloud.newClient('viewer', caller, 'disk');
  });

  const ask = (type?: string) => viewer.call('GET', '/v1/regions/north/quotas', { query: { type } });

  it('shows how many snapshots there are and may be, and that there is nothing else', async () => {
    const { context, operator } = jdcloud.installation;
    await setQuotas(context, operator, caller.accountId, 'north', { snapshots: 15 });
    await newImage([system, data]);
    expect((await ask('snapshot')).body.result).toEqual({ quota: { limit: 15, used: 2 } });
    for (const type of ['disk', 'snapshot_policy']) {
      expect((await ask(type)).body.result).toEqual({ quota: { limit: 0, used: 0 } });
    }
  });

  it('wants to be told of what', async () => {
    expectFault(await ask(), commonFaults.parameterMissing, 'type');
    expectFault(await ask('image'), commonFaults.parameterInvalid, 'type');
  });
});
