import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, makeImage, never, runsOf } from '../../test/support/installation.ts';
import type { DiskFormat, Image } from '../domain/image.ts';
import type { Run } from '../lib/extent-stream.ts';
import { bytesOf } from '../lib/raw-stream.ts';
import { collectStore } from './collect-store.ts';
import type { Caller } from './context.ts';
import { copyImage } from './copy-image.ts';
import { createImage } from './create-image.ts';
import { deleteImage } from './delete-image.ts';
import { findImage } from './find-image.ts';
import { readDisk } from './read-disk.ts';
import { abandonDeadUploads, type UploadDiskCommand, uploadDisk } from './upload-disk.ts';

let installation: Installation;
let caller: Caller;
beforeAll(async () => {
  installation = await createInstallation();
  caller = await installation.newCaller();
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

/** Not uploaded yet. */
function newImage(sizes: readonly number[], format: DiskFormat | null = null): Promise<Image> {
  return createImage(installation.context, caller, {
    region: 'north',
    name: 'uploaded',
    description: '',
    kind: 'system-disk',
    rootDevice: 'cloud-disk',
    tags: {},
    disks: sizes.map((size, index) => ({ role: index === 0 ? 'system' : 'data', format, size })),
  });
}

function upload(image: Image, bytes: Uint8Array, changes: Partial<UploadDiskCommand> = {}): Promise<Image> {
  const command = { image: image.id, disk: 0, size: bytes.length, runs: runsOf(bytes), signal: never, ...changes };
  return uploadDisk(installation.context, caller, command);
}

function find(image: Image): Promise<Image> {
  return findImage(installation.context, caller, image.id);
}

async function read(image: Image, disk: number): Promise<Buffer> {
  const { size, runs } = await readDisk(installation.context, caller, image.id, disk, never);
  const pieces: Uint8Array[] = [];
  for await (const piece of bytesOf(size, runs)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function keys(): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of installation.blobs.north.list('')) found.push(key);
  return found.sort();
}

async function collect(): Promise<void> {
  installation.advance(1);
  await collectStore(installation.context, false, never);
}

/** Runs that stop after so many bytes, until they are released or break. */
function paused(bytes: Uint8Array, after: number) {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  gate.promise.catch(() => {});
  async function* runs(): AsyncGenerator<Run> {
    yield* runsOf(bytes.subarray(0, after));
    reached.resolve();
    await gate.promise;
    for await (const { offset, bytes: rest } of runsOf(bytes.subarray(after)))
      yield { offset: offset + after, bytes: rest };
  }
  return {
    runs: runs(),
    reached: reached.promise,
    release: () => gate.resolve(),
    fail: (error: Error) => gate.reject(error),
  };
}

describe('an upload', () => {
  it('makes an image of two disks available with the second, whichever comes first', async () => {
    const disks = [randomBytes(1_500_001), randomBytes(40_000)] as const;
    const image = await newImage(disks.map(({ length }) => length));
    expect(await upload(image, disks[1], { disk: 1 })).toMatchObject({
      state: 'queued',
      disks: [
        { digest: null, format: null },
        { digest: expect.stringMatching(/^[0-9a-f]{64}$/), format: 'raw', dataBytes: 40_000 },
      ],
    });
    await installation.expectSound();
    expect(await upload(image, disks[0])).toMatchObject({ state: 'available' });
    for (const [index, disk] of disks.entries()) expect((await read(image, index)).equals(disk)).toBe(true);
  });

  it('is found under each of the three ids', async () => {
    const disk = randomBytes(5000);
    const image = await newImage([5000]);
    await upload(image, disk, { image: image.aliyunId });
    for (const id of [image.id, image.aliyunId, image.jdcloudId]) {
      expect(await findImage(installation.context, caller, id)).toMatchObject({ id: image.id, state: 'available' });
    }
  });

  it('keeps holes as zeros and stores nothing for them', async () => {
    const image = await newImage([50_000_000]);
    const bytes = randomBytes(1000);
    async function* runs(): AsyncGenerator<Run> {
      yield { offset: 30_000_000, bytes };
    }
    const { disks } = await upload(image, bytes, { size: 50_000_000, runs: runs() });
    expect(disks[0]?.dataBytes).toBeLessThan(70_000);
    const whole = await read(image, 0);
    expect(whole.subarray(30_000_000, 30_001_000).equals(bytes)).toBe(true);
    expect(whole.length).toBe(50_000_000);
  });

  it('tells the format from the bytes, and takes a declared one only if it is that', async () => {
    // An ISO 9660 volume descriptor where there has to be one.
    const bytes = Buffer.alloc(64 * 1024);
    bytes.write('\x01CD001\x01', 16 * 2048, 'latin1');
    const image = await newImage([bytes.length], 'raw');
    await expect(upload(image, bytes)).rejects.toMatchObject({
      code: 'disk.unsafe-format',
      facts: { image: image.id, disk: 0, reason: expect.any(String) },
    });
    expect(await find(image)).toMatchObject({ state: 'queued', disks: [{ digest: null }] });
  });
});

describe('a refused upload', () => {
  const bytes = randomBytes(300_000);

  it("of an image that is not there, or not the caller's", async () => {
    const image = await newImage([bytes.length]);
    const stranger = await installation.newCaller();
    const command = { image: image.id, disk: 0, size: bytes.length, runs: runsOf(bytes), signal: never };
    await expect(uploadDisk(installation.context, stranger, command)).rejects.toMatchObject({
      code: 'image.not-found',
      facts: { image: image.id },
    });
    await expect(upload(image, bytes, { image: 'm-unknown' })).rejects.toMatchObject({ code: 'image.not-found' });
  });

  it('of a disk that the image does not have', async () => {
    const image = await newImage([bytes.length]);
    await expect(upload(image, bytes, { disk: 1 })).rejects.toMatchObject({
      code: 'disk.not-found',
      facts: { image: image.id, disk: 1 },
    });
  });

  it('of a disk that has its bytes', async () => {
    const image = await makeImage(installation.context, caller, [bytes]);
    await expect(upload(image, bytes)).rejects.toMatchObject({
      code: 'disk.has-content',
      facts: { image: image.id, disk: 0 },
    });
  });

  it('into the image that a copy is to become', async () => {
    const image = await makeImage(installation.context, caller, [bytes]);
    const copy = await copyImage(installation.context, caller, { image: image.id, region: 'south' });
    await expect(upload(image, bytes, { image: copy.destinationImageId })).rejects.toMatchObject({
      code: 'image.changing',
      facts: { image: copy.destinationImageId, state: 'queued' },
    });
  });

  it('of another size than the disk: announced, or found out at the end or on the way', async () => {
    const image = await newImage([bytes.length]);
    for (const [size, sent] of [
      [bytes.length - 1, bytes.length - 1],
      [null, bytes.length - 1],
      [null, bytes.length + 1],
      [null, 0],
    ] as const) {
      const runs = runsOf(Buffer.concat([bytes, bytes]).subarray(0, sent));
      await expect(upload(image, bytes, { size, runs })).rejects.toMatchObject({
        code: 'upload.incomplete',
        facts: { image: image.id, disk: 0, expected: bytes.length, received: sent },
      });
      expect(await find(image)).toMatchObject({ state: 'queued' });
      await installation.expectSound();
    }
    expect(await upload(image, bytes, { size: null })).toMatchObject({ state: 'available' });
  });

  it('while another runs, be it of the same disk or of another one', async () => {
    const image = await newImage([bytes.length, bytes.length]);
    const first = paused(bytes, 200_000);
    const running = upload(image, bytes, { runs: first.runs });
    await first.reached;
    for (const disk of [0, 1]) {
      await expect(upload(image, bytes, { disk })).rejects.toMatchObject({
        code: 'disk.upload-in-progress',
        facts: { image: image.id, disk },
      });
    }
    first.release();
    expect(await running).toMatchObject({ state: 'queued' });
    expect(await upload(image, bytes, { disk: 1 })).toMatchObject({ state: 'available' });
  });

  it('of two that begin at the same moment, exactly one', async () => {
    for (let round = 0; round < 5; round++) {
      const image = await newImage([bytes.length]);
      const outcomes = await Promise.allSettled([upload(image, bytes), upload(image, bytes), upload(image, bytes)]);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await find(image)).toMatchObject({ state: 'available' });
    }
  });
});

describe('an upload that breaks off', () => {
  /** Bytes that the store has never seen, and an image that waits for them. */
  async function begin(): Promise<{ bytes: Buffer; before: string[]; image: Image }> {
    await collect();
    const bytes = randomBytes(2_500_000);
    return { bytes, before: await keys(), image: await newImage([bytes.length]) };
  }

  /** The image waits for its disk again, and nothing that came in is left after a collection. */
  async function expectUndone({ bytes, before, image }: Awaited<ReturnType<typeof begin>>): Promise<void> {
    expect(await find(image)).toMatchObject({ state: 'queued', disks: [{ digest: null, dataBytes: null }] });
    await installation.expectSound();
    await collect();
    expect(await keys()).toEqual(before);
    expect(await upload(image, bytes)).toMatchObject({ state: 'available' });
    expect((await read(image, 0)).equals(bytes)).toBe(true);
  }

  it('because the bytes do', async () => {
    const begun = await begin();
    const { bytes, image } = begun;
    const broken = paused(bytes, 1_800_000);
    const running = upload(image, bytes, { runs: broken.runs });
    await broken.reached;
    broken.fail(new Error('the line is dead'));
    await expect(running).rejects.toThrow('the line is dead');
    await expectUndone(begun);
  });

  it('because the client has gone', async () => {
    const begun = await begin();
    const { bytes, image } = begun;
    const client = new AbortController();
    const silent = paused(bytes, 1_800_000);
    const running = upload(image, bytes, { runs: silent.runs, signal: client.signal });
    await silent.reached;
    client.abort(new Error('the client went away'));
    silent.release();
    await expect(running).rejects.toThrow('the client went away');
    await expectUndone(begun);
  });

  it('because the store is full', async () => {
    const begun = await begin();
    const { bytes, image } = begun;
    installation.fail('north', { put: (call) => (call > 3 ? { throws: 'full' } : undefined) });
    await expect(upload(image, bytes)).rejects.toMatchObject({ code: 'store.full', facts: { region: 'north' } });
    installation.fail('north');
    await expectUndone(begun);
  });

  it('because the store does not answer', async () => {
    const begun = await begin();
    const { bytes, image } = begun;
    installation.fail('north', { put: () => ({ throws: 'denied' }) });
    await expect(upload(image, bytes)).rejects.toMatchObject({ code: 'store-unavailable' });
    installation.fail('north');
    await expectUndone(begun);
  });
});

describe('the lease of an upload', () => {
  const bytes = randomBytes(400_000);

  it('keeps the image from being deleted', async () => {
    const image = await newImage([bytes.length]);
    const slow = paused(bytes, 100_000);
    const running = upload(image, bytes, { runs: slow.runs });
    await slow.reached;
    await expect(deleteImage(installation.context, caller, image.id)).rejects.toMatchObject({
      code: 'image.changing',
      facts: { image: image.id, state: 'uploading' },
    });
    slow.release();
    expect(await running).toMatchObject({ state: 'available' });
  });

  it('that runs out lets another begin, and the first one write nothing more', async () => {
    const image = await newImage([bytes.length]);
    const slow = paused(bytes, 100_000);
    const running = upload(image, bytes, { runs: slow.runs });
    await slow.reached;
    const other = { ...installation.context, server: '00000000-0000-4000-8000-000000000001' };
    expect(await abandonDeadUploads(other, true)).toBe(0);
    installation.advance(31_000);
    expect(await abandonDeadUploads(other, false)).toBe(1);
    expect(await find(image)).toMatchObject({ state: 'queued' });
    await installation.expectSound();
    // By the same server, and still running when the first one ends.
    const fresh = randomBytes(bytes.length);
    const second = paused(fresh, 100_000);
    const taken = upload(image, fresh, { runs: second.runs });
    await second.reached;
    slow.release();
    await expect(running).rejects.toThrow();
    expect(await find(image)).toMatchObject({ state: 'uploading' });
    second.release();
    expect(await taken).toMatchObject({ state: 'available' });
    await collect();
    expect((await read(image, 0)).equals(fresh)).toBe(true);
  });

  it('of a server that has fallen ends when that server starts again', async () => {
    const image = await newImage([bytes.length]);
    const hanging = paused(bytes, 100_000);
    const running = upload(image, bytes, { runs: hanging.runs });
    await hanging.reached;
    expect(await abandonDeadUploads(installation.context, false)).toBe(0);
    expect(await abandonDeadUploads(installation.context, true)).toBe(1);
    expect(await find(image)).toMatchObject({ state: 'queued' });
    hanging.release();
    await expect(running).rejects.toThrow();
    expect(await find(image)).toMatchObject({ state: 'queued', disks: [{ digest: null }] });
  });
});
