import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { openDatabase } from '../db/database.ts';
import type { BlobErrorKind, BlobStore } from '../store/blob-store.ts';
import { createMemoryStore } from '../store/drivers/memory/memory-store.ts';
import { faultyStore } from '../store/faulty-blob-store.test-support.ts';
import type { RegionStore } from '../store/region-store.ts';
import { createLogger, silentLogger } from '../telemetry/logger.ts';
import { createReadiness } from './readiness.ts';

let database: TestDatabase;
let now: number;
let blobs: Record<'north' | 'south', BlobStore>;
beforeEach(async () => {
  database = await createTestDatabase();
  now = 0;
  blobs = { north: createMemoryStore(), south: createMemoryStore() };
  return () => database.close();
});

function create(over: Partial<Parameters<typeof createReadiness>[0]> = {}) {
  const stores = new Map<string, RegionStore>(
    Object.entries(blobs).map(([region, each]) => [region, { region, blobs: each, index: {} as RegionStore['index'] }]),
  );
  const clock = { now: () => now };
  return createReadiness({ db: database.db, stores, server: 'server-id', clock, logger: silentLogger, ...over });
}

function failing(store: BlobStore, kind: BlobErrorKind): BlobStore {
  return faultyStore(store, { put: () => ({ throws: kind }) });
}

it('is ready when the database is current and every store takes a blob, of which nothing stays', async () => {
  await blobs.south.put('probes/server-id', new Uint8Array(1));
  expect(await create()()).toEqual([]);
  for (const store of Object.values(blobs)) for await (const { key } of store.list('')) expect.unreachable(key);
});

it('names the store that fails, and not why', async () => {
  const lines: string[] = [];
  blobs.south = failing(blobs.south, 'denied');
  const look = create({ logger: createLogger('warn', { write: (line) => lines.push(line) }) });
  expect(await look()).toEqual(['store south']);
  expect(lines.join('')).toContain('check its permissions');
});

it('goes on serving what a full store holds', async () => {
  blobs.north = failing(blobs.north, 'full');
  expect(await create()()).toEqual([]);
});

it('says that the schema is not its own, and sees it changed a second later', async () => {
  const look = create();
  expect(await look()).toEqual([]);
  await sql`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999_future', '')`.execute(database.db);
  now = 999;
  expect(await look()).toEqual([]);
  now = 1000;
  expect(await look()).toEqual(['schema']);
});

it('says that the database does not answer', async () => {
  const nowhere = openDatabase({ connectionString: 'postgres://mimeo@127.0.0.1:1/mimeo' }, 1, () => {});
  expect(await create({ db: nowhere })()).toEqual(['database']);
  await nowhere.destroy();
});

it('does not wait for a store that hangs, nor asks it again before it has answered', async () => {
  let puts = 0;
  blobs.north = faultyStore(blobs.north, {
    put: () => {
      puts += 1;
      return { delay: 1000 };
    },
  });
  const look = create({ timeoutMs: 200 });
  const began = performance.now();
  expect(await Promise.all([look(), look()])).toEqual([['store north'], ['store north']]);
  now = 1_000_000;
  expect(performance.now() - began).toBeLessThan(900);
  void look();
  await sleep(10);
  expect(puts).toBe(1);
});
