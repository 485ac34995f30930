import { afterAll, describe, expect, it } from 'vitest';
import { SealBrokenError } from '../lib/seal.ts';
import { hash } from '../store/hash.ts';
import type { LoggedSegment } from '../store/segment-log.ts';
import { createComputePool } from './compute/pool.ts';
import { sealDisk } from './seal-disk.ts';
import { pseudoRandom } from './test-disk.test-support.ts';
import {
  createMemoryLog,
  createTestRegion,
  ingest,
  neverAborted,
  plainKeys,
  sealedKeys,
  sealedSettings,
} from './test-region.test-support.ts';

const MiB = 1024 * 1024;
const compute = createComputePool(1);
afterAll(() => compute.close());

describe('the log of an encrypted disk', () => {
  const disk = pseudoRandom(151, 3 * MiB);
  disk.fill(0, MiB, 2 * MiB);
  const keys = sealedKeys(1);
  const settings = sealedSettings;

  async function logged(overrides: { readonly keys: typeof keys }) {
    const store = createTestRegion('north');
    const log = createMemoryLog();
    const manifestId = store.index.newManifest();
    const { summary } = await ingest(store, disk, compute, { settings, log, manifestId, ...overrides });
    const again = (changes: { readonly manifestId?: string }) =>
      sealDisk({
        ...{ size: disk.length, cut: settings.cut, log, store, manifestId, signal: neverAborted() },
        ...overrides,
        ...changes,
      });
    return { log, summary, again };
  }

  it('has no hash of what is on it', async () => {
    const blocks = [disk.subarray(0, MiB), disk.subarray(2 * MiB)].map((block) => Buffer.from(hash(block)));
    const holds = (entries: readonly LoggedSegment[], digest: Buffer) =>
      entries.some(({ digests }) => Buffer.from(digests).includes(digest));
    const { log, summary, again } = await logged({ keys });
    expect(blocks.map((block) => holds(log.entries, block))).toEqual([false, false]);
    expect(await again({})).toEqual(summary);

    const plain = await logged({ keys: plainKeys });
    expect(blocks.map((block) => holds(plain.log.entries, block))).toEqual([true, true]);
  });

  it('is refused when its digests were swapped, or are those of another disk', async () => {
    const { log, again } = await logged({ keys });
    await expect(again({ manifestId: crypto.randomUUID() })).rejects.toThrow(SealBrokenError);
    const [first, last] = [log.entries[0] as LoggedSegment, log.entries.at(-1) as LoggedSegment];
    log.entries.splice(0, 1, { ...first, digests: last.digests });
    log.entries.splice(-1, 1, { ...last, digests: first.digests });
    await expect(again({})).rejects.toThrow(SealBrokenError);
  });
});
