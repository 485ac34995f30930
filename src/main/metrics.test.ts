import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { openDatabase } from '../db/database.ts';
import { ensureRegions } from '../db/regions.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createMetricsPage, type MetricsPageOptions } from './metrics.ts';

function create(options: Pick<MetricsPageOptions, 'db'> & Partial<MetricsPageOptions>) {
  return createMetricsPage({
    metrics: createMetrics('1.2.3'),
    databaseConnections: 5,
    compute: { threads: 2, queued: () => 3 },
    countConnections: async () => 4,
    clock: { now: () => 0 },
    logger: createLogger('silent'),
    ...options,
  });
}

it('shows the database as it is, read once a second at most', async () => {
  const { db, close } = await createTestDatabase();
  onTestFinished(close);
  const regions = await ensureRegions(db, ['north']);
  let now = 0;
  const page = create({ db, clock: { now: () => now } });
  const imagesOfNorth = async () =>
    /^mimeo_images\{region="north",state="queued"\} (\d+)$/m.exec((await page()).text)?.[1];
  const first = (await page()).text;
  for (const line of [
    'mimeo_database_up 1',
    'mimeo_database_pool_limit 5',
    'mimeo_compute_queue_depth 3',
    'mimeo_http_connections 4',
    'mimeo_copy_queue_depth{region="north"} 0',
    'mimeo_copy_moved_bytes_total 0',
  ]) {
    expect(first.split('\n')).toContain(line);
  }
  expect(first).toMatch(/^mimeo_database_pool_connections\{state="(idle|busy)"\} [1-5]$/m);

  const [account, project] = [randomUUID(), randomUUID()];
  const region = regions.get('north');
  await sql`INSERT INTO accounts (id, name, created_at, number) VALUES (${account}, 'a', 0, 1)`.execute(db);
  await sql`INSERT INTO projects (id, account, region, name, is_default, created_at)
    VALUES (${project}, ${account}, ${region}, 'p', true, 0)`.execute(db);
  await sql`INSERT INTO images (id, aliyun_id, jdcloud_id, account, region, project, name, description, kind, root_device,
    state, created_at, updated_at) VALUES (gen_random_uuid(), 'm-1', 'img-1', ${account}, ${region}, ${project}, 'n', '',
    'iso', 'cloud-disk', 'queued', 0, 0)`.execute(db);
  now = 999;
  expect(await imagesOfNorth()).toBeUndefined();
  now = 1000;
  expect(await imagesOfNorth()).toBe('1');
});

it('shows what the process knows when the database does not answer', async () => {
  const db = openDatabase({ connectionString: 'postgres://mimeo@127.0.0.1:1/mimeo' }, 1, () => {});
  onTestFinished(() => db.destroy());
  const lines: string[] = [];
  const logger = createLogger('warn', { write: (line) => lines.push(line) });
  const { text } = await create({ db, logger })();
  expect(text).toContain('mimeo_database_up 0');
  expect(text).toContain('mimeo_compute_threads 2');
  expect(text).not.toMatch(/^mimeo_cop(y_moved|ies)/m);
  expect(lines.join('')).toContain('ECONNREFUSED');
});
