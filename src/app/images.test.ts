import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { copyImage, createInstallation, type Installation, makeImage, never } from '../../test/support/installation.ts';
import { runCopy } from '../jobs/copy-image.ts';
import { bytesOf } from '../lib/raw-stream.ts';
import { cancelCopy } from './cancel-copy.ts';
import { collectStore } from './collect-store.ts';
import type { Caller } from './context.ts';
import { type CreateImageCommand, createImage } from './create-image.ts';
import { deleteImage } from './delete-image.ts';
import { findImage } from './find-image.ts';
import { listImages } from './list-images.ts';
import { listRegions } from './list-regions.ts';
import { readDisk } from './read-disk.ts';

const newest = { owner: 'self', sort: 'createdAt', descending: true, limit: 1000 } as const;

let installation: Installation;
let caller: Caller;
beforeAll(async () => {
  installation = await createInstallation();
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

const plain: CreateImageCommand = {
  region: 'north',
  name: 'debian 13',
  description: 'the golden one',
  kind: 'system-disk',
  rootDevice: 'cloud-disk',
  tags: { team: 'platform', '': 'refused' },
  disks: [{ role: 'system', format: 'raw', size: 4096 }],
};

function create(changes: Partial<CreateImageCommand> = {}) {
  return createImage(installation.context, caller, { ...plain, tags: { team: 'platform' }, ...changes }).then(
    ({ result }) => result,
  );
}

async function keys(): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of installation.blobs.north.list('')) found.push(key);
  return found.sort();
}

async function read(image: string): Promise<Buffer> {
  const { size, runs } = await readDisk(installation.context, caller, image, 0, never);
  const pieces: Uint8Array[] = [];
  for await (const piece of bytesOf(size, runs)) pieces.push(piece);
  return Buffer.concat(pieces);
}

beforeAll(async () => {
  caller = await installation.newCaller();
});

describe('createImage', () => {
  it('writes down all that it is told, under three names and with a snapshot a disk', async () => {
    const disks = [
      { role: 'system', format: 'qcow2', size: 4096 },
      { role: 'data', format: null, size: 64 * 1024 ** 4 },
    ] as const;
    const image = await create({ kind: 'whole-machine', rootDevice: 'local-disk', disks });
    expect(image).toMatchObject({
      region: 'north',
      name: 'debian 13',
      description: 'the golden one',
      kind: 'whole-machine',
      rootDevice: 'local-disk',
      tags: { team: 'platform' },
      state: 'queued',
      sourceImageId: null,
      disks: disks.map((disk, index) => ({ ...disk, index, dataBytes: null, digest: null })),
    });
    const names = [
      image.id,
      image.aliyunId,
      image.jdcloudId,
      ...image.disks.flatMap(({ snapshot }) => Object.values(snapshot)),
    ];
    expect(new Set(names).size).toBe(9);
    for (const id of [image.id, image.aliyunId, image.jdcloudId]) {
      expect(await findImage(installation.context, caller, id)).toEqual(image);
    }
  });

  it.each<[string, Partial<CreateImageCommand>, object]>([
    ['an unknown region', { region: 'west' }, { code: 'region.not-found', facts: { region: 'west' } }],
    ['an empty name', { name: '' }, { code: 'request.invalid', facts: { field: 'name' } }],
    ['a name with a line break', { name: 'a\nb' }, { code: 'request.invalid', facts: { field: 'name' } }],
    ['a name with a space at its end', { name: 'a ' }, { code: 'request.invalid', facts: { field: 'name' } }],
    [
      'a long description',
      { description: 'x'.repeat(1025) },
      { code: 'request.invalid', facts: { field: 'description' } },
    ],
    ['a tag without a key', { tags: plain.tags }, { code: 'request.invalid', facts: { field: 'tags' } }],
    [
      'a data-disk image with a system disk',
      { kind: 'data-disk' },
      { code: 'request.invalid', facts: { field: 'disks' } },
    ],
  ])('refuses %s, and makes nothing', async (_, changes, refusal) => {
    const before = await listImages(installation.context, caller, newest);
    await expect(create(changes)).rejects.toMatchObject(refusal);
    expect(await listImages(installation.context, caller, newest)).toEqual(before);
  });
});

describe('findImage', () => {
  it('knows no image of another account, and no id that is none', async () => {
    const image = await create();
    const stranger = await installation.newCaller();
    for (const id of [image.id, image.aliyunId, image.jdcloudId]) {
      await expect(findImage(installation.context, stranger, id)).rejects.toMatchObject({
        code: 'image.not-found',
        facts: { image: id },
      });
    }
    for (const id of [
      '',
      'm-',
      'x',
      image.id.toUpperCase(),
      `${image.id}\0`,
      `m-${'\0'.repeat(20)}`,
      'img-ABCDEFGHIJ',
    ]) {
      await expect(findImage(installation.context, caller, id)).rejects.toMatchObject({
        code: 'image.not-found',
        facts: { image: id },
      });
    }
  });
});

describe('listImages', () => {
  it("gives the newest first, filtered, at most as many as asked for, and only the caller's", async () => {
    const lister = await installation.newCaller();
    const images = [];
    for (const changes of [{ name: 'a' }, { name: 'b' }, { name: 'b', region: 'south' }, { name: 'c' }]) {
      installation.advance(1);
      images.push((await createImage(installation.context, lister, { ...plain, tags: {}, ...changes })).result);
    }
    const available = await makeImage(installation.context, lister, [randomBytes(4096)]);
    const list = async (filter: object) =>
      (await listImages(installation.context, lister, { ...newest, ...filter })).images.map(({ id }) => id);
    const [a, b, southern, c] = images.map(({ id }) => id);
    expect(await list({})).toEqual([available.id, c, southern, b, a]);
    expect(await list({ limit: 2 })).toEqual([available.id, c]);
    expect(await list({ name: 'b' })).toEqual([southern, b]);
    expect(await list({ name: 'b', region: 'north' })).toEqual([b]);
    expect(await list({ states: ['available'] })).toEqual([available.id]);
    expect(await list({ region: 'west' })).toEqual([]);
    const { images: found } = await listImages(installation.context, lister, {
      ...newest,
      limit: 1,
      states: ['available'],
    });
    expect(found).toEqual([available]);
  });
});

describe('listRegions', () => {
  it('counts what lies in each', async () => {
    const region = async () =>
      (await listRegions(installation.context, { ...caller, administers: true })).find(({ id }) => id === 'south');
    expect(await region()).toEqual({
      id: 'south',
      images: 1,
      packs: 0,
      storedBytes: 0,
      condemnedPacks: 0,
      condemnedBytes: 0,
    });
    const image = await makeImage(installation.context, caller, [randomBytes(50_000)], 'south');
    const { packs, storedBytes } = (await region()) as { packs: number; storedBytes: number };
    expect(packs).toBe(1);
    expect(storedBytes).toBeGreaterThan(50_000);
    await deleteImage(installation.context, caller, image.id);
    expect(await region()).toMatchObject({
      images: 1,
      packs: 0,
      storedBytes: 0,
      condemnedPacks: 1,
      condemnedBytes: storedBytes,
    });
  });
});

describe('deleteImage', () => {
  it('takes the image, its tags, disks and snapshots, whether it has bytes or not', async () => {
    const { db } = installation.context;
    for (const image of [
      await create(),
      await makeImage(installation.context, caller, [randomBytes(4096), randomBytes(4096)]),
    ]) {
      await deleteImage(installation.context, caller, image.aliyunId);
      await expect(findImage(installation.context, caller, image.id)).rejects.toMatchObject({
        code: 'image.not-found',
      });
      const names = image.disks.map(({ snapshot }) => snapshot.id);
      expect(await db.selectFrom('snapshots').select('id').where('id', 'in', names).execute()).toEqual([]);
      for (const table of ['image_tags', 'disks'] as const) {
        expect(await db.selectFrom(table).select('image').where('image', '=', image.id).execute()).toEqual([]);
      }
      await expect(deleteImage(installation.context, caller, image.id)).rejects.toMatchObject({
        code: 'image.not-found',
      });
    }
  });

  it("does not know another account's image", async () => {
    const image = await create();
    const stranger = await installation.newCaller();
    await expect(deleteImage(installation.context, stranger, image.id)).rejects.toMatchObject({
      code: 'image.not-found',
    });
    expect(await findImage(installation.context, caller, image.id)).toEqual(image);
  });

  it('keeps what another image needs, condemns the rest, and removes it after the grace time (D1)', async () => {
    const shared = randomBytes(600_000);
    const one = await makeImage(installation.context, caller, [Buffer.concat([shared, randomBytes(600_000)])]);
    const bytes = Buffer.concat([shared, randomBytes(600_000)]);
    const other = await makeImage(installation.context, caller, [bytes]);
    const before = await keys();
    const patient = { ...installation.context, graceMs: 60_000 };

    await deleteImage(installation.context, caller, one.id);
    await collectStore(patient, installation.operator, false, never);
    expect(await keys()).toEqual(before);
    installation.advance(60_001);
    const [dry] = await collectStore(patient, installation.operator, true, never);
    expect(dry?.blobsRemoved).toBeGreaterThan(1);
    expect(await keys()).toEqual(before);
    const [wet] = await collectStore(patient, installation.operator, false, never);
    expect(wet).toEqual(dry);
    const after = await keys();
    expect(after.length).toBe(before.length - (dry?.blobsRemoved ?? 0));
    expect((await read(other.id)).equals(bytes)).toBe(true);

    await deleteImage(installation.context, caller, other.id);
    installation.advance(60_001);
    await collectStore(patient, installation.operator, false, never);
    const rows = await installation.context.db
      .selectFrom('packs')
      .innerJoin('regions', 'regions.number', 'packs.region')
      .select('packs.state')
      .where('regions.id', '=', 'north')
      .where('packs.state', '=', 'condemned')
      .execute();
    expect(rows).toEqual([]);
  });

  it('is refused while the image is copied, and done when that is over', async () => {
    const image = await makeImage(installation.context, caller, [randomBytes(4096)]);
    const copy = await copyImage(installation.context, caller, { image: image.id, region: 'south' });
    await expect(deleteImage(installation.context, caller, image.id)).rejects.toMatchObject({
      code: 'image.being-copied',
      facts: { image: image.id, copy: copy.id },
    });
    await cancelCopy(installation.context, caller, copy.id);
    await deleteImage(installation.context, caller, image.id);
  });

  it('is refused for the unfinished result of a copy, queued or copying', async () => {
    const { db, server, clock } = installation.context;
    const image = await makeImage(installation.context, caller, [randomBytes(4096)]);
    const copy = await copyImage(installation.context, caller, { image: image.id, region: 'south' });
    const refused = async (state: string) =>
      await expect(deleteImage(installation.context, caller, copy.destinationImageId)).rejects.toMatchObject({
        code: 'image.changing',
        facts: { image: copy.destinationImageId, state },
      });
    await refused('queued');
    const { job } = await db.selectFrom('copies').select('job').where('id', '=', copy.id).executeTakeFirstOrThrow();
    // The first byte that moves: by then the image is being copied.
    const { put } = installation.blobs.south;
    installation.blobs.south.put = async (...args) => {
      installation.blobs.south.put = put;
      await refused('copying');
      await put(...args);
    };
    await runCopy(copy.id, job as string, { ...installation.copying, server, clock }, new AbortController());
    await deleteImage(installation.context, caller, copy.destinationImageId);
  });

  it('and a copy of the same image, begun at the same moment: one of them wins, and nothing is left half done', async () => {
    for (let round = 0; round < 10; round++) {
      const image = await makeImage(installation.context, caller, [randomBytes(4096)]);
      const [copied, deleted] = await Promise.allSettled([
        copyImage(installation.context, caller, { image: image.id, region: 'north' }),
        deleteImage(installation.context, caller, image.id),
      ]);
      expect([copied.status, deleted.status].sort()).toEqual(['fulfilled', 'rejected']);
      await installation.expectSound();
      if (copied.status === 'fulfilled') await cancelCopy(installation.context, caller, copied.value.id);
    }
  });
});
