/** The server on a PostgreSQL that is not the embedded one: Debian's, of the oldest version that there is here. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { dumpSchema } from '../scripts/schema-dump.ts';
import { configSchema } from '../src/config/schema.ts';
import { openDatabase } from '../src/db/database.ts';
import { runProgram, startProgram } from '../src/db/embedded/program.ts';
import { chooseUser } from '../src/db/embedded/run-as.ts';
import { migrate } from '../src/db/migrate.ts';
import { startServer } from '../src/main/server.ts';
import { silentLogger } from '../src/telemetry/logger.ts';
import { expectSound } from './support/check-invariants.ts';
import { until } from './support/installation.ts';

/** Folders of programs, by version. */
const installed = globSync('/usr/lib/postgresql/*/bin/postgres')
  .map((path) => ({ version: Number(path.split('/').at(-3)), folder: path.replace(/\/postgres$/, '') }))
  .filter(({ version }) => version >= 15)
  .sort((a, b) => a.version - b.version);
const [oldest] = installed;
const why = oldest === undefined ? ' (skipped: none is installed; apt-get install postgresql)' : ` ${oldest.version}`;

interface Cluster {
  readonly address: { host: string; user: string };
  readonly folder: string;
  stop(): Promise<void>;
}

/** A cluster of its own on a socket in a temporary folder; whoever can open the socket may do everything. */
async function startCluster(programs: string): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'debian-'));
  await chmod(folder, 0o711);
  const [data, sockets] = [join(folder, 'data'), join(folder, 'run')];
  const runAs = await chooseUser(data);
  for (const path of [data, sockets]) {
    await mkdir(path, { mode: 0o700 });
    if (runAs !== undefined) await chown(path, runAs.uid, runAs.gid);
  }
  const initdb = [
    '--pgdata',
    data,
    '--username',
    'mimeo',
    '--auth',
    'trust',
    '--encoding',
    'UTF8',
    '--locale',
    'C',
    '--no-sync',
  ];
  await runProgram(join(programs, 'initdb'), initdb, { runAs });
  const settings = { listen_addresses: '', unix_socket_directories: sockets, fsync: 'off' };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = startProgram(join(programs, 'postgres'), ['-D', data, ...flags], { runAs });
  server.stdout.resume();
  server.stderr.resume();
  const address = { host: sockets, user: 'mimeo' };
  await until(() =>
    query(address, 'postgres', 'SELECT 1').then(
      () => true,
      () => sleep(20, false),
    ),
  );
  return {
    address,
    folder,
    async stop() {
      const exit = once(server, 'exit');
      server.kill('SIGINT');
      await exit;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function query(address: Cluster['address'], database: string, statement: string): Promise<void> {
  await connected(address, database, (client) => client.query(statement));
}

async function connected<Result>(
  address: Cluster['address'],
  database: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ ...address, database });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

describe.skipIf(oldest === undefined)(`Debian's PostgreSQL${why}`, () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster(oldest?.folder ?? '');
  });
  afterAll(() => cluster.stop());

  async function newDatabase(name: string): Promise<string> {
    await query(cluster.address, 'postgres', `CREATE DATABASE ${name}`);
    return `postgres://mimeo@localhost/${name}?host=${encodeURIComponent(cluster.address.host)}`;
  }

  it('gets the same schema', async () => {
    const db = openDatabase({ connectionString: await newDatabase('schema') }, 1, () => {});
    await migrate(db).finally(() => db.destroy());
    const dump = await connected(cluster.address, 'schema', dumpSchema);
    expect(dump).toBe(await readFile(new URL('../docs/schema.txt', import.meta.url), 'utf8'));
  });

  it('serves a whole copy, import to export', async () => {
    const databaseUrl = await newDatabase('whole');
    const config = configSchema.parse({
      dataDirectory: join(cluster.folder, 'mimeo-data'),
      databaseUrl,
      port: 0,
      regions: 'north,south',
      threads: 1,
    });
    const server = await startServer(config, silentLogger, () => {});
    onTestFinished(() => server.stop());
    const headers = { authorization: `Bearer ${server.token}` };
    const call = async <Answer>(method: string, path: string, body: object) => {
      const type = body instanceof Uint8Array ? 'application/octet-stream' : 'application/json';
      const payload = body instanceof Uint8Array ? Buffer.from(body) : JSON.stringify(body);
      const sent = { method, headers: { ...headers, 'content-type': type }, body: payload };
      const response = await fetch(`${server.url}/api/v1${path}`, sent);
      expect(response.status).toBeLessThan(300);
      return (await response.json()) as Answer;
    };
    const get = async (path: string) => await fetch(`${server.url}/api/v1${path}`, { headers });

    expect(await (await get('/status')).json()).toMatchObject({
      database: { version: expect.stringContaining(`${oldest?.version}.`), embedded: false },
    });
    const bytes = randomBytes(3_000_000);
    const disks = [{ role: 'system', size: bytes.length }];
    const image = await call<{ id: string }>('POST', '/images', { region: 'north', name: 'debian', disks });
    await call('PUT', `/images/${image.id}/disks/0/content`, bytes);
    const { copies } = await call<{ copies: [{ id: string; destinationImageId: string }] }>('POST', '/copies', {
      images: [image.id],
      regions: ['south'],
    });
    const [copy] = copies;
    await until(
      async () => ((await (await get(`/copies/${copy.id}`)).json()) as { state: string }).state === 'succeeded',
    );
    const exported = await get(`/images/${copy.destinationImageId}/disks/0/content`);
    expect(Buffer.from(await exported.arrayBuffer()).equals(bytes)).toBe(true);
    const db = openDatabase({ connectionString: databaseUrl }, 1, () => {});
    await expectSound(db).finally(() => db.destroy());
  });
});
