import { describe, expect, it } from 'vitest';
import { packKey } from './blob-keys.ts';
import { createMemoryStore } from './drivers/memory/memory-store.ts';
import { claimStore, ForeignStoreError } from './store-owner.ts';

const ours = '11111111-1111-4111-8111-111111111111';
const theirs = '22222222-2222-4222-8222-222222222222';

describe('the owner of a store', () => {
  it('is the first that claims it, again and again', async () => {
    const blobs = createMemoryStore();
    await claimStore('r', blobs, ours);
    await blobs.put(packKey('ab'.repeat(32)), new Uint8Array(10));
    await claimStore('r', blobs, ours);
  });

  it('keeps others out, who would take its bytes for garbage', async () => {
    const blobs = createMemoryStore();
    await claimStore('r', blobs, theirs);
    await expect(claimStore('r', blobs, ours)).rejects.toThrow(ForeignStoreError);
  });

  it('is nobody of ours when there are bytes without a mark', async () => {
    const blobs = createMemoryStore();
    await blobs.put(packKey('ab'.repeat(32)), new Uint8Array(10));
    await expect(claimStore('r', blobs, ours)).rejects.toThrow(/restore that database/);
  });
});
