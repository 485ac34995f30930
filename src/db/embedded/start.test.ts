import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, lstat, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { lockFile } from '../../lib/file-lock.ts';
import { silentLogger } from '../../telemetry/logger.ts';
import { isRoot, killHard, outputOf, query, startInChild, temporaryFolder } from './embedded.test-support.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './start.ts';

async function start(directory: string, signal?: AbortSignal): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ directory, logger: silentLogger, signal });
  onTestFinished(() => postgres.stop());
  return postgres;
}

/** A cluster with a table of one row, stopped. */
async function makeCluster(directory: string): Promise<void> {
  const postgres = await start(directory);
  await query(postgres.connection, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await postgres.stop();
}

/** A zombie, whose parent has not asked about it yet, has no command line any more. */
async function isAlive(pid: number): Promise<boolean> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')) !== '';
}

async function postmasterPid(directory: string): Promise<number> {
  return Number.parseInt(await readFile(join(directory, 'postgres/data/postmaster.pid'), 'utf8'), 10);
}

describe('startEmbeddedPostgres', () => {
  it('keeps what is stored over a restart', async () => {
    const directory = await temporaryFolder();
    await makeCluster(directory);
    const { connection, version, stop } = await start(directory);
    expect(await query(connection, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect(version).toMatch(/^18\./);
    await Promise.all([stop(), stop()]);
    await stop();
  });

  it('is a cluster of UTF-8, in byte order, with checksums, fsync and a password, and has no TCP port', async () => {
    const directory = await temporaryFolder();
    const { connection } = await start(directory);
    const shown: Record<string, string> = {};
    for (const name of ['server_encoding', 'data_checksums', 'fsync', 'listen_addresses', 'TimeZone', 'huge_pages']) {
      const [row] = await query<Record<string, string>>(connection, `SHOW ${name}`);
      shown[name] = Object.values(row ?? {})[0] ?? '';
    }
    expect(shown).toEqual({
      server_encoding: 'UTF8',
      data_checksums: 'on',
      fsync: 'on',
      listen_addresses: '',
      TimeZone: expect.stringMatching(/UTC/),
      huge_pages: 'off',
    });
    expect(await query(connection, `SELECT 'Z' < 'a' AS bytewise, upper('ä') AS upper`)).toEqual([
      { bytewise: true, upper: 'Ä' },
    ]);
    await expect(query({ ...connection, password: 'wrong' }, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect((await stat(join(directory, 'postgres.password'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'postgres/data'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(directory, 'postgres'))).toEqual(['data', 'lock', 'run']);
  });

  it("goes by none of PostgreSQL's variables: they are about some other server", async () => {
    for (const name of ['PGDATA', 'PGHOST', 'PGUSER', 'PGPASSWORD', 'PGDATABASE']) vi.stubEnv(name, 'elsewhere');
    vi.stubEnv('PGSSLMODE', 'require');
    vi.stubEnv('PGPORT', '1');
    const { connection } = await start(await temporaryFolder());
    expect(await query(connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('says when it fell, and starts again on what the fallen one left', async () => {
    const directory = await temporaryFolder();
    await makeCluster(directory);
    const first = await start(directory);
    const client = new pg.Client(first.connection);
    client.on('error', () => {});
    await client.connect();
    const lost = new Promise((resolve) => client.once('end', resolve));
    process.kill(await postmasterPid(directory), 'SIGKILL');
    expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });

    const second = await start(directory);
    expect(await query(second.connection, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await lost;
  });

  it('starts after servers that were killed at any moment of their start', async () => {
    const directory = await temporaryFolder();
    for (const delay of [200, 350, 500, 650, 800]) {
      const child = startInChild(directory);
      await sleep(delay);
      await killHard(child);
    }
    await makeCluster(directory);
    for (const delay of [150, 200, 250]) {
      const child = startInChild(directory);
      await sleep(delay);
      await killHard(child);
    }
    const { connection } = await start(directory);
    expect(await query(connection, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect(await readdir(join(directory, 'postgres'))).toEqual(['data', 'lock', 'run']);
  });

  it('stops the PostgreSQL of a killed server, and starts its own', async () => {
    const directory = await temporaryFolder();
    for (let time = 0; time < 3; time++) {
      const child = startInChild(directory);
      await once(child.stdout, 'data');
      const orphan = await postmasterPid(directory);
      await killHard(child);
      expect(await isAlive(orphan)).toBe(true);

      const postgres = await start(directory);
      expect(await isAlive(orphan)).toBe(false);
      expect(await query(postgres.connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await postgres.stop();
    }
  });

  it('goes by no pid in a stale file: that process may be anybody by now', async () => {
    const directory = await temporaryFolder();
    await makeCluster(directory);
    const data = join(directory, 'postgres/data');
    const { uid, gid } = await stat(data);
    const bystander = spawn('sleep', ['60'], { uid, gid });
    onTestFinished(() => void bystander.kill());
    const now = Math.floor(Date.now() / 1000);
    const leftover = `${bystander.pid}\n${data}\n${now}\n5432\n${join(directory, 'postgres/run')}\n\n  123 456\nready   \n`;
    for (const file of [join(data, 'postmaster.pid'), join(directory, 'postgres/run/.s.PGSQL.5432.lock')]) {
      await writeFile(file, leftover, { mode: 0o600 });
      await chown(file, uid, gid);
    }

    const { connection, stop } = await start(directory);
    expect(await query(connection, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await stop();
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
  });

  it('leaves nothing running when its start is aborted', async () => {
    const directory = await temporaryFolder();
    const controller = new AbortController();
    // PostgreSQL's first line, before it can take connections.
    const logger = { ...silentLogger, debug: () => controller.abort() };
    await expect(startEmbeddedPostgres({ directory, logger, signal: controller.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    const lock = await lockFile(join(directory, 'postgres/lock'));
    expect(lock).toBeDefined();
    lock?.release();
  });
});

describe('startEmbeddedPostgres below a long path', () => {
  async function longDirectory(): Promise<string> {
    const directory = join(await temporaryFolder(), 'a'.repeat(60), 'b'.repeat(60));
    await mkdir(directory, { recursive: true });
    await chmod(dirname(directory), 0o711);
    return directory;
  }

  it('has its socket in a short folder of its own, and removes that with the server', async () => {
    const { connection, stop } = await start(await longDirectory());
    expect(connection.host.length).toBeLessThan(86);
    expect((await stat(connection.host)).mode & 0o777).toBe(0o700);
    expect(await query(connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await stop();
    await expect(stat(connection.host)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.skipIf(!isRoot)(
    'refuses a short folder that somebody else has made (needs root, to be somebody else)',
    async () => {
      const directory = await longDirectory();
      const { connection, stop } = await start(directory);
      await stop();
      await mkdir(connection.host, { mode: 0o700 });
      onTestFinished(() => rm(connection.host, { recursive: true }));
      await chown(connection.host, 2, 2);
      await expect(start(directory)).rejects.toMatchObject({
        code: 'unsafe-folder',
        message: expect.stringContaining('is a folder of bin with mode 0700'),
      });
    },
  );
});

describe('startEmbeddedPostgres on something that is not its cluster', () => {
  async function fakeCluster(file: string, content: string): Promise<string> {
    const directory = await temporaryFolder();
    await mkdir(join(directory, 'postgres/data'), { recursive: true });
    await writeFile(join(directory, 'postgres/data', file), content);
    return directory;
  }

  it('refuses the cluster of another version, and says what to do', async () => {
    await expect(start(await fakeCluster('PG_VERSION', '17\n'))).rejects.toMatchObject({
      code: 'other-version',
      message: expect.stringMatching(
        /is of PostgreSQL 17, and this Mimeo brings PostgreSQL 18: .*pg_dump.*DATABASE_URL/,
      ),
    });
  });

  it('refuses a folder without PG_VERSION, and leaves it as it is', async () => {
    const directory = await fakeCluster('precious', 'data');
    await expect(start(directory)).rejects.toMatchObject({ code: 'damaged' });
    expect(await readdir(join(directory, 'postgres/data'))).toEqual(['precious']);
  });

  it('refuses a cluster whose password is gone', async () => {
    await expect(start(await fakeCluster('PG_VERSION', '18\n'))).rejects.toMatchObject({
      code: 'damaged',
      message: expect.stringContaining('postgres.password is missing'),
    });
  });

  it("gives PostgreSQL's own words when it does not start", async () => {
    const directory = await temporaryFolder();
    await makeCluster(directory);
    await writeFile(join(directory, 'postgres/data/postgresql.conf'), 'work_mem = plenty\n');
    await expect(start(directory)).rejects.toMatchObject({
      code: 'start-failed',
      message: expect.stringContaining('invalid value for parameter "work_mem": "plenty"'),
    });
  });
});

describe('startEmbeddedPostgres as root', () => {
  /** As /root is: nobody but root may pass. */
  async function closedFolder(): Promise<{ directory: string; systemFolder: string }> {
    const folder = await temporaryFolder();
    const directory = join(folder, 'closed/data');
    await mkdir(directory, { recursive: true });
    await chmod(dirname(directory), 0o700);
    return { directory, systemFolder: join(folder, 'system') };
  }

  it.skipIf(!isRoot)('runs PostgreSQL as another user, whom it lets through (needs root)', async () => {
    const directory = await temporaryFolder();
    await chmod(directory, 0o700);
    await start(directory);
    const { uid } = await stat(join(directory, 'postgres/data'));
    expect(uid).not.toBe(0);
    expect((await stat(`/proc/${await postmasterPid(directory)}`)).uid).toBe(uid);
    expect((await stat(directory)).mode & 0o777).toBe(0o711);
    expect((await stat(join(directory, 'postgres'))).uid).toBe(0);
  });

  it.skipIf(!isRoot)('goes on with the user who owns the cluster (needs root)', async () => {
    const directory = await temporaryFolder();
    const owner = { uid: 65534, gid: 65534 };
    await chown(directory, owner.uid, owner.gid);
    const body = `
      const { startEmbeddedPostgres } = await load('./start.ts');
      const { silentLogger } = await load('../../telemetry/logger.ts');
      const postgres = await startEmbeddedPostgres({ directory: ${JSON.stringify(directory)}, logger: silentLogger });
      console.log(process.geteuid(), postgres.version);
      await postgres.stop();
    `;
    expect(await outputOf(body, { ...owner, TMPDIR: directory })).toMatch(/^65534 18\./);
    await chown(directory, 0, 0);
    for (const name of ['postgres', 'postgres/lock', 'postgres.password']) await chown(join(directory, name), 0, 0);
    await start(directory);
    expect((await stat(`/proc/${await postmasterPid(directory)}`)).uid).toBe(owner.uid);
  });

  it.skipIf(!isRoot)(
    'keeps the cluster elsewhere when no other user can reach the data directory (needs root)',
    async () => {
      const { directory, systemFolder } = await closedFolder();
      const first = await startEmbeddedPostgres({ directory, systemFolder, logger: silentLogger });
      onTestFinished(() => first.stop());
      await query(first.connection, 'CREATE TABLE kept AS SELECT 42 AS answer');
      await first.stop();
      expect((await lstat(join(directory, 'postgres'))).isSymbolicLink()).toBe(true);
      expect((await stat(dirname(directory))).mode & 0o777).toBe(0o700);
      expect((await stat(systemFolder)).mode & 0o777).toBe(0o755);

      const second = await startEmbeddedPostgres({ directory, systemFolder, logger: silentLogger });
      onTestFinished(() => second.stop());
      expect(await query(second.connection, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    },
  );

  it.skipIf(!isRoot)('refuses a link that came with a copy, or that leads nowhere (needs root)', async () => {
    const { directory, systemFolder } = await closedFolder();
    const postgres = await startEmbeddedPostgres({ directory, systemFolder, logger: silentLogger });
    await postgres.stop();
    const copy = join(dirname(directory), 'copy');
    await spawnToEnd('cp', ['-a', directory, copy]);
    await expect(startEmbeddedPostgres({ directory: copy, systemFolder, logger: silentLogger })).rejects.toMatchObject({
      code: 'in-use',
      message: expect.stringContaining('the database of another data directory'),
    });
    await rm(systemFolder, { recursive: true });
    await expect(startEmbeddedPostgres({ directory, systemFolder, logger: silentLogger })).rejects.toMatchObject({
      code: 'damaged',
      message: expect.stringContaining('which is not there'),
    });
  });

  it.skipIf(!isRoot)('refuses a system folder that others can write to (needs root)', async () => {
    const { directory, systemFolder } = await closedFolder();
    await mkdir(systemFolder);
    await chmod(systemFolder, 0o777);
    await expect(startEmbeddedPostgres({ directory, systemFolder, logger: silentLogger })).rejects.toMatchObject({
      code: 'unsafe-folder',
    });
  });
});

describe('startEmbeddedPostgres as an ordinary user', () => {
  it.skipIf(!isRoot)('starts, stops and keeps everything to that user (needs root, to become one)', async () => {
    const directory = await temporaryFolder();
    const owner = { uid: 65534, gid: 65534 };
    await chown(directory, owner.uid, owner.gid);
    await chmod(directory, 0o700);
    const body = `
      const { startEmbeddedPostgres } = await load('./start.ts');
      const { silentLogger } = await load('../../telemetry/logger.ts');
      const { query } = await load('./embedded.test-support.ts');
      for (const sql of ['CREATE TABLE kept AS SELECT 42 AS answer', 'SELECT answer FROM kept']) {
        const postgres = await startEmbeddedPostgres({ directory: ${JSON.stringify(directory)}, logger: silentLogger });
        console.log(JSON.stringify(await query(postgres.connection, sql)));
        await postgres.stop();
      }
    `;
    expect(await outputOf(body, { ...owner, TMPDIR: directory })).toBe('[]\n[{"answer":42}]\n');
    for (const name of ['postgres', 'postgres/data', 'postgres/run', 'postgres/lock', 'postgres.password']) {
      const { uid, mode } = await stat(join(directory, name));
      expect([name, uid, mode & 0o077]).toEqual([name, owner.uid, 0]);
    }
  });
});

async function spawnToEnd(file: string, args: string[]): Promise<void> {
  const [code] = await once(spawn(file, args), 'exit');
  expect(code).toBe(0);
}
