/** Images that are encrypted as their bytes come in: from what is asked for to what lies in the store and the database. */
import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  copyImage,
  createInstallation,
  finishCopy,
  type Installation,
  makeImage,
  never,
  readBytes,
  runsOf,
  smallSettings,
  type TestRegion,
} from '../../test/support/installation.ts';
import { inTransaction } from '../db/database.ts';
import { findUpload } from '../db/uploads.ts';
import type { Image } from '../domain/image.ts';
import type { Key, KeyGrant } from '../domain/key.ts';
import { KeyProviderError } from '../kms/key-provider.ts';
import type { Run } from '../lib/extent-stream.ts';
import { abandonExpiredUploads } from './abandon-uploads.ts';
import { collectStore } from './collect-store.ts';
import type { AppContext, Caller } from './context.ts';
import { type CreateImageCommand, type CreateOptions, createImage } from './create-image.ts';
import { deleteImage } from './delete-image.ts';
import { findImage } from './find-image.ts';
import { disableKey, enableKey } from './keys/change-key.ts';
import { createKey } from './keys/create-key.ts';
import { createKeyAlias } from './keys/key-aliases.ts';
import { revokeKey } from './keys/key-grants.ts';
import { createOpenedKeys } from './keys/opened-keys.ts';
import { listEvents } from './list-events.ts';
import { shareImage } from './share-image.ts';
import { beginDisk } from './store-disk.ts';
import { type UploadDiskCommand, uploadDisk } from './upload-disk.ts';

const MiB = 1024 * 1024;
const { segment } = smallSettings.cut;
/** Not to be found anywhere by chance, and uncompressible, so that a plain store has it as it is. */
const marker = randomBytes(64);

let installation: Installation;
let context: AppContext;
let caller: Caller;
let key: Key;
/** Three segments, the marker in each of them. */
let disk: Buffer;

beforeAll(async () => {
  installation = await createInstallation();
  context = installation.context;
});
beforeEach(async () => {
  caller = await installation.newCaller();
  key = await newKey();
  const part = () =>
    Buffer.concat([randomBytes(0.5 * MiB), marker, randomBytes(0.25 * MiB - 64), Buffer.alloc(0.25 * MiB)]);
  disk = Buffer.concat([part(), part(), part().subarray(0, 0.6 * MiB)]);
});
afterEach(async () => {
  installation.keyProvider.failure = undefined;
  await installation.expectSound();
});
afterAll(() => installation.close());

async function newKey(region: TestRegion = 'north', grants: readonly KeyGrant['service'][] = ['images']): Promise<Key> {
  const command = { region, origin: 'mimeo', description: '', grants } as const;
  return (await createKey(context, caller, command, { signal: never })).result;
}

async function newImage(changes: Partial<CreateImageCommand> = {}, options: CreateOptions = {}): Promise<Image> {
  const command = {
    region: 'north',
    name: 'secret',
    description: '',
    kind: 'system-disk',
    rootDevice: 'cloud-disk',
    tags: {},
    encryption: key.id,
    disks: [{ role: 'system', format: null, size: disk.length }],
    ...changes,
  } as const;
  return (await createImage(context, caller, command, options)).result;
}

function upload({ id }: Image, changes: Partial<UploadDiskCommand> = {}, on = context): Promise<Image> {
  const command = { image: id, disk: 0, size: null, runs: runsOf(disk), signal: never, ...changes };
  return uploadDisk(on, caller, command);
}

/** A part of the disk: from a segment's beginning, and more is to follow. */
function begin(image: Image, end: number, from?: number, on = context): Promise<Image> {
  const part = { runs: runsFrom(from ?? 0, end), isPartial: true, ...(from !== undefined && { from }) };
  return upload(image, part, on);
}

function goOn(image: Image, from: number, on = context): Promise<Image> {
  return upload(image, { from, runs: runsFrom(from, disk.length) }, on);
}

async function* runsFrom(from: number, end: number): AsyncGenerator<Run> {
  for await (const { offset, bytes } of runsOf(disk.subarray(from, end))) yield { offset: from + offset, bytes };
}

/** Another server of the installation, which has opened no keys. */
const anotherServer = (): AppContext => ({ ...context, server: randomUUID(), openedKeys: createOpenedKeys() });

const find = ({ id }: Image) => findImage(context, caller, id);
const bytesOf = ({ id }: Image, index = 0) => readBytes(context, caller, id, index);

/** How far the upload is. */
async function offsetOf({ id }: Image): Promise<number | undefined> {
  return (await findUpload(context.db, id))?.offset;
}

/** Of its disks, in their order. */
async function dataKeysOf({ id }: Image): Promise<(string | null)[]> {
  const rows = await context.db
    .selectFrom('disks')
    .innerJoin('manifests', 'manifests.id', 'disks.manifest')
    .select('manifests.data_key as dataKey')
    .where('disks.image', '=', id)
    .orderBy('disks.index')
    .execute();
  return rows.map(({ dataKey }) => dataKey);
}

async function countDataKeys(): Promise<number> {
  const { count } = await context.db
    .selectFrom('data_keys')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('key', '=', key.id)
    .executeTakeFirstOrThrow();
  return count;
}

async function isStored(wanted: Buffer): Promise<boolean> {
  const store = installation.blobs.north;
  for await (const { key: name } of store.list('')) {
    if (Buffer.from(await store.get(name)).includes(wanted)) return true;
  }
  return false;
}

/** Every row of every table, as text. */
async function database(): Promise<string> {
  const { rows: tables } = await sql<{ name: string }>`
    SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`.execute(context.db);
  const texts = [];
  for (const { name } of tables) {
    const { rows } = await sql<{ text: string }>`
      SELECT coalesce(string_agg(t::text, ' '), '') AS text FROM ${sql.raw(name)} t`.execute(context.db);
    texts.push(rows[0]?.text);
  }
  return texts.join('\n');
}

async function collect(): Promise<void> {
  installation.advance(1);
  await collectStore(context, installation.operator, false, never);
}

async function uses(): Promise<string[]> {
  const { events } = await listEvents(context, caller, { type: 'key.used', limit: 100 });
  return events.toReversed().map(({ outcome, details }) => `${details['purpose']} ${outcome}`);
}

/** Runs that stop after so many bytes, until they are released. */
function paused(after: number) {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  async function* runs(): AsyncGenerator<Run> {
    yield* runsFrom(0, after);
    reached.resolve();
    await gate.promise;
    yield* runsFrom(after, disk.length);
  }
  return { runs: runs(), reached: reached.promise, release: () => gate.resolve() };
}

const refused = (code: string, facts: object = {}) =>
  expect.objectContaining({ name: 'RefusalError', code, facts: expect.objectContaining(facts) });
const disabled = () => refused('key.disabled', { key: key.id, state: 'disabled' });

describe('an upload that encrypts', () => {
  it('shows its key from the first, and is read back as what it was', async () => {
    const image = await newImage();
    expect(image.disks).toMatchObject([{ key: key.id, digest: null }]);
    const whole = await upload(image);
    expect(whole).toMatchObject({ state: 'available', disks: [{ key: key.id, digest: null, format: 'raw' }] });
    // Of half a megabyte that is zeros nothing is stored.
    expect(whole.disks[0]?.dataBytes).toBeLessThan(disk.length - 0.3 * MiB);
    expect((await bytesOf(image)).equals(disk)).toBe(true);
    expect(await uses()).toEqual(['encrypt succeeded', 'decrypt succeeded']);
  });

  it('writes nothing of the bytes to the store or the database, neither on the way nor at its end', async () => {
    const image = await newImage();
    await begin(image, 2 * segment);
    const text = await database();
    await goOn(image, 2 * segment);
    const texts = [text, await database()];
    expect(await isStored(marker)).toBe(false);
    for (const each of texts) {
      expect(each).not.toContain(marker.toString('hex'));
      expect(each).not.toContain(marker.toString('base64').slice(0, 80));
    }
    // The same bytes, not encrypted: so they would have been found, and so would their digest.
    const { disks } = await makeImage(context, caller, [disk]);
    const digest = disks[0]?.digest as string;
    expect(await isStored(marker)).toBe(true);
    expect(await database()).toContain(digest);
    for (const each of texts) expect(each).not.toContain(digest);
  });

  it('goes on with the data key that it has begun with, on another server, too', async () => {
    const image = await newImage();
    const offsets = [];
    await begin(image, segment);
    const [dataKey] = await dataKeysOf(image);
    offsets.push(await offsetOf(image));
    const { maxChunk } = smallSettings.cut;
    expect(await findUpload(context.db, image.id)).toMatchObject({ cut: { minChunk: maxChunk, meanChunk: maxChunk } });
    const { unwrap } = installation.keyProvider.calls;
    await begin(image, 2 * segment, segment, anotherServer());
    offsets.push(await offsetOf(image));
    expect(installation.keyProvider.calls.unwrap).toBe(unwrap + 1);
    await goOn(image, 2 * segment);
    expect(offsets).toEqual([segment, 2 * segment]);
    expect(dataKey).toEqual(expect.any(String));
    expect(await dataKeysOf(image)).toEqual([dataKey]);
    expect((await bytesOf(image)).equals(disk)).toBe(true);
  });

  it('goes on after a server that was killed before it had made the data key, or before it had stored anything', async () => {
    const image = await newImage();
    const content = { disk: 0, size: disk.length };
    await inTransaction(context.db, (trx) => beginDisk(context, trx, image, content, { user: caller, signal: never }));
    expect(await dataKeysOf(image)).toEqual([null]);
    installation.advance(31_000);
    const { runs, reached, release } = paused(0);
    const killed = upload(image, { from: 0, runs });
    await reached;
    const [dataKey] = await dataKeysOf(image);
    installation.advance(31_000);
    expect(await goOn(image, 0, anotherServer())).toMatchObject({ state: 'available' });
    release();
    await expect(killed).rejects.toThrow();
    expect(dataKey).toEqual(expect.any(String));
    expect(await dataKeysOf(image)).toEqual([dataKey]);
    expect((await bytesOf(image)).equals(disk)).toBe(true);
    expect(await countDataKeys()).toBe(1);
  });

  it('gives each disk a data key of its own', async () => {
    const other = randomBytes(100_000);
    const disks = [disk, other].map(({ length }, index) => {
      return { role: index === 0 ? 'system' : 'data', format: null, size: length } as const;
    });
    const image = await newImage({ disks });
    await upload(image, { disk: 1, runs: runsOf(other) });
    expect(await upload(image)).toMatchObject({ state: 'available', disks: [{ key: key.id }, { key: key.id }] });
    expect(new Set(await dataKeysOf(image)).size).toBe(2);
    expect((await bytesOf(image, 0)).equals(disk)).toBe(true);
    expect((await bytesOf(image, 1)).equals(other)).toBe(true);
  });

  it('is held to what its format is said to be, though only the key shows that', async () => {
    Buffer.from('514649fb00000003', 'hex').copy(disk);
    const image = await newImage({ disks: [{ role: 'system', format: 'raw', size: disk.length }] });
    await begin(image, segment);
    await expect(goOn(image, segment)).rejects.toEqual(refused('disk.unsafe-format', { image: image.id, disk: 0 }));
    expect(await find(image)).toMatchObject({ state: 'queued' });
  });

  it('is given up with its data key, and with the image', async () => {
    const image = await newImage();
    await begin(image, segment);
    expect(await countDataKeys()).toBe(1);
    // A new one, which has another.
    await upload(image);
    await collect();
    expect(await countDataKeys()).toBe(1);
    const late = await newImage();
    await begin(late, segment);
    installation.advance(context.uploadKeepMs + 1);
    await abandonExpiredUploads(context);
    const cut = await newImage();
    await begin(cut, segment);
    for (const each of [cut, image, late]) await deleteImage(context, caller, each.id);
    await collect();
    expect(await countDataKeys()).toBe(0);
  });

  it('makes an image that is copied, and that nobody else is let at, with or without bytes', async () => {
    const other = await installation.newCaller();
    const image = await newImage();
    const share = () => shareImage(context, caller, image.id, other.accountId);
    await expect(share()).rejects.toEqual(refused('image.encrypted', { image: image.id }));
    await upload(image);
    await expect(share()).rejects.toEqual(refused('image.encrypted', { image: image.id }));
    const accepted = await copyImage(context, caller, { image: image.id, region: 'south', encryption: 'none' });
    const copy = await finishCopy(installation, caller, accepted.id);
    expect(copy).toMatchObject({ state: 'succeeded' });
    const copied = await findImage(context, caller, copy.destinationImageId);
    expect(copied.disks[0]?.key).toBe(null);
    expect((await bytesOf(copied)).equals(disk)).toBe(true);
  });
});

describe('the key of a new image', () => {
  it('is the one of this alias, or the default one, which is made when it is first asked for', async () => {
    await createKeyAlias(context, caller, { key: key.id, name: 'own' });
    expect((await newImage({ encryption: 'own' })).disks[0]?.key).toBe(key.id);
    const { createVersion } = installation.keyProvider.calls;
    await expect(newImage({ encryption: 'default' }, { dryRun: true })).rejects.toEqual(
      refused('request.dry-run-passed'),
    );
    expect(installation.keyProvider.calls.createVersion).toBe(createVersion);
    const images = [await newImage({ encryption: 'default' }), await newImage({ encryption: 'default' })];
    expect(installation.keyProvider.calls.createVersion).toBe(createVersion + 1);
    const keys = images.map(({ disks }) => disks[0]?.key);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).not.toBe(key.id);
    for (const image of images) expect(await upload(image)).toMatchObject({ state: 'available' });
  });

  it.each<[string, () => Promise<string>, string]>([
    ['does not exist', async () => randomUUID(), 'key.not-found'],
    ['lies elsewhere', async () => (await newKey('south')).id, 'key.other-region'],
    ['is not for images', async () => (await newKey('north', [])).id, 'key.not-granted'],
    ['is disabled', async () => (await disableKey(context, caller, key.id)).id, 'key.disabled'],
  ])('that %s is refused, and nothing is made', async (_case, wanted, code) => {
    const encryption = await wanted();
    await expect(newImage({ encryption })).rejects.toEqual(refused(code, { key: encryption }));
    const { events } = await listEvents(context, caller, { type: 'image.create', limit: 10 });
    expect(events).toMatchObject([{ outcome: code }]);
  });

  it('is not made for a request that is refused anyway', async () => {
    const { createVersion } = installation.keyProvider.calls;
    await expect(newImage({ encryption: 'default', name: '' })).rejects.toEqual(refused('request.invalid'));
    const viewer = { ...caller, role: 'viewer' } as const;
    caller = viewer;
    await expect(newImage({ encryption: 'default' })).rejects.toEqual(refused('forbidden'));
    expect(installation.keyProvider.calls.createVersion).toBe(createVersion);
  });

  it('may be asked for again by the same token', async () => {
    const [one, other] = [await newImage({}, { token: 'again' }), await newImage({}, { token: 'again' })];
    expect(other.id).toBe(one.id);
    await expect(newImage({ encryption: undefined }, { token: 'again' })).rejects.toEqual(
      refused('request.idempotency-mismatch'),
    );
  });
});

describe('a key that cannot be used', () => {
  it('keeps an upload from beginning, and from going on, until it is enabled again', async () => {
    const image = await newImage();
    await disableKey(context, caller, key.id);
    await expect(upload(image)).rejects.toEqual(disabled());
    expect(await find(image)).toMatchObject({ state: 'queued' });
    await enableKey(context, caller, key.id);
    await begin(image, segment);
    await disableKey(context, caller, key.id);
    for (const on of [context, anotherServer()]) await expect(goOn(image, segment, on)).rejects.toEqual(disabled());
    expect(await offsetOf(image)).toBe(segment);
    expect(await find(image)).toMatchObject({ state: 'uploading' });
    await enableKey(context, caller, key.id);
    expect(await goOn(image, segment)).toMatchObject({ state: 'available' });
    expect((await bytesOf(image)).equals(disk)).toBe(true);
    const { events } = await listEvents(context, caller, { type: 'image.upload', limit: 10 });
    expect(events.map(({ outcome }) => outcome)).toEqual([
      'succeeded',
      'key.disabled',
      'key.disabled',
      'succeeded',
      'key.disabled',
    ]);
  });

  it.each([
    [
      'is disabled',
      () => disableKey(context, caller, key.id),
      'key.disabled',
      () => enableKey(context, caller, key.id),
    ],
    ['is granted no more', () => revokeKey(context, caller, key.id, 'images'), 'key.not-granted', undefined],
  ])('because it %s in the middle ends the request and leaves what is stored', async (_case, close, code, open) => {
    const image = await newImage();
    const { runs, reached, release } = paused(segment + 1000);
    const running = upload(image, { runs });
    await reached;
    await close();
    release();
    await expect(running).rejects.toEqual(refused(code, { key: key.id }));
    expect(await offsetOf(image)).toBe(disk.length);
    expect(await find(image)).toMatchObject({ state: 'uploading' });
    expect(await uses()).toEqual(['encrypt succeeded', `encrypt ${code}`]);
    if (open === undefined) return;
    await open();
    expect(await goOn(image, disk.length)).toMatchObject({ state: 'available' });
    expect((await bytesOf(image)).equals(disk)).toBe(true);
  });

  it('is noticed while the bytes are still coming', async () => {
    const image = await newImage();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const { runs, reached, release } = paused(2 * segment);
      const running = upload(image, { runs });
      const ended = expect(running).rejects.toEqual(disabled());
      await reached;
      await disableKey(context, caller, key.id);
      vi.advanceTimersByTime(10_000);
      await ended;
      release();
    } finally {
      vi.useRealTimers();
    }
    await enableKey(context, caller, key.id);
    expect(await goOn(image, (await offsetOf(image)) ?? 0)).toMatchObject({ state: 'available' });
    expect((await bytesOf(image)).equals(disk)).toBe(true);
  });

  it('because its provider does not answer leaves the upload where it was', async () => {
    const image = await newImage();
    const failure = new KeyProviderError('unavailable', 'no answer');
    const unanswered = expect.objectContaining({ name: 'FailureError', code: 'key-provider-unavailable' });
    installation.keyProvider.failure = failure;
    await expect(upload(image)).rejects.toEqual(unanswered);
    await expect(newImage({ encryption: 'default' })).rejects.toEqual(unanswered);
    expect(await find(image)).toMatchObject({ state: 'queued' });
    installation.keyProvider.failure = undefined;
    await begin(image, segment);
    installation.keyProvider.failure = failure;
    await expect(goOn(image, segment, anotherServer())).rejects.toEqual(unanswered);
    installation.keyProvider.failure = undefined;
    expect(await offsetOf(image)).toBe(segment);
    expect(await goOn(image, segment, anotherServer())).toMatchObject({ state: 'available' });
  });
});
