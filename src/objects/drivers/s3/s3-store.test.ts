import { randomBytes } from 'node:crypto';
import dns from 'node:dns';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import S3rver from 's3rver';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ObjectServer, startObjectServer } from '../../../../test/support/object-server.ts';
import { openObjectServer } from '../../../../test/support/open-object-server.ts';
import { Secret } from '../../../lib/secret.ts';
import { ObjectError, type ObjectStore } from '../../object-store.ts';
import { readObject } from '../../read-object.ts';
import { writeObject } from '../../write-object.ts';
import { createS3Store, type S3Settings } from './s3-store.ts';

const MiB = 1024 * 1024;
const never = new AbortController().signal;
const settings = { region: 'us-east-1', pathStyle: true, timeoutMs: 400, attempts: 1 };

async function kindOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => expect.fail('it did not fail'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ObjectError);
  return (error as ObjectError).kind;
}

async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(source));
}

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const piece = 700_001;
  for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
}

async function store(objects: ObjectStore, object: string, bytes: Uint8Array): Promise<number[]> {
  const stored: number[] = [];
  const upload = await objects.beginUpload({ bucket: 'images', object }, never);
  const options = { partBytes: 5 * MiB, onStored: (count: number) => stored.push(count), signal: never };
  await writeObject(upload, whole(bytes), options);
  await upload.complete(never);
  return stored;
}

describe('with s3rver, which others have made', () => {
  let folder: string;
  let s3rver: S3rver;
  let access: S3Settings;
  let objects: ObjectStore;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mimeo-s3rver-'));
    s3rver = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory: folder });
    const { port } = await s3rver.run();
    const endpoint = `http://127.0.0.1:${port}`;
    access = { ...settings, endpoint, accessKeyId: 'S3RVER', secretAccessKey: new Secret('S3RVER') };
    const client = new S3Client({
      endpoint,
      region: access.region,
      forcePathStyle: true,
      credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    });
    await client.send(new CreateBucketCommand({ Bucket: 'images' }));
    await client.send(new PutObjectCommand({ Bucket: 'images', Key: 'a b/ü', Body: Buffer.from('0123456789') }));
    client.destroy();
    objects = createS3Store(access);
  });
  afterAll(async () => {
    objects.close();
    await s3rver.close();
    await rm(folder, { recursive: true });
  });

  it('reads what is there, from any byte on', async () => {
    const place = { bucket: 'images', object: 'a b/ü' };
    const { size, etag } = await objects.head(place, never);
    expect(size).toBe(10);
    expect((await bytesOf(objects.read(place, { start: 0, etag }, never))).toString()).toBe('0123456789');
    expect((await bytesOf(objects.read(place, { start: 7, etag }, never))).toString()).toBe('789');
    expect(await kindOf(bytesOf(objects.read(place, { start: 0, etag: '"another"' }, never)))).toBe('changed');
  });

  it('writes objects of several parts', async () => {
    const bytes = randomBytes(11 * MiB);
    expect(await store(objects, 'parts', bytes)).toEqual([5 * MiB, 5 * MiB, MiB]);
    const place = { bucket: 'images', object: 'parts' };
    const { size, etag } = await objects.head(place, never);
    expect(size).toBe(bytes.length);
    expect((await bytesOf(objects.read(place, { start: 0, etag }, never))).equals(bytes)).toBe(true);
  });

  it('tells what there is not, and what is not allowed', async () => {
    await objects.checkBucket('images', never);
    expect(await kindOf(objects.checkBucket('nothing', never))).toBe('bucket-not-found');
    expect(await kindOf(objects.head({ bucket: 'nothing', object: 'a' }, never))).toBe('bucket-not-found');
    expect(await kindOf(objects.head({ bucket: 'images', object: 'a' }, never))).toBe('object-not-found');
    const stranger = createS3Store({ ...access, accessKeyId: 'STRANGER' });
    expect(await kindOf(stranger.head({ bucket: 'images', object: 'a b/ü' }, never))).toBe('denied');
    expect(await kindOf(stranger.beginUpload({ bucket: 'images', object: 'a' }, never))).toBe('denied');
    stranger.close();
  });
});

describe('with a store that knows conditions and forgets uploads', () => {
  let server: ObjectServer;
  let objects: ObjectStore;
  const place = { bucket: 'images', object: 'disk.raw' };
  const bytes = randomBytes(3 * MiB);
  beforeAll(async () => {
    server = await startObjectServer();
    objects = openObjectServer(server, settings.timeoutMs);
  });
  beforeEach(() => {
    server.intervene = () => undefined;
    server.buckets.get('images')?.set('disk.raw', bytes);
  });
  afterAll(async () => {
    objects.close();
    await server.close();
  });

  it('goes on reading where the connection broke', async () => {
    const { etag } = await objects.head(place, never);
    let cuts = 0;
    server.intervene = (line) => (line.startsWith('GET') && cuts++ < 5 ? { cutAfter: 500_000 } : undefined);
    const from = server.requests.length;
    expect((await bytesOf(readObject(objects, place, { start: 100, etag }, never))).equals(bytes.subarray(100))).toBe(
      true,
    );
    expect(server.requests.length - from).toBe(6);
  });

  it('gives up when nothing comes any more', async () => {
    const { etag } = await objects.head(place, never);
    server.intervene = (line) => (line.startsWith('GET') ? { status: 503 } : undefined);
    const from = server.requests.length;
    expect(await kindOf(bytesOf(readObject(objects, place, { start: 0, etag }, never)))).toBe('unreachable');
    expect(server.requests.length - from).toBe(3);
  });

  it('does not wait for ever, neither for an answer nor for its rest', async () => {
    const { etag } = await objects.head(place, never);
    server.intervene = () => ({ wait: new Promise(() => {}), waitAfter: 1000 });
    const before = performance.now();
    expect(await kindOf(bytesOf(objects.read(place, { start: 0, etag }, never)))).toBe('unreachable');
    expect(performance.now() - before).toBeGreaterThan(300);
  });

  it('stops when it is told to, with the reason', async () => {
    const { etag } = await objects.head(place, never);
    server.intervene = () => ({ wait: new Promise(() => {}), waitAfter: 1000 });
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('enough')), 50);
    await expect(bytesOf(readObject(objects, place, { start: 0, etag }, abort.signal))).rejects.toThrow('enough');
  });

  it('does not take another object for the one that it began with', async () => {
    const { etag } = await objects.head(place, never);
    server.buckets.get('images')?.set('disk.raw', randomBytes(10));
    expect(await kindOf(bytesOf(objects.read(place, { start: 5, etag }, never)))).toBe('changed');
    server.buckets.get('images')?.delete('disk.raw');
    expect(await kindOf(bytesOf(objects.read(place, { start: 5, etag }, never)))).toBe('object-not-found');
  });

  it('abandons one upload of an object and no other, and says whether there was one', async () => {
    const [first, second] = [await objects.beginUpload(place, never), await objects.beginUpload(place, never)];
    await first.put(Buffer.from('part'), never);
    expect(await objects.abandonUpload(place, first.id, never)).toBe(true);
    expect([...server.uploads.keys()]).toEqual([second.id]);
    expect(await objects.abandonUpload(place, first.id, never)).toBe(false);
    await second.put(Buffer.from('part'), never);
    await second.complete(never);
    expect(await objects.abandonUpload(place, second.id, never)).toBe(false);
    server.intervene = () => ({ status: 403 });
    expect(await kindOf(objects.abandonUpload(place, second.id, never))).toBe('denied');
  });

  it('removes an object, be it there or not', async () => {
    for (const _ of ['once', 'again']) await objects.remove(place, never);
    expect(server.buckets.get('images')?.has('disk.raw')).toBe(false);
    expect(await kindOf(objects.remove({ ...place, bucket: 'nothing' }, never))).toBe('bucket-not-found');
  });

  it('gives a part the time that it needs while it flows, and no more', async () => {
    const part = Buffer.alloc(32 * MiB);
    const upload = await objects.beginUpload(place, never);
    server.intervene = () => ({ slowBody: 200 * 1024 });
    const before = performance.now();
    await upload.put(part, never);
    expect(performance.now() - before).toBeGreaterThan(1.5 * settings.timeoutMs);
    server.intervene = () => ({ slowBody: 0 });
    expect(await kindOf(upload.put(part, never))).toBe('unreachable');
    server.intervene = () => undefined;
    await objects.abandonUpload(place, upload.id, never);
  });

  it.each([true, false])(
    'sends nothing to another host, whatever a bucket is called (in the path: %s)',
    async (pathStyle) => {
      const asked: string[] = [];
      const lookup = vi.spyOn(dns, 'lookup').mockImplementation(((
        host: string,
        _: object,
        done: (e: Error) => void,
      ) => {
        asked.push(host);
        done(new Error('nobody looks it up'));
      }) as never);
      const secretAccessKey = new Secret('secret');
      const access = { ...settings, pathStyle, accessKeyId: 'MIMEO', secretAccessKey };
      const store = createS3Store({ ...access, endpoint: 'https://store.example' });
      const outpost = `${'x'.repeat(10)}o${'0'.repeat(17)}${'1'.repeat(25)}--op-s3`;
      const accessPoint = 'arn:aws:s3:us-east-1:123456789012:accesspoint/x';
      for (const bucket of [outpost, accessPoint]) {
        await expect(store.checkBucket(bucket, never)).rejects.toThrow(ObjectError);
      }
      expect(asked).toEqual([]);
      expect(await kindOf(store.checkBucket('images', never))).toBe('unreachable');
      expect(asked).toEqual([pathStyle ? 'store.example' : 'images.store.example']);
      lookup.mockRestore();
      store.close();
    },
  );

  it.each([
    [403, 'denied'],
    [400, 'rejected'],
    [500, 'unreachable'],
    [429, 'unreachable'],
  ])('calls an answer with status %i %s', async (status, kind) => {
    server.intervene = () => ({ status });
    expect(await kindOf(objects.checkBucket('images', never))).toBe(kind);
  });

  it('calls nobody there unreachable', async () => {
    const gone = await startObjectServer();
    await gone.close();
    const absent = openObjectServer(gone);
    expect(await kindOf(absent.checkBucket('images', never))).toBe('unreachable');
    absent.close();
  });
});
