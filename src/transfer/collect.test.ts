import { describe, expect, it } from 'vitest';
import { BlobError, type BlobStore } from '../store/blob-store.ts';
import { createMemoryStore } from '../store/drivers/memory/memory-store.ts';
import type { CondemnedBlob, StoreLedger } from '../store/store-ledger.ts';
import { collect } from './collect.ts';

const old = { key: 'packs/aa/old', size: 30, condemnedAt: 1000, published: true };
const older = { key: 'manifests/older', size: 0, condemnedAt: 900, published: true };
const fresh = { key: 'packs/bb/fresh', size: 500, condemnedAt: 2000, published: true };
const live = ['packs/cc/live', 'manifests/live'];

/** A store with old and fresh condemned blobs, live ones, blobs that no row names, and a file that is not Mimeo's. */
async function littered() {
  const blobs = createMemoryStore();
  const strays = ['packs/dd/stray', 'manifests/stray'];
  for (const key of [old.key, older.key, fresh.key, ...live, ...strays, 'somebody-elses/file']) {
    await blobs.put(key, new Uint8Array(30));
  }
  const condemned = new Map<string, CondemnedBlob>([older, old, fresh].map((blob) => [blob.key, blob]));
  const log: string[] = [];
  const ledger: StoreLedger = {
    condemned: async () => [...condemned.values()],
    forget: async (key) => {
      log.push(`forget ${key}`);
      condemned.delete(key);
    },
    known: async (keys) => new Set(keys.filter((key) => condemned.has(key) || live.includes(key))),
  };
  const logging: BlobStore = {
    ...blobs,
    remove: async (key) => {
      log.push(`remove ${key}`);
      await blobs.remove(key);
    },
  };
  const keys = async () => {
    const found: string[] = [];
    for await (const { key } of blobs.list('')) found.push(key);
    return found.sort();
  };
  const signal = new AbortController().signal;
  return { keys, log, options: { blobs: logging, ledger, condemnedBefore: 2000, strays: true, dryRun: false, signal } };
}

describe('collecting', () => {
  it('removes what was condemned before the grace time, and what no row names; all else stays', async () => {
    const { keys, options } = await littered();
    expect(await collect(options)).toEqual({
      blobsRemoved: 2,
      bytesFreed: 30 + 2 * 30,
      blobsWaiting: 1,
      bytesWaiting: 500,
      strayBlobs: 2,
    });
    expect(await keys()).toEqual([fresh.key, ...live, 'somebody-elses/file'].sort());
    expect(await collect(options)).toEqual({
      blobsRemoved: 0,
      bytesFreed: 0,
      blobsWaiting: 1,
      bytesWaiting: 500,
      strayBlobs: 0,
    });
  });

  it('gives no grace time to what no reader can have known, and leaves strays alone unless asked', async () => {
    const { keys, options } = await littered();
    const ledger: StoreLedger = {
      ...options.ledger,
      condemned: async () => [old, { ...fresh, published: false }],
    };
    const counts = await collect({ ...options, ledger, condemnedBefore: 0, strays: false });
    expect(counts).toMatchObject({ blobsRemoved: 1, bytesFreed: 500, blobsWaiting: 1, strayBlobs: 0 });
    expect(await keys()).not.toContain(fresh.key);
    expect(await keys()).toEqual(expect.arrayContaining([old.key, 'packs/dd/stray', 'manifests/stray']));
  });

  it('goes blob by blob, the bytes before the row (D1)', async () => {
    const { log, options } = await littered();
    await collect(options);
    const key = (step: string) => step.split(' ')[1];
    expect(log.filter((step) => [old.key, older.key].includes(key(step) ?? ''))).toEqual([
      `remove ${older.key}`,
      `forget ${older.key}`,
      `remove ${old.key}`,
      `forget ${old.key}`,
    ]);
  });

  it('counts the same and touches nothing when it only counts', async () => {
    const { keys, log, options } = await littered();
    const before = await keys();
    const counted = await collect({ ...options, dryRun: true });
    expect(await keys()).toEqual(before);
    expect(log).toEqual([]);
    expect(counted).toEqual(await collect(options));
  });

  it('keeps the row of a blob that could not be removed', async () => {
    const { log, options } = await littered();
    const denied = new BlobError('denied', older.key);
    const blobs: BlobStore = {
      ...options.blobs,
      remove: async () => {
        throw denied;
      },
    };
    await expect(collect({ ...options, blobs })).rejects.toBe(denied);
    expect(log).toEqual([]);
  });

  it('removes strays by the thousand', async () => {
    const { keys, options } = await littered();
    for (let number = 0; number < 2500; number++) await options.blobs.put(`packs/ee/${number}`, new Uint8Array(1));
    expect((await collect(options)).strayBlobs).toBe(2502);
    expect(await keys()).toEqual([fresh.key, ...live, 'somebody-elses/file'].sort());
  });

  it('stops with its signal', async () => {
    const { log, options } = await littered();
    await expect(collect({ ...options, signal: AbortSignal.abort(new Error('shutting down')) })).rejects.toThrow(
      'shutting down',
    );
    expect(log).toEqual([]);
  });
});
