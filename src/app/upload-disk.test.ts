import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  copyImage,
  createInstallation,
  type Installation,
  makeImage,
  never,
  runsOf,
} from '../../test/support/installation.ts';
import { parkUploadsOf } from '../db/uploads.ts';
import type { DiskFormat, Image } from '../domain/image.ts';
import { ExtentStreamError, type Run } from '../lib/extent-stream.ts';
import { bytesOf } from '../lib/raw-stream.ts';
import { abandonExpiredUploads } from './abandon-uploads.ts';
import { collectStore } from './collect-store.ts';
import type { Caller } from './context.ts';
import { createImage } from './create-image.ts';
import { deleteImage } from './delete-image.ts';
import { findContent } from './find-content.ts';
import { findImage } from './find-image.ts';
import { readDisk } from './read-disk.ts';
import { type UploadDiskCommand, uploadDisk } from './upload-disk.ts';

let installation: Installation;
let caller: Caller;
beforeAll(async () => {
  installation = await createInstallation();
  caller = await installation.newCaller();
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

/** Not uploaded yet. */
async function newImage(sizes: readonly number[], format: DiskFormat | null = null): Promise<Image> {
  const { result } = await createImage(installation.context, caller, {
    region: 'north',
    name: 'uploaded',
    description: '',
    kind: 'system-disk',
    rootDevice: 'cloud-disk',
    tags: {},
    disks: sizes.map((size, index) => ({ role: index === 0 ? 'system' : 'data', format, size })),
  });
  return result;
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
  await collectStore(installation.context, installation.operator, false, never);
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
        facts: { image: image.id, disk: 0 },
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

/** How many bytes of the disk are stored for good. */
async function offsetOf(image: Image, disk = 0): Promise<number> {
  return (await findContent(installation.context, caller, image.id, disk)).upload.offset;
}

/** What is still missing, as an upload that is resumed brings it. */
async function resume(image: Image, bytes: Uint8Array, changes: Partial<UploadDiskCommand> = {}): Promise<Image> {
  const from = await offsetOf(image);
  return await upload(image, bytes, { from, runs: runsFrom(bytes, from), ...changes });
}

async function* runsFrom(bytes: Uint8Array, from: number, end = bytes.length): AsyncGenerator<Run> {
  for await (const run of runsOf(bytes.subarray(from, end))) yield { ...run, offset: from + run.offset };
}

/** Runs that break off after so many bytes. */
async function* brokenRuns(bytes: Uint8Array, from: number, end: number, error: Error): AsyncGenerator<Run> {
  yield* runsFrom(bytes, from, end);
  throw error;
}

const segment = 1024 * 1024;
const lineIsDead = new Error('the line is dead');

/** An upload of which `stored` bytes have come. */
async function cutOff(bytes: Uint8Array, stored: number): Promise<Image> {
  const image = await newImage([bytes.length]);
  await expect(upload(image, bytes, { runs: brokenRuns(bytes, 0, stored, lineIsDead) })).rejects.toBe(lineIsDead);
  return image;
}

/** The image waits for its disk again, and nothing that came in is left after a collection. */
async function expectUndone(image: Image, before: string[]): Promise<void> {
  expect(await find(image)).toMatchObject({ state: 'queued', disks: [{ digest: null, dataBytes: null }] });
  expect(await offsetOf(image)).toBe(0);
  await installation.expectSound();
  await collect();
  expect(await keys()).toEqual(before);
}

describe('an upload that is cut off', () => {
  const bytes = randomBytes(3 * segment + 12_345);

  it('is parked with every segment that had come, and goes on from there', async () => {
    const image = await cutOff(bytes, 2 * segment + 500_000);
    expect(await find(image)).toMatchObject({ state: 'uploading', disks: [{ digest: null }] });
    expect(await findContent(installation.context, caller, image.id, 0)).toMatchObject({
      digest: null,
      upload: { offset: 2 * segment, isComplete: false, granularity: segment, keepUntil: expect.any(Number) },
    });
    await installation.expectSound();
    const resumed = await resume(image, bytes);
    expect(resumed.state).toBe('available');
    expect((await read(image, 0)).equals(bytes)).toBe(true);
    const plain = await makeImage(installation.context, caller, [bytes]);
    expect(resumed.disks[0]?.digest).toBe(plain.disks[0]?.digest);
  });

  it('wherever it is cut, however often, and with holes or without, is the disk that one upload makes', async () => {
    const size = 4 * segment + 4097;
    const data = randomBytes(size);
    // A hole of more than a segment, which an extent stream leaves out.
    data.fill(0, segment + 70_000, 2 * segment + 300_000);
    const plain = await makeImage(installation.context, caller, [data]);
    const roots = () => installation.database.db.selectFrom('manifests').select('root').where('state', '=', 'live');
    const before = new Set((await roots().execute()).map(({ root }) => root?.toString('hex')));
    async function* sparse(from: number, end: number): AsyncGenerator<Run> {
      for await (const run of runsFrom(data, from, end)) if (run.bytes.some((byte) => byte !== 0)) yield run;
    }
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(size), { minLength: 1, maxLength: 4 }), fc.boolean(), async (cuts, hasHoles) => {
        const image = await newImage([size]);
        for (const cut of cuts) {
          const from = await offsetOf(image);
          const isPartial = cut % 2 === 0;
          async function* runs() {
            yield* hasHoles ? sparse(from, Math.max(cut, from)) : runsFrom(data, from, Math.max(cut, from));
            if (!isPartial) throw lineIsDead;
          }
          const sent = upload(image, data, { from, runs: runs(), isPartial, size: null });
          if (isPartial) await sent;
          else await expect(sent).rejects.toBe(lineIsDead);
          const stored = await offsetOf(image);
          expect(stored).toBeGreaterThanOrEqual(from);
          // What was whole is kept; of a hole nobody knows that it is one before something comes behind it.
          if (!hasHoles && cut < size) expect(stored).toBe(Math.max(from, cut - (cut % segment)));
          await installation.expectSound();
        }
        const resumed = await resume(image, data);
        expect(resumed).toMatchObject({ state: 'available' });
        expect(resumed.disks[0]).toMatchObject({
          digest: plain.disks[0]?.digest,
          dataBytes: plain.disks[0]?.dataBytes,
        });
      }),
      { numRuns: 12 },
    );
    // The root stands for every byte of a manifest.
    expect(new Set((await roots().execute()).map(({ root }) => root?.toString('hex')))).toEqual(before);
  }, 20_000);

  it('before a segment had come waits as if nothing had', async () => {
    await collect();
    const before = await keys();
    await expectUndone(await cutOff(bytes, segment - 1), before);
  });

  it('by its own signal keeps what was logged', async () => {
    const client = new AbortController();
    const image = await newImage([bytes.length]);
    const silent = paused(bytes, 2 * segment + 500_000);
    const running = upload(image, bytes, { runs: silent.runs, signal: client.signal });
    await silent.reached;
    client.abort(new Error('the server stops'));
    silent.release();
    await expect(running).rejects.toThrow('the server stops');
    await installation.expectSound();
    expect((await offsetOf(image)) % segment).toBe(0);
    expect(await resume(image, bytes)).toMatchObject({ state: 'available' });
    expect((await read(image, 0)).equals(bytes)).toBe(true);
  });

  it('goes on after the store did not answer, be it for a pack or for the manifest', async () => {
    const fresh = randomBytes(bytes.length);
    const image = await newImage([fresh.length]);
    let packs = 0;
    installation.fail('north', {
      put: (_call, key) => (key.startsWith('packs/') && ++packs > 9 ? { throws: 'denied' } : undefined),
    });
    await expect(upload(image, fresh)).rejects.toMatchObject({ code: 'store-unavailable' });
    await installation.expectSound();
    installation.fail('north', {
      put: (_call, key) => (key.startsWith('manifests/') ? { throws: 'denied' } : undefined),
    });
    await expect(resume(image, fresh)).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(await offsetOf(image)).toBe(fresh.length);
    installation.fail('north');
    expect(await resume(image, fresh)).toMatchObject({ state: 'available' });
    expect((await read(image, 0)).equals(fresh)).toBe(true);
  });

  it('after its manifest was put, but not before anybody heard of it, is made available by the next request', async () => {
    const image = await newImage([bytes.length]);
    const client = new AbortController();
    installation.fail('north', {
      get: (_call, key) => {
        if (key.startsWith('manifests/')) client.abort(lineIsDead);
        return undefined;
      },
    });
    await expect(upload(image, bytes, { signal: client.signal })).rejects.toBe(lineIsDead);
    installation.fail('north');
    expect(await offsetOf(image)).toBe(bytes.length);
    expect(await resume(image, bytes)).toMatchObject({ state: 'available' });
  });

  it('is resumed by one of those that come at the same moment, and not while it is given up', async () => {
    for (let round = 0; round < 4; round++) {
      const image = await cutOff(bytes, 2 * segment);
      const late = {
        ...installation.context,
        clock: { now: () => Date.now() + 2 * installation.context.uploadKeepMs },
      };
      const outcomes = await Promise.allSettled([
        resume(image, bytes, { from: 2 * segment, runs: runsFrom(bytes, 2 * segment) }),
        resume(image, bytes, { from: 2 * segment, runs: runsFrom(bytes, 2 * segment) }),
        ...(round % 2 === 0 ? [] : [abandonExpiredUploads(late)]),
      ]);
      const done = outcomes.slice(0, 2).filter(({ status }) => status === 'fulfilled');
      const { state } = await find(image);
      expect(done).toHaveLength(state === 'available' ? 1 : 0);
      if (round % 2 === 0) expect(state).toBe('available');
      await installation.expectSound();
      if (state === 'available') expect((await read(image, 0)).equals(bytes)).toBe(true);
    }
  });

  it('is given up for a new one', async () => {
    const image = await cutOff(bytes, 2 * segment);
    const fresh = randomBytes(bytes.length);
    expect(await upload(image, fresh)).toMatchObject({ state: 'available' });
    expect((await read(image, 0)).equals(fresh)).toBe(true);
  });

  it('keeps the bytes of another disk from coming, but not its image from being deleted', async () => {
    await collect();
    const before = await keys();
    const fresh = randomBytes(bytes.length);
    const image = await newImage([fresh.length, 5000]);
    await expect(upload(image, fresh, { runs: brokenRuns(fresh, 0, 2 * segment, lineIsDead) })).rejects.toBe(
      lineIsDead,
    );
    await expect(upload(image, fresh.subarray(0, 5000), { disk: 1 })).rejects.toMatchObject({
      code: 'disk.upload-in-progress',
      facts: { image: image.id, disk: 0 },
    });
    await deleteImage(installation.context, caller, image.id);
    await installation.expectSound();
    await collect();
    expect(await keys()).toEqual(before);
  });

  it('is cut with the parameters it was begun with, whatever the settings are by then', async () => {
    const image = await cutOff(bytes, 2 * segment + 5);
    const { dataPlane } = installation.context;
    const cut = { minChunk: 2048, meanChunk: 8192, maxChunk: 32_768, segment: 2 * segment };
    const context = { ...installation.context, dataPlane: { ...dataPlane, cut } };
    const from = await offsetOf(image);
    const command = { image: image.id, disk: 0, size: null, runs: runsFrom(bytes, from), from, signal: never };
    const resumed = await uploadDisk(context, caller, command);
    const plain = await makeImage(installation.context, caller, [bytes]);
    expect(resumed.disks[0]?.digest).toBe(plain.disks[0]?.digest);
    expect((await read(image, 0)).equals(bytes)).toBe(true);
  });

  it('waits for the time that it is kept, and is put back then', async () => {
    await collect();
    const before = await keys();
    const fresh = randomBytes(bytes.length);
    const image = await cutOff(fresh, 2 * segment);
    installation.advance(installation.context.uploadKeepMs - 60_000);
    expect(await abandonExpiredUploads(installation.context)).toBe(0);
    expect(await offsetOf(image)).toBe(2 * segment);
    installation.advance(61_000);
    expect(await abandonExpiredUploads(installation.context)).toBe(1);
    await expectUndone(image, before);
    expect(await upload(image, fresh)).toMatchObject({ state: 'available' });
  });
});

describe('an upload that can come to nothing', () => {
  const bytes = randomBytes(3 * segment);

  it.each([
    ['brings more than the disk', (from: number) => runsOfMore(from), { code: 'upload.incomplete' }],
    [
      'brings what has come before',
      (from: number) => runsFrom(bytes, from - 10),
      { code: 'upload.malformed', facts: { reason: expect.stringContaining('come after') } },
    ],
    [
      'is malformed',
      (from: number) => brokenRuns(bytes, from, from + segment, new ExtentStreamError('malformed', 'no')),
      { reason: 'malformed' },
    ],
  ] as const)('because it %s is undone, though it was resumed', async (_, runs, error) => {
    const image = await cutOff(bytes, 2 * segment);
    await expect(resume(image, bytes, { runs: runs(2 * segment), size: null })).rejects.toMatchObject(error);
    expect(await find(image)).toMatchObject({ state: 'queued' });
    expect(await offsetOf(image)).toBe(0);
  });

  async function* runsOfMore(from: number): AsyncGenerator<Run> {
    yield* runsFrom(bytes, from);
    yield { offset: bytes.length, bytes: new Uint8Array(1) };
  }

  it('because the store is full is undone at once', async () => {
    await collect();
    const before = await keys();
    const fresh = randomBytes(2_500_000);
    const image = await newImage([fresh.length]);
    installation.fail('north', { put: (call) => (call > 6 ? { throws: 'full' } : undefined) });
    await expect(upload(image, fresh)).rejects.toMatchObject({ code: 'store.full', facts: { region: 'north' } });
    installation.fail('north');
    await expectUndone(image, before);
  });

  it('is refused anywhere but where the last one ended, and harms nothing', async () => {
    const image = await cutOff(bytes, segment + 7);
    for (const from of [0, 1, segment - 1, 2 * segment]) {
      await expect(resume(image, bytes, { from })).rejects.toMatchObject({
        code: 'upload.wrong-offset',
        facts: { image: image.id, disk: 0, expected: segment, received: from },
      });
    }
    expect(await resume(image, bytes)).toMatchObject({ state: 'available' });
    const untouched = await newImage([bytes.length]);
    await expect(resume(untouched, bytes, { from: segment })).rejects.toMatchObject({ code: 'upload.wrong-offset' });
    expect(await resume(untouched, bytes, { from: 0 })).toMatchObject({ state: 'available' });
  });

  it('by what lies in several requests is inspected as one disk', async () => {
    // A qcow2 header in the first request, the rest in the second: declared as raw, it is refused all the same.
    const disguised = Buffer.alloc(2 * segment);
    Buffer.from('514649fb00000003', 'hex').copy(disguised);
    const head = await newImage([disguised.length], 'raw');
    await upload(head, disguised, { runs: runsFrom(disguised, 0, segment), isPartial: true, size: null });
    await expect(resume(head, disguised)).rejects.toMatchObject({ code: 'disk.unsafe-format' });
    expect(await find(head)).toMatchObject({ state: 'queued' });

    // A VHD's footer, the last sector of the disk, in a request of its own.
    const tailed = Buffer.alloc(2 * segment + 512);
    tailed.write('conectix', tailed.length - 512, 'latin1');
    const tail = await newImage([tailed.length], 'raw');
    await upload(tail, tailed, { runs: runsFrom(tailed, 0, 2 * segment), isPartial: true, size: null });
    await expect(resume(tail, tailed)).rejects.toMatchObject({ code: 'disk.unsafe-format' });
  });
});

describe('the lease of an upload', () => {
  const bytes = randomBytes(2 * segment + 400_000);

  it('ends with the image: a deletion stops whoever brings the bytes', async () => {
    const image = await newImage([bytes.length]);
    const slow = paused(bytes, 100_000);
    const running = upload(image, bytes, { runs: slow.runs });
    await slow.reached;
    await deleteImage(installation.context, caller, image.id);
    slow.release();
    await expect(running).rejects.toMatchObject({ code: 'source-gone' });
    await expect(find(image)).rejects.toMatchObject({ code: 'image.not-found' });
  });

  it.each([
    ['is disabled', (id: string) => ({ user: id, changes: { disabled_at: 1 } })],
    ['may only look by now', (id: string) => ({ user: id, changes: { role: 'viewer' } as const })],
  ])('is not completed for a user who %s', async (_case, change) => {
    const uploader = await installation.newCaller();
    const { result: image } = await createImage(installation.context, uploader, {
      ...{ region: 'north', name: 'late', description: '', kind: 'system-disk', rootDevice: 'cloud-disk', tags: {} },
      disks: [{ role: 'system', format: null, size: bytes.length }],
    });
    const slow = paused(bytes, 100_000);
    const command = { image: image.id, disk: 0, size: bytes.length, runs: slow.runs, signal: never };
    const running = uploadDisk(installation.context, uploader, command);
    await slow.reached;
    const { user, changes } = change(uploader.userId as string);
    await installation.context.db.updateTable('users').set(changes).where('id', '=', user).execute();
    slow.release();
    await expect(running).rejects.toMatchObject({ code: 'forbidden' });
    expect(await findImage(installation.context, uploader, image.id)).toMatchObject({ state: 'queued' });
  });

  it('that runs out lets another go on, and the first one write nothing more', async () => {
    const image = await newImage([bytes.length]);
    const slow = paused(bytes, segment + 100_000);
    const running = upload(image, bytes, { runs: slow.runs });
    await slow.reached;
    await expect(resume(image, bytes)).rejects.toMatchObject({ code: 'disk.upload-in-progress' });
    installation.advance(31_000);
    expect(await abandonExpiredUploads(installation.context)).toBe(0);
    const second = paused(bytes, segment + 100_000);
    const taken = resume(image, bytes, { from: 0, runs: second.runs });
    await second.reached;
    slow.release();
    await expect(running).rejects.toMatchObject({ code: 'source-gone' });
    expect(await find(image)).toMatchObject({ state: 'uploading' });
    second.release();
    expect(await taken).toMatchObject({ state: 'available' });
    expect((await read(image, 0)).equals(bytes)).toBe(true);
  });

  it('that runs out lets a new upload begin, and the first one write nothing more', async () => {
    const image = await newImage([bytes.length]);
    const slow = paused(bytes, 100_000);
    const running = upload(image, bytes, { runs: slow.runs });
    await slow.reached;
    installation.advance(31_000);
    const fresh = randomBytes(bytes.length);
    expect(await upload(image, fresh)).toMatchObject({ state: 'available' });
    slow.release();
    await expect(running).rejects.toMatchObject({ code: 'source-gone' });
    await collect();
    expect((await read(image, 0)).equals(fresh)).toBe(true);
  });

  it('of a server that has fallen ends when that server starts again', async () => {
    const { db } = installation.database;
    const image = await newImage([bytes.length]);
    const hanging = paused(bytes, segment);
    const running = upload(image, bytes, { runs: hanging.runs });
    await hanging.reached;
    await parkUploadsOf(db, '00000000-0000-4000-8000-000000000001', Date.now() + 1000);
    await expect(resume(image, bytes)).rejects.toMatchObject({ code: 'disk.upload-in-progress' });
    await parkUploadsOf(db, installation.context.server, installation.context.clock.now());
    expect(await resume(image, bytes)).toMatchObject({ state: 'available' });
    hanging.release();
    await expect(running).rejects.toThrow();
    expect(await find(image)).toMatchObject({ state: 'available' });
  });
});
