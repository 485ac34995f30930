/** Snapshots that outlive their image, and images that are made of them. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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
import type { Disk, Image } from '../domain/image.ts';
import type { QuotaKind } from '../domain/quota.ts';
import { cancelCopy } from './cancel-copy.ts';
import { collectStore } from './collect-store.ts';
import type { AppContext, Caller } from './context.ts';
import { createImage } from './create-image.ts';
import { type CreateImageFromSnapshotsCommand, createImageFromSnapshots } from './create-image-from-snapshots.ts';
import { deleteImage } from './delete-image.ts';
import { deleteSnapshot } from './delete-snapshot.ts';
import { findImage } from './find-image.ts';
import { findSnapshot } from './find-snapshot.ts';
import { disableKey } from './keys/change-key.ts';
import { rewrapKey } from './keys/rewrap-key.ts';
import { rotateKey } from './keys/rotate-key.ts';
import { listEvents } from './list-events.ts';
import { listSnapshots, listSnapshotsCounted } from './list-snapshots.ts';
import { readQuotas, setQuotas } from './quotas.ts';
import { createProject } from './tenants/projects.ts';
import { createResourceGroup, deleteResourceGroup } from './tenants/resource-groups.ts';
import { updateSnapshot } from './update-snapshot.ts';
import { verifyStore } from './verify-store.ts';

let installation: Installation;
let context: AppContext;
let caller: Caller;
beforeAll(async () => {
  installation = await createInstallation();
  context = installation.context;
});
beforeEach(async () => {
  caller = await installation.newCaller();
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

const [system, data] = [randomBytes(50_000), randomBytes(20_000)] as const;

const snapshotsOf = ({ disks }: Image) => disks.map(({ snapshot }) => snapshot.id) as [string, string];

/** Used of the quotas in north. */
async function used(by = caller): Promise<Record<'images' | 'snapshots' | 'bytes', number>> {
  const [{ quotas } = { quotas: undefined }] = await readQuotas(context, by, { region: 'north' });
  const of = (kind: QuotaKind) => quotas?.[kind].used ?? -1;
  return { images: of('images'), snapshots: of('snapshots'), bytes: of('bytes') };
}

async function make(
  snapshots: CreateImageFromSnapshotsCommand['snapshots'],
  changes: Partial<CreateImageFromSnapshotsCommand> = {},
  options: Parameters<typeof createImageFromSnapshots>[3] = {},
): Promise<Image> {
  const command = { region: 'north', name: 'remade', description: '', rootDevice: 'cloud-disk', tags: {} } as const;
  const { result } = await createImageFromSnapshots(context, caller, { ...command, snapshots, ...changes }, options);
  return result;
}

const keep = { keepSnapshots: true };

describe('a snapshot', () => {
  it('goes with its image unless it is to be kept', async () => {
    const image = await makeImage(context, caller, [system]);
    const [snapshot] = snapshotsOf(image);
    expect(await findSnapshot(context, caller, snapshot)).toMatchObject({
      ...image.disks[0]?.snapshot,
      region: 'north',
      projectId: image.projectId,
      name: image.name,
      role: 'system',
      format: 'raw',
      size: 50_000,
      dataBytes: 50_000,
      state: 'accomplished',
      percent: 100,
      source: null,
      images: [{ id: image.id, aliyunId: image.aliyunId, jdcloudId: image.jdcloudId }],
      createdAt: image.createdAt,
    });
    await deleteImage(context, caller, image.id);
    await expect(findSnapshot(context, caller, snapshot)).rejects.toMatchObject({ code: 'snapshot.not-found' });
    expect(await used()).toEqual({ images: 0, snapshots: 0, bytes: 0 });
  });

  it('keeps its bytes and their quota until it is deleted itself', async () => {
    const image = await makeImage(context, caller, [system, data]);
    const [first, second] = snapshotsOf(image);
    await deleteImage(context, caller, image.id, keep);
    expect(await used()).toEqual({ images: 0, snapshots: 2, bytes: 70_000 });
    expect(await findSnapshot(context, caller, first)).toMatchObject({
      state: 'accomplished',
      percent: 100,
      dataBytes: 50_000,
      images: [],
    });
    const { events } = await listEvents(context, caller, { type: 'image.delete', limit: 1 });
    expect(events[0]?.details['keptSnapshots']).toEqual(expect.arrayContaining([first, second]));
    await collectStore(context, installation.operator, false, never);
    await installation.expectSound();
    await deleteSnapshot(context, caller, first);
    expect(await used()).toEqual({ images: 0, snapshots: 1, bytes: 20_000 });
    await deleteSnapshot(context, caller, second, { region: 'north' });
    expect(await used()).toEqual({ images: 0, snapshots: 0, bytes: 0 });
  });

  it('stays when the image that is deleted lies in another project, for whoever may not delete it', async () => {
    const source = await makeImage(context, caller, [system]);
    const [snapshot] = snapshotsOf(source);
    await deleteImage(context, caller, source.id, keep);
    const { result: other } = await createProject(context, caller, { region: 'north', name: 'other', description: '' });
    const onOther = await make([{ id: snapshot }], { project: other.id });
    const ofOther = { ...caller, projects: [other.id] };
    const ofSource = { ...caller, projects: [source.projectId] };

    expect(await findSnapshot(context, ofSource, snapshot)).toMatchObject({ inUse: true, images: [] });
    const { snapshots } = await listSnapshots(context, ofSource, { limit: 10 });
    expect(snapshots).toMatchObject([{ id: snapshot, images: [] }]);
    const counted = await listSnapshotsCounted(context, ofSource, {}, { offset: 0, limit: 10 });
    expect(counted).toMatchObject({ total: 1, snapshots: [{ id: snapshot, images: [] }] });
    const listed = async (by: Caller) => (await listSnapshots(context, by, { image: onOther.id, limit: 10 })).snapshots;
    expect([await listed(ofSource), (await listed(caller)).length]).toEqual([[], 1]);
    const inUse = (image: string | null) => ({ code: 'snapshot.in-use', facts: { snapshot, image } });
    await expect(deleteSnapshot(context, ofSource, snapshot)).rejects.toMatchObject(inUse(null));
    await expect(deleteSnapshot(context, caller, snapshot)).rejects.toMatchObject(inUse(onOther.id));

    await deleteImage(context, ofOther, onOther.id);
    expect(await findSnapshot(context, caller, snapshot)).toMatchObject({ state: 'accomplished', inUse: false });
    expect(await used()).toEqual({ images: 0, snapshots: 1, bytes: 50_000 });
    const again = await make([{ id: snapshot }], { project: other.id });
    expect(await readBytes(context, caller, again.id)).toEqual(system);
    await deleteImage(context, caller, again.id);
    expect(await used()).toEqual({ images: 0, snapshots: 0, bytes: 0 });
  });

  it('is read by a verification of the stores after its image has gone', async () => {
    const image = await makeImage(context, caller, [system]);
    const [snapshot] = snapshotsOf(image);
    await deleteImage(context, caller, image.id, keep);
    const before = await verifyStore(context, installation.operator, undefined, never);
    expect(before.damage).toEqual([]);
    installation.fail('north', { get: () => ({ throws: 'not-found' }) });
    const { damage } = await verifyStore(context, installation.operator, undefined, never);
    installation.fail('north');
    expect(damage).toContainEqual({
      image: null,
      snapshot,
      disk: 0,
      offset: 0,
      message: `snapshot ${snapshot}, offset 0: no intact copy was found`,
    });
    await deleteSnapshot(context, caller, snapshot);
    const after = await verifyStore(context, installation.operator, undefined, never);
    expect(before.disksChecked).toBe(after.disksChecked + 1);
    expect(before.bytesChecked).toBe(after.bytesChecked + 50_000);
  });

  it('is not deleted while an image stands on it, by another account, or where it does not lie', async () => {
    const image = await makeImage(context, caller, [system]);
    const [snapshot] = snapshotsOf(image);
    const remove = (by: Caller, options = {}) => deleteSnapshot(context, by, snapshot, options);
    await expect(remove(caller)).rejects.toMatchObject({
      code: 'snapshot.in-use',
      facts: { snapshot, image: image.id },
    });
    await deleteImage(context, caller, image.id, keep);
    const notFound = { code: 'snapshot.not-found', facts: { snapshot } };
    await expect(remove(await installation.newCaller())).rejects.toMatchObject(notFound);
    await expect(remove(caller, { region: 'south' })).rejects.toMatchObject(notFound);
    await expect(remove({ ...caller, role: 'viewer' })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(remove({ ...caller, projects: [randomUUID()] })).rejects.toMatchObject(notFound);
    await expect(remove(caller, { dryRun: true })).rejects.toMatchObject({ code: 'request.dry-run-passed' });
    await expect(deleteSnapshot(context, caller, 's-nothing')).rejects.toMatchObject({ code: 'snapshot.not-found' });
    expect((await used()).snapshots).toBe(1);
  });

  it('of an image without bytes is progressing, and goes with it whatever is asked for', async () => {
    const disks = [{ role: 'system', format: null, size: 4096 }] as const;
    const command = { region: 'north', name: 'empty', description: '', tags: {}, disks } as const;
    const facts = { kind: 'system-disk', rootDevice: 'cloud-disk' } as const;
    const { result: image } = await createImage(context, caller, { ...command, ...facts });
    const [snapshot] = snapshotsOf(image);
    expect(await findSnapshot(context, caller, snapshot)).toMatchObject({
      state: 'progressing',
      percent: 0,
      dataBytes: null,
    });
    await expect(make([{ id: snapshot }])).rejects.toMatchObject({
      code: 'snapshot.not-ready',
      facts: { snapshot, state: 'progressing' },
    });
    await deleteImage(context, caller, image.id, keep);
    expect(await used()).toEqual({ images: 0, snapshots: 0, bytes: 0 });
  });

  it('is described, put into a group, which then stays, and keeps its project', async () => {
    const image = await makeImage(context, caller, [system]);
    const [snapshot] = snapshotsOf(image);
    const { result: group } = await createResourceGroup(context, caller, { name: 'base', description: '' });
    const change = { name: 'kept', description: 'of old', tags: { a: '1' }, resourceGroup: 'base' };
    const changed = { name: 'kept', description: 'of old', tags: { a: '1' }, resourceGroupId: group.id };
    expect(await updateSnapshot(context, caller, snapshot, change)).toMatchObject(changed);
    await deleteImage(context, caller, image.id, keep);
    expect(await findSnapshot(context, caller, snapshot)).toMatchObject(changed);
    await expect(deleteResourceGroup(context, caller, group.id)).rejects.toMatchObject({
      code: 'resource-group.in-use',
    });
    expect(await updateSnapshot(context, caller, snapshot, { resourceGroup: null })).toMatchObject({
      ...changed,
      resourceGroupId: null,
    });
    await deleteResourceGroup(context, caller, group.id);
  });
});

describe('a copy', () => {
  it('has snapshots that know where they come from, and how far they are', async () => {
    const source = await makeImage(context, caller, [system]);
    const copy = await copyImage(context, caller, { image: source.id, region: 'south' });
    const [snapshot] = snapshotsOf(await findImage(context, caller, copy.destinationImageId));
    const from = { source: { ...source.disks[0]?.snapshot, region: 'north' } };
    expect(await findSnapshot(context, caller, snapshot)).toMatchObject({ state: 'progressing', percent: 0, ...from });
    const half = { bytes_done: 25_000 };
    await context.db.updateTable('copies').set(half).where('id', '=', copy.id).execute();
    expect(await findSnapshot(context, caller, snapshot)).toMatchObject({ state: 'progressing', percent: 50 });
    await finishCopy(installation, caller, copy.id);
    await deleteImage(context, caller, source.id);
    expect(await findSnapshot(context, caller, snapshot)).toMatchObject({
      state: 'accomplished',
      percent: 100,
      ...from,
    });
  });

  it('that is cancelled leaves none, and one that failed goes with its image', async () => {
    const source = await makeImage(context, caller, [system]);
    const cancelled = await copyImage(context, caller, { image: source.id, region: 'south' });
    const failed = await copyImage(context, caller, { image: source.id, region: 'south' });
    const [[gone], [left]] = [
      snapshotsOf(await findImage(context, caller, cancelled.destinationImageId)),
      snapshotsOf(await findImage(context, caller, failed.destinationImageId)),
    ];
    await cancelCopy(context, caller, cancelled.id);
    await expect(findSnapshot(context, caller, gone)).rejects.toMatchObject({ code: 'snapshot.not-found' });
    installation.fail('south', { put: () => ({ throws: 'full' }) });
    await finishCopy(installation, caller, failed.id);
    installation.fail('south');
    expect(await findSnapshot(context, caller, left)).toMatchObject({ state: 'failed', percent: 0 });
    await expect(deleteSnapshot(context, caller, left)).rejects.toMatchObject({ code: 'snapshot.in-use' });
    await deleteImage(context, caller, failed.destinationImageId, keep);
    await expect(findSnapshot(context, caller, left)).rejects.toMatchObject({ code: 'snapshot.not-found' });
  });

  it('in its region has a snapshot of its own with the same bytes, which outlives the source', async () => {
    const source = await makeImage(context, caller, [system]);
    const { id, destinationImageId } = await copyImage(context, caller, { image: source.id, region: 'north' });
    await finishCopy(installation, caller, id);
    await deleteImage(context, caller, source.id, keep);
    await deleteImage(context, caller, destinationImageId, keep);
    expect(await used()).toEqual({ images: 0, snapshots: 2, bytes: 100_000 });
    await deleteSnapshot(context, caller, snapshotsOf(source)[0]);
    const { snapshots } = await listSnapshots(context, caller, { limit: 10 });
    const image = await make(snapshots.map((each) => ({ id: each.id })));
    expect(await readBytes(context, caller, image.id)).toEqual(system);
  });
});

describe('an image made of snapshots', () => {
  it('is available at once, shows those very snapshots, and takes their bytes over', async () => {
    const source = await makeImage(context, caller, [system, data]);
    const [first, second] = snapshotsOf(source);
    await deleteImage(context, caller, source.id, keep);
    const tags = { made: 'again' };
    const image = await make([{ id: first }, { id: second }], { description: 'again', tags, properties: tags });
    expect(image).toMatchObject({
      name: 'remade',
      properties: tags,
      description: 'again',
      kind: 'system-disk',
      state: 'available',
      sourceImageId: null,
      tags,
    });
    expect(image.disks).toEqual(source.disks);
    expect(await used()).toEqual({ images: 1, snapshots: 2, bytes: 70_000 });
    const { events } = await listEvents(context, caller, { resource: image.id, limit: 10 });
    expect(events.map(({ type }) => type).sort()).toEqual(['image.available', 'image.create']);
    expect(await readBytes(context, caller, image.id, 1)).toEqual(data);
    await deleteImage(context, caller, image.id);
    expect(await used()).toEqual({ images: 0, snapshots: 0, bytes: 0 });
  });

  it('stands beside the image that they are of, with bytes of its own in the quota and no snapshots', async () => {
    const source = await makeImage(context, caller, [system, data]);
    const [first, second] = snapshotsOf(source);
    const image = await make([{ id: (source.disks[1] as Disk).snapshot.aliyunId, role: 'system' }]);
    expect(image.disks).toMatchObject([{ index: 0, role: 'system', size: 20_000, snapshot: { id: second } }]);
    expect(await used()).toEqual({ images: 2, snapshots: 2, bytes: 90_000 });
    const { images } = await findSnapshot(context, caller, second);
    expect(images.map(({ id }) => id)).toEqual([source.id, image.id]);
    await deleteImage(context, caller, source.id);
    await expect(findSnapshot(context, caller, first)).rejects.toMatchObject({ code: 'snapshot.not-found' });
    expect(await used()).toEqual({ images: 1, snapshots: 1, bytes: 20_000 });
    await deleteImage(context, caller, image.id, keep);
    expect(await used()).toEqual({ images: 0, snapshots: 1, bytes: 20_000 });
  });

  it('of data disks alone has data disks only, and a system disk comes first', async () => {
    const [first, second] = snapshotsOf(await makeImage(context, caller, [system, data]));
    expect(await make([{ id: second }])).toMatchObject({ kind: 'data-disk', disks: [{ role: 'data' }] });
    const invalid = { code: 'request.invalid', facts: { field: 'snapshots' } };
    await expect(make([{ id: second }, { id: first }])).rejects.toMatchObject(invalid);
    await expect(make([{ id: first }], { kind: 'data-disk' })).rejects.toMatchObject(invalid);
    await expect(make([{ id: first }, { id: first }])).rejects.toMatchObject(invalid);
    await expect(make([])).rejects.toMatchObject(invalid);
  });

  it('is not made of what lies elsewhere, is not there, or is not the account’s own', async () => {
    const [own] = snapshotsOf(await makeImage(context, caller, [data]));
    const [south] = snapshotsOf(await makeImage(context, caller, [data], 'south'));
    const [others] = snapshotsOf(await makeImage(context, await installation.newCaller(), [data]));
    await expect(make([{ id: own }, { id: south, role: 'data' }])).rejects.toMatchObject({
      code: 'snapshot.other-region',
      facts: { snapshot: south, region: 'south' },
    });
    for (const id of [others, randomUUID(), 'no id']) {
      await expect(make([{ id }])).rejects.toMatchObject({ code: 'snapshot.not-found', facts: { snapshot: id } });
    }
    await expect(make([{ id: own }], { name: ' ' })).rejects.toMatchObject({ code: 'request.invalid' });
    expect((await used()).images).toBe(1);
  });

  it('is kept to the quotas of images and of bytes, of which it takes none that the snapshots had', async () => {
    const source = await makeImage(context, caller, [system]);
    const [snapshot] = snapshotsOf(source);
    const limit = (limits: Partial<Record<QuotaKind, number | null>>) =>
      setQuotas(context, installation.operator, caller.accountId, 'north', limits);
    await limit({ images: 1 });
    await expect(make([{ id: snapshot }])).rejects.toMatchObject({ code: 'quota.images' });
    await limit({ images: null, snapshots: 1, bytes: 50_000 });
    await expect(make([{ id: snapshot }])).rejects.toMatchObject({ code: 'quota.bytes', facts: { wanted: 50_000 } });
    await deleteImage(context, caller, source.id, keep);
    await make([{ id: snapshot }]);
    expect(await used()).toEqual({ images: 1, snapshots: 1, bytes: 50_000 });
  });

  it('is made once by the same token, minds its name, and can be tried first', async () => {
    const [snapshot] = snapshotsOf(await makeImage(context, caller, [system]));
    const tried = make([{ id: snapshot }], {}, { dryRun: true });
    await expect(tried).rejects.toMatchObject({ code: 'request.dry-run-passed' });
    const { id } = await make([{ id: snapshot }], {}, { token: 'once' });
    expect((await make([{ id: snapshot }], {}, { token: 'once' })).id).toBe(id);
    const again = make([{ id: snapshot }], {}, { uniqueName: true });
    await expect(again).rejects.toMatchObject({ code: 'image.name-taken' });
  });

  it('is made by several at once, while others let go of the same snapshot, without losing a byte or a count', async () => {
    const source = await makeImage(context, caller, [system]);
    const [snapshot] = snapshotsOf(source);
    const images = await Promise.all(Array.from({ length: 4 }, () => make([{ id: snapshot }])));
    const releases = [source, ...images].map(({ id }) => deleteImage(context, caller, id, keep));
    const [last] = await Promise.all([make([{ id: snapshot }]), ...releases]);
    expect(await used()).toEqual({ images: 1, snapshots: 1, bytes: 50_000 });
    expect(await readBytes(context, caller, last.id)).toEqual(system);
  });

  it('is made of a snapshot or not when somebody deletes that at the same moment', async () => {
    const source = await makeImage(context, caller, [system]);
    const [snapshot] = snapshotsOf(source);
    await deleteImage(context, caller, source.id, keep);
    const [made, deleted] = await Promise.allSettled([
      make([{ id: snapshot }]),
      deleteSnapshot(context, caller, snapshot),
    ]);
    expect([made.status, deleted.status].sort()).toEqual(['fulfilled', 'rejected']);
  });
});

describe('of an encrypted disk', () => {
  async function countDataKeys(): Promise<number> {
    const found = await context.db.selectFrom('data_keys').select(['context']).execute();
    return found.filter(({ context: bound }) => bound.account === caller.accountId).length;
  }

  async function collect(): Promise<void> {
    installation.advance(1);
    await collectStore(context, installation.operator, false, never);
  }

  it('a snapshot shows the key, and makes images that are read with it long after the first one has gone', async () => {
    const key = await makeKey(installation, caller);
    const first = await makeEncryptedImage(installation, caller, { disks: [system, data], key: key.id });
    const [id, other] = snapshotsOf(first);
    expect(await findSnapshot(context, caller, id)).toMatchObject({ key: key.id });
    await deleteImage(context, caller, first.id, keep);
    await deleteSnapshot(context, caller, other);
    expect(await findSnapshot(context, caller, id)).toMatchObject({ key: key.id });
    const plain = await makeImage(context, caller, [data]);
    const made = await make([{ id }, { id: snapshotsOf(plain)[0], role: 'data' }]);
    expect(made.disks).toMatchObject([
      { key: key.id, digest: null },
      { key: null, digest: expect.any(String) },
    ]);
    await collect();
    expect(await countDataKeys()).toBe(1);

    // As on a server that has opened none yet, and under another version.
    context.openedKeys.forgetKey(key.id);
    await rotateKey(context, caller, key.id, never);
    expect(await rewrapKey(context, caller, key.id, never)).toMatchObject({ dataKeys: 1 });
    expect(await readBytes(context, caller, made.id)).toEqual(system);
    expect(await readBytes(context, caller, made.id, 1)).toEqual(data);
    const { events } = await listEvents(context, caller, { type: 'key.used', limit: 1 });
    expect(events).toMatchObject([{ resource: { id: key.id }, details: { image: made.id, version: 2 } }]);

    await disableKey(context, caller, key.id);
    await expect(readBytes(context, caller, made.id)).rejects.toMatchObject({ code: 'key.disabled' });
    expect(await readBytes(context, caller, made.id, 1)).toEqual(data);
    expect(await verifyStore(context, installation.operator, made.id, never)).toEqual({
      disksChecked: 1,
      bytesChecked: data.length,
      disksLocked: 1,
      damage: [],
    });
    await deleteImage(context, caller, made.id);
    await collect();
    expect(await countDataKeys()).toBe(0);
  });

  it('an image that is copied in its region is read with the same data key after its source has gone', async () => {
    const source = await makeEncryptedImage(installation, caller, { disks: [system] });
    const { id, destinationImageId } = await copyImage(context, caller, { image: source.id, region: 'north' });
    expect(await finishCopy(installation, caller, id)).toMatchObject({ state: 'succeeded' });
    await deleteImage(context, caller, source.id);
    await collect();
    const { disks } = await findImage(context, caller, destinationImageId);
    context.openedKeys.forgetKey(String(disks[0]?.key));
    expect(await readBytes(context, caller, destinationImageId)).toEqual(system);
    const { events } = await listEvents(context, caller, { type: 'key.used', limit: 1 });
    expect(events).toMatchObject([{ details: { image: destinationImageId, purpose: 'decrypt' } }]);
  });
});

describe('a list of snapshots', () => {
  it('has what the filters let through, newest first, in pages', async () => {
    const first = await makeImage(context, caller, [system, data]);
    installation.advance(1000);
    const second = await makeImage(context, caller, [data], 'south');
    await deleteImage(context, caller, second.id, keep);
    await makeImage(context, await installation.newCaller(), [data]);
    const [one, two] = snapshotsOf(first);
    const [three] = snapshotsOf(second);
    await updateSnapshot(context, caller, two, { name: 'named', tags: { stage: 'test', team: 'base' } });
    const listed = async (query: object) =>
      (await listSnapshots(context, caller, { limit: 10, ...query })).snapshots.map(({ id }) => id);
    expect((await listed({}))[0]).toBe(three);
    const both = [one, two].sort();
    const expected: [object, readonly string[]][] = [
      [{}, [...both, three]],
      [{ region: 'north' }, both],
      [{ ids: [one, second.disks[0]?.snapshot.aliyunId, 'nothing'] }, [one, three]],
      [{ ids: [] }, []],
      [{ image: first.aliyunId }, both],
      [{ image: 'm-nothing' }, []],
      [{ name: 'named' }, [two]],
      [{ role: 'system' }, [one, three]],
      [{ inUse: false }, [three]],
      [{ states: ['accomplished'] }, [...both, three]],
      [{ states: ['progressing', 'failed'] }, []],
      [
        {
          tags: [
            { key: 'stage', value: 'test' },
            { key: 'team', value: null },
          ],
        },
        [two],
      ],
      [{ tags: [{ key: 'stage', value: 'prod' }] }, []],
      [{ resourceGroup: 'none' }, []],
      [{ project: first.projectId }, both],
    ];
    for (const [query, ids] of expected) {
      expect((await listed(query)).sort(), JSON.stringify(query)).toEqual([...ids].sort());
    }
    const page = await listSnapshots(context, caller, { limit: 2 });
    const rest = await listSnapshots(context, caller, { limit: 2, ...(page.next && { after: page.next }) });
    expect([...page.snapshots, ...rest.snapshots].map(({ id }) => id)).toEqual(await listed({}));
    expect(rest.next).toBeNull();
    const counted = await listSnapshotsCounted(context, caller, {}, { offset: 2, limit: 2 });
    expect(counted).toEqual({ snapshots: rest.snapshots, total: 3 });
    const elsewhere = { ...caller, projects: [randomUUID()] };
    expect(await listSnapshots(context, elsewhere, { limit: 10 })).toEqual({ snapshots: [], next: null });
  });
});
