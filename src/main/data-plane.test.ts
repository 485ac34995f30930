import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import type { DataPlane, DiskAddress } from '../app/data-plane.ts';
import { DamageError } from '../domain/failure.ts';
import type { OpenDataKey } from '../kms/data-key.ts';
import { deriveDataKeys } from '../kms/data-key.ts';
import { hash } from '../store/hash.ts';
import { createComputePool } from '../transfer/compute/pool.ts';
import { newDisk } from '../transfer/test-disk.test-support.ts';
import { blobsWith, createMemoryLog, createTestRegion, smallSettings } from '../transfer/test-region.test-support.ts';
import { createDataPlane } from './data-plane.ts';

const compute = createComputePool(1);
afterAll(() => compute.close());

const marker = Buffer.from('no word of this is to be seen by anybody');
const { signal } = new AbortController();

/** A data plane of one region, and a function that uploads a disk with a given data key. */
function newDataPlane() {
  const north = createTestRegion('north');
  const log = createMemoryLog();
  const dataPlane = createDataPlane({
    stores: new Map([['north', north]]),
    ledgers: new Map(),
    segmentLog: () => log,
    chunkKey: (accountId) => hash(Buffer.from(accountId)),
    compute,
    settings: smallSettings,
  });
  async function upload(disk: Uint8Array, accountId: string, dataKey: OpenDataKey | null): Promise<DiskAddress> {
    async function* runs() {
      yield { offset: 0, bytes: disk };
    }
    log.entries.length = 0;
    const manifestId = north.index.newManifest();
    const cut = dataKey === null ? dataPlane.cut : dataPlane.sealedCut;
    const place = { region: 'north', accountId, dataKey, manifestId };
    const written = { ...place, attempt: 1, size: disk.length, cut, signal };
    await dataPlane.ingest(written, { from: 0, isPartial: false, runs: runs() });
    const { root } = await dataPlane.seal(written);
    return { ...place, root, image: 'golden', disk: 0 };
  }
  return { north, dataPlane, upload };
}

async function readBack(dataPlane: DataPlane, address: DiskAddress, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  for await (const run of dataPlane.read(address, signal)) bytes.set(run.bytes, run.offset);
  return bytes;
}

describe('the data plane', () => {
  const disk = newDisk(161, 1_500_000);
  disk.set(marker, 700_000);
  const dataKey = { id: randomUUID(), ...deriveDataKeys(randomBytes(32)) };

  it('encrypts a disk that has a data key, whichever account it is of', async () => {
    const { north, dataPlane, upload } = newDataPlane();
    const address = await upload(disk, 'one', dataKey);
    expect(await blobsWith(north, marker)).toEqual([]);
    expect(Buffer.compare(await readBack(dataPlane, address, disk.length), disk)).toBe(0);
    expect(await Array.fromAsync(dataPlane.verify(address, signal))).toEqual([]);
    expect(await dataPlane.countMissing(address, 'north', signal)).toBe(0);
    const other = await upload(disk, 'another', dataKey);
    expect(Buffer.compare(other.root, address.root)).toBe(0);
    await expect(readBack(dataPlane, { ...address, dataKey: null }, disk.length)).rejects.toThrow(DamageError);
  });

  it('does not encrypt one that has none', async () => {
    const { north, dataPlane, upload } = newDataPlane();
    const address = await upload(disk, 'one', null);
    expect((await blobsWith(north, marker)).length).toBe(1);
    expect(Buffer.compare(await readBack(dataPlane, address, disk.length), disk)).toBe(0);
    await expect(readBack(dataPlane, { ...address, dataKey }, disk.length)).rejects.toThrow(DamageError);
  });
});
