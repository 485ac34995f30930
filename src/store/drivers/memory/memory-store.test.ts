import { expect, it } from 'vitest';
import { describeBlobStore } from '../../blob-store.conformance.ts';
import { createMemoryStore } from './memory-store.ts';

describeBlobStore('memory', async () => ({ store: createMemoryStore() }));

it('takes the time from its clock', async () => {
  const store = createMemoryStore({ now: () => 1_234_567 });
  await store.put('a', new Uint8Array(3));
  expect(await store.stat('a')).toEqual({ key: 'a', size: 3, modifiedAt: 1_234_567 });
});
