/** The cluster: PostgreSQL's word for a data folder. Made once, as a whole or not at all. */
import { randomBytes } from 'node:crypto';
import { chmod, chown, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, writeFileDurably } from '../../lib/durable-file.ts';
import type { User } from '../../lib/users.ts';
import type { Binaries } from './binaries.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { type Places, port } from './places.ts';
import { runProgram } from './program.ts';

export interface ClusterOptions {
  readonly places: Places;
  readonly binaries: Binaries;
  readonly runAs: User | undefined;
  /** The cluster's lock, for initdb to hold as well. */
  readonly lockFd: number;
}

/** The owner of everything in the database. */
export const user = 'mimeo';

const workshopPrefix = 'initdb-';

/** Sees that there is a cluster that our PostgreSQL can run; answers with its password. */
export async function ensureCluster(options: ClusterOptions): Promise<string> {
  const { places, binaries } = options;
  await removeLeftovers(places);
  const version = await readVersion(places.data);
  const password = await readPassword(places.password);
  if (version === undefined) {
    const made = password ?? randomBytes(32).toString('base64url');
    if (password === undefined) await writeFileDurably(places.password, made);
    await createCluster(options, made);
    return made;
  }
  if (version !== binaries.major) {
    throw new EmbeddedPostgresError(
      'other-version',
      `the database in ${places.data} is of PostgreSQL ${version}, and this Mimeo brings PostgreSQL ${binaries.major}: ` +
        'start the Mimeo that made it and move the database with pg_dump and pg_restore, ' +
        `or run a PostgreSQL ${version} on it and name that in DATABASE_URL`,
    );
  }
  if (password === undefined) {
    throw new EmbeddedPostgresError(
      'damaged',
      `${places.password} is missing, and the database doesn't open without it: put it back from a backup`,
    );
  }
  return password;
}

/** Undefined if there is no cluster yet. */
async function readVersion(data: string): Promise<number | undefined> {
  if (!(await exists(data))) return undefined;
  const version = await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => '');
  if (/^\d+\s*$/.test(version)) return Number(version);
  throw new EmbeddedPostgresError(
    'damaged',
    `${data} is not a PostgreSQL database, though it is where Mimeo's should be (PG_VERSION is missing or damaged): ` +
      'put it back from a backup',
  );
}

async function readPassword(path: string): Promise<string | undefined> {
  if (!(await exists(path))) return undefined;
  return (await readFile(path, 'utf8')).trim();
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

/** In a folder beside, then renamed: a start that is killed leaves no half of a cluster where the next one looks. */
async function createCluster({ places, binaries, runAs, lockFd }: ClusterOptions, password: string): Promise<void> {
  const { home } = places;
  const workshop = join(home, `${workshopPrefix}${randomBytes(6).toString('hex')}`);
  const data = join(workshop, 'data');
  const passwordFile = join(workshop, 'password');
  await mkdir(workshop);
  await chmod(workshop, runAs ? 0o711 : 0o700);
  await mkdir(data, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600, flag: 'wx' });
  if (runAs) {
    await chown(data, runAs.uid, runAs.gid);
    await chown(passwordFile, runAs.uid, runAs.gid);
  }
  const choices = [
    `--username=${user}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The same order and case on every machine: PostgreSQL's own, not the operating system's.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--data-checksums',
    '--no-instructions',
  ];
  try {
    await runProgram(binaries.initdb, [`--pgdata=${data}`, ...choices], { runAs, lockFd });
    await rename(data, places.data);
    await syncFolder(home);
  } catch (cause) {
    const { message } = cause as Error;
    throw new EmbeddedPostgresError(
      'start-failed',
      `the database can't be made in ${home} (${message}): see to that, or name a PostgreSQL server in DATABASE_URL`,
      { cause },
    );
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

/**
 * Of a start or a server that was killed; the caller holds the lock, so nobody uses any of it. PostgreSQL itself would
 * go by the pids in its files, and those may be somebody else's by now.
 */
async function removeLeftovers({ home, data, sockets }: Places): Promise<void> {
  const workshops = (await readdir(home)).filter((name) => name.startsWith(workshopPrefix));
  const socket = join(sockets, `.s.PGSQL.${port}`);
  for (const path of [
    ...workshops.map((name) => join(home, name)),
    join(data, 'postmaster.pid'),
    socket,
    `${socket}.lock`,
  ]) {
    await rm(path, { recursive: true, force: true });
  }
}
