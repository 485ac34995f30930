import { beforeEach, describe, expect, it } from 'vitest';
import { describeBlobStore } from './blob-store.conformance.ts';
import type { BlobStore } from './blob-store.ts';
import { createMemoryStore } from './drivers/memory/memory-store.ts';
import { faultyStore, onCalls } from './faulty-blob-store.test-support.ts';

describeBlobStore('faulty, without a fault', async () => ({ store: faultyStore(createMemoryStore(), {}) }));

const bytes = new Uint8Array([0b1010, 1, 2, 3]);
let inner: BlobStore;
beforeEach(async () => {
  inner = createMemoryStore();
  await inner.put('there', bytes);
});

describe('a faulty store', () => {
  it('fails the calls that its script names, each method counted for itself', async () => {
    const store = faultyStore(inner, {
      get: onCalls({ 2: { throws: 'retryable' }, 3: { flipsBit: 9 }, 4: { cutsTo: 1 } }),
      stat: onCalls({ 1: { throws: 'denied' } }),
      list: onCalls({ 1: { throws: 'retryable' } }),
      remove: onCalls({ 1: { throws: 'retryable' } }),
    });
    expect(await store.get('there')).toEqual(bytes);
    await expect(store.get('there')).rejects.toMatchObject({ kind: 'retryable', key: 'there' });
    expect(await store.get('there')).toEqual(new Uint8Array([0b1010, 3, 2, 3]));
    expect(await store.get('there')).toEqual(new Uint8Array([0b1010]));
    expect(await store.get('there')).toEqual(bytes);

    await expect(store.stat('there')).rejects.toMatchObject({ kind: 'denied' });
    expect((await store.stat('there'))?.size).toBe(4);
    await expect(Array.fromAsync(store.list(''))).rejects.toMatchObject({ kind: 'retryable' });
    expect(await Array.fromAsync(store.list(''))).toHaveLength(1);
    await expect(store.remove('there')).rejects.toMatchObject({ kind: 'retryable' });
    expect(await inner.stat('there')).toBeDefined();
    await store.remove('there');
    expect(await inner.stat('there')).toBeUndefined();
  });

  it('can choose by key', async () => {
    const store = faultyStore(inner, { get: (_, key) => (key === 'there' ? { throws: 'not-found' } : undefined) });
    await store.put('other', bytes);
    await expect(store.get('there')).rejects.toMatchObject({ kind: 'not-found' });
    expect(await store.get('other')).toEqual(bytes);
  });

  it('is full after so many bytes, for a buffer and for pieces, and then holds nothing of the blob', async () => {
    const store = faultyStore(inner, { put: () => ({ fullAfter: 6 }) });
    async function* pieces(count: number) {
      for (let at = 0; at < count; at++) yield new Uint8Array(2);
    }
    await expect(store.put('buffer', new Uint8Array(7))).rejects.toMatchObject({ kind: 'full' });
    await expect(store.put('pieces', pieces(4))).rejects.toMatchObject({ kind: 'full' });
    expect(await Array.fromAsync(inner.list(''))).toHaveLength(1);
    await store.put('buffer', new Uint8Array(6));
    await store.put('pieces', pieces(3));
    expect((await inner.stat('pieces'))?.size).toBe(6);
  });

  it('loses the answer to a put that has worked: the next says that the blob is there', async () => {
    const store = faultyStore(inner, { put: onCalls({ 1: { losesAnswer: true } }) });
    await expect(store.put('new', bytes)).rejects.toMatchObject({ kind: 'retryable' });
    await expect(store.put('new', bytes)).rejects.toMatchObject({ kind: 'exists' });
    expect(await store.get('new')).toEqual(bytes);
  });

  it('is slow, unless the caller stops waiting', async () => {
    const store = faultyStore(inner, { get: onCalls({ 1: { delay: 30 }, 2: { delay: 60_000 } }) });
    const begun = performance.now();
    expect(await store.get('there')).toEqual(bytes);
    expect(performance.now() - begun).toBeGreaterThan(25);
    const abort = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => abort.abort(reason), 5);
    await expect(store.get('there', undefined, { signal: abort.signal })).rejects.toBe(reason);
  });

  it('refuses a script that would flip a bit that is not there', async () => {
    const store = faultyStore(inner, { get: () => ({ flipsBit: 32 }) });
    await expect(store.get('there')).rejects.toThrow('flips bit 32');
  });
});
