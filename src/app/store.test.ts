import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { copyImage, createInstallation, type Installation, makeImage, never } from '../../test/support/installation.ts';
import { runCopy } from '../jobs/copy-image.ts';
import { bytesOf } from '../lib/raw-stream.ts';
import { collectStore } from './collect-store.ts';
import type { Caller } from './context.ts';
import { createImage } from './create-image.ts';
import { deleteImage } from './delete-image.ts';
import { findDownload, readDisk } from './read-disk.ts';
import { verifyStore } from './verify-store.ts';

const MiB = 1024 * 1024;
let installation: Installation;
let caller: Caller;
beforeAll(async () => {
  installation = await createInstallation();
});
afterEach(async () => {
  installation.fail('north');
  await installation.expectSound();
});
afterAll(() => installation.close());

async function newImage(...disks: Uint8Array[]) {
  caller = await installation.newCaller();
  return await makeImage(installation.context, caller, disks);
}

/** Damages whatever is read from the north and begins like this. */
function damage(prefix: string): void {
  installation.fail('north', { get: (_call, key) => (key.startsWith(prefix) ? { flipsBit: 400 } : undefined) });
}

/** What came until the end or the error. */
async function read(image: string, disk = 0): Promise<{ bytes: Buffer; error: unknown }> {
  const { size, runs } = await readDisk(installation.context, caller, image, disk, never);
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of bytesOf(size, runs)) pieces.push(Uint8Array.from(piece));
    return { bytes: Buffer.concat(pieces), error: undefined };
  } catch (error) {
    return { bytes: Buffer.concat(pieces), error };
  }
}

async function outcomesOf({ accountId }: Caller, type: string): Promise<string[]> {
  const query = installation.context.db.selectFrom('events').select('outcome').where('account', '=', accountId);
  const rows = await query.where('type', '=', type).orderBy('id').execute();
  return rows.map(({ outcome }) => outcome);
}

describe('readDisk', () => {
  it('hands out nothing from where the damage begins, and says where that is (R1)', async () => {
    const disk = randomBytes(2 * MiB);
    const image = await newImage(disk);
    damage('packs/');
    const { bytes, error } = await read(image.id);
    expect(error).toMatchObject({ code: 'image-damaged', image: image.id, disk: 0, offset: bytes.length });
    expect(disk.subarray(0, bytes.length).equals(bytes)).toBe(true);
  });

  it('looks in the other regions for what is damaged', async () => {
    const disk = randomBytes(2 * MiB);
    const image = await newImage(disk);
    const copy = await copyImage(installation.context, caller, { image: image.id, region: 'south' });
    const { job } = await installation.context.db
      .selectFrom('copies')
      .select('job')
      .where('id', '=', copy.id)
      .executeTakeFirstOrThrow();
    await runCopy(copy.id, job as string, installation.copying, new AbortController());
    damage('packs/');
    const { bytes, error } = await read(image.id);
    expect(error).toBeUndefined();
    expect(bytes.equals(disk)).toBe(true);
  });

  it('refuses what has no bytes, and a disk that is not there', async () => {
    const image = await newImage(randomBytes(4096));
    await expect(read(image.id, 1)).rejects.toMatchObject({
      code: 'disk.not-found',
      facts: { image: image.id, disk: 1 },
    });
    const { name, description, kind, rootDevice, region, tags } = image;
    const { result: empty } = await createImage(installation.context, caller, {
      ...{ name, description, kind, rootDevice, region, tags },
      disks: [{ role: 'system', format: null, size: 1 }],
    });
    await expect(read(empty.id)).rejects.toMatchObject({
      code: 'image.not-readable',
      facts: { image: empty.id, state: 'queued' },
    });
    await expect(read('m-unknown')).rejects.toMatchObject({ code: 'image.not-found' });
    await expect(findDownload(installation.context, caller, empty.id, 0)).rejects.toMatchObject({
      code: 'image.not-readable',
      facts: { image: empty.id, state: 'queued' },
    });
    expect(await outcomesOf(caller, 'image.download')).toEqual([
      'disk.not-found',
      'image.not-readable',
      'image.not-found',
      'image.not-readable',
    ]);
  });

  it('does not call it damage when the image was deleted meanwhile', async () => {
    const image = await newImage(randomBytes(4 * MiB));
    const { size, runs } = await readDisk(installation.context, caller, image.id, 0, never);
    await deleteImage(installation.context, caller, image.id);
    installation.advance(1);
    await collectStore(installation.context, installation.operator, false, never);
    await expect(
      (async () => {
        for await (const _ of bytesOf(size, runs));
      })(),
    ).rejects.toMatchObject({ code: 'source-gone', message: expect.stringContaining(image.id) });
  });
});

describe('verifyStore', () => {
  it('reads every disk that there is and finds nothing wrong', async () => {
    const image = await newImage(randomBytes(MiB), randomBytes(5000));
    const other = await makeImage(installation.context, caller, [randomBytes(6000)]);
    await createImage(installation.context, caller, { ...image, disks: [{ role: 'system', format: null, size: 1 }] });
    const { disks, bytes } = await installation.context.db
      .selectFrom('disks')
      .innerJoin('images', 'images.id', 'disks.image')
      .where('images.state', '=', 'available')
      .select(({ fn }) => [fn.countAll<number>().as('disks'), sql<number>`sum(disks.size)::bigint`.as('bytes')])
      .executeTakeFirstOrThrow();
    expect(disks).toBeGreaterThanOrEqual(3);
    expect(await verifyStore(installation.context, installation.operator, undefined, never)).toEqual({
      disksChecked: disks,
      bytesChecked: bytes,
      disksLocked: 0,
      damage: [],
    });
    expect(await verifyStore(installation.context, installation.operator, other.aliyunId, never)).toMatchObject({
      disksChecked: 1,
      bytesChecked: 6000,
    });
    await expect(verifyStore(installation.context, installation.operator, 'm-unknown', never)).rejects.toMatchObject({
      code: 'image.not-found',
    });
  });

  it('lists every damaged chunk with image, disk and offset, and goes on to the next disk', async () => {
    const image = await newImage(randomBytes(2 * MiB), randomBytes(5000));
    damage('packs/');
    const { disksChecked, damage: found } = await verifyStore(
      installation.context,
      installation.operator,
      image.id,
      never,
    );
    expect(disksChecked).toBe(2);
    expect(found.length).toBeGreaterThan(5);
    expect(new Set(found.map(({ disk }) => disk))).toEqual(new Set([0, 1]));
    const offsets = found.filter(({ disk }) => disk === 0).map(({ offset }) => offset);
    expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
    expect(found[0]).toEqual({
      image: image.id,
      snapshot: image.disks[0]?.snapshot.id,
      disk: 0,
      offset: 0,
      message: expect.stringContaining('a chunk is damaged'),
    });
  });

  it('does not call it damage when the image was deleted meanwhile', async () => {
    const image = await newImage(randomBytes(2 * MiB));
    const { context } = installation;
    const verify: typeof context.dataPlane.verify = async function* (...args) {
      await deleteImage(context, caller, image.id);
      yield* context.dataPlane.verify(...args);
    };
    const deleting = { ...context, dataPlane: { ...context.dataPlane, verify } };
    const { disksChecked, damage: found } = await verifyStore(deleting, installation.operator, image.id, never);
    expect({ disksChecked, found }).toEqual({ disksChecked: 1, found: [] });
  });

  it('lists a damaged manifest as damage of the whole disk', async () => {
    const image = await newImage(randomBytes(MiB), randomBytes(5000));
    damage('manifests/');
    const { damage: found } = await verifyStore(installation.context, installation.operator, image.id, never);
    expect(found.map(({ disk, offset }) => ({ disk, offset }))).toEqual([
      { disk: 0, offset: 0 },
      { disk: 1, offset: 0 },
    ]);
    expect(found[0]?.message).toContain('its manifest is damaged');
  });
});

describe('collectStore', () => {
  it('removes blobs that no row knows', async () => {
    const image = await newImage(randomBytes(4096));
    const stray = `packs/ab/ab${'0'.repeat(62)}`;
    await installation.blobs.north.put(stray, randomBytes(100));
    expect(await collectStore(installation.context, installation.operator, true, never)).toEqual(
      expect.arrayContaining([expect.objectContaining({ region: 'north', strayBlobs: 1 })]),
    );
    expect(await installation.blobs.north.stat(stray)).toBeDefined();
    await collectStore(installation.context, installation.operator, false, never);
    expect(await installation.blobs.north.stat(stray)).toBeUndefined();
    expect((await read(image.id)).error).toBeUndefined();
  });

  it('is refused to others, as the verification is, and that is written down', async () => {
    caller = await installation.newCaller();
    const forbidden = { code: 'forbidden', facts: { action: 'installation.operate' } };
    await expect(collectStore(installation.context, caller, true, never)).rejects.toMatchObject(forbidden);
    await expect(verifyStore(installation.context, caller, undefined, never)).rejects.toMatchObject(forbidden);
    expect(await outcomesOf(caller, 'installation.operate')).toEqual(['forbidden', 'forbidden']);
  });

  it('is stopped by its signal', async () => {
    const image = await newImage(randomBytes(4096));
    await deleteImage(installation.context, caller, image.id);
    installation.advance(1);
    const reason = new Error('enough');
    await expect(
      collectStore(installation.context, installation.operator, false, AbortSignal.abort(reason)),
    ).rejects.toBe(reason);
  });
});
