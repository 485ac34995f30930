/**
 * Where the embedded PostgreSQL lives. In `postgres/` in the data directory:
 *
 *     data/   the cluster
 *     run/    the socket, unless its path would be too long for the system
 *     lock    held by PostgreSQL's own processes, whatever becomes of ours
 *
 * Started as root, PostgreSQL runs as another user. `data` and `run` are that user's, what is around them stays root's.
 * Where that user can't pass, such as below /root, `postgres` is a link to a folder in `systemFolder`.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, lstat, mkdir, readlink, realpath, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from '../../lib/durable-file.ts';
import { describeUser, type User } from '../../lib/users.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { canPassThrough } from './run-as.ts';

export interface Places {
  /** Absolute, without symbolic links. */
  readonly home: string;
  readonly data: string;
  readonly sockets: string;
  readonly lock: string;
  /** Not in `home`: as root, PostgreSQL's user must not read it. */
  readonly password: string;
}

/** There is no TCP port; the number is part of the socket's name. */
export const port = 5432;

/** A socket's path has 107 bytes on Linux and 103 on macOS. */
const longestSocketPath = 100;

export async function preparePlaces(directory: string, runAs: User | undefined, systemFolder: string): Promise<Places> {
  const home = runAs ? await homeForRoot(directory, runAs, systemFolder) : join(directory, 'postgres');
  await makeFolder(home, runAs ? 0o711 : 0o700);
  return {
    home,
    data: join(home, 'data'),
    sockets: await makeSocketFolder(home, runAs),
    lock: join(home, 'lock'),
    password: join(directory, 'postgres.password'),
  };
}

/** Our own folder for what `systemFolder` is for: the programs' copy, and clusters that would be out of reach. */
export async function prepareSystemFolder(systemFolder: string, runAs: User): Promise<string> {
  if (await mkdir(systemFolder, { recursive: true })) await chmod(systemFolder, 0o755);
  const stats = await lstat(systemFolder);
  if (!stats.isDirectory() || stats.uid !== 0 || (stats.mode & 0o022) !== 0) {
    throw new EmbeddedPostgresError(
      'unsafe-folder',
      `${systemFolder} has to be a folder of root that nobody else can write to: see who made it, then remove it or ` +
        'set it right, or start Mimeo as an ordinary user',
    );
  }
  if (await canPassThrough(runAs, systemFolder)) return systemFolder;
  throw new EmbeddedPostgresError(
    'cannot-run',
    `PostgreSQL does not run as root, and its user ${runAs.name} can't enter ${systemFolder}: give it the right to, ` +
      'start Mimeo as an ordinary user, or name a PostgreSQL server in DATABASE_URL',
  );
}

async function homeForRoot(directory: string, runAs: User, systemFolder: string): Promise<string> {
  const inside = join(directory, 'postgres');
  const stats = await lstat(inside).catch(() => undefined);
  if (stats?.isSymbolicLink()) return followLink(inside, directory);
  if (await canPassThrough(runAs, dirname(directory))) {
    await chmod(directory, 0o711);
    return inside;
  }
  if (stats) {
    throw new EmbeddedPostgresError(
      'cannot-run',
      `PostgreSQL's user ${runAs.name} can't get to ${inside} any more: give it the right to pass ` +
        `(chmod o+x ${dirname(directory)}, and what is above it), or move the data directory to where it may`,
    );
  }
  const home = join(
    await prepareSystemFolder(systemFolder, runAs),
    `${nameFor(directory)}-${randomBytes(4).toString('hex')}`,
  );
  await makeFolder(home, 0o711);
  await syncFolder(systemFolder);
  await symlink(home, inside);
  await syncFolder(directory);
  return home;
}

/** A copied data directory has the link of the original: two servers would stop each other's PostgreSQL as orphans. */
async function followLink(link: string, directory: string): Promise<string> {
  const target = await readlink(link);
  if (!basename(target).startsWith(`${nameFor(directory)}-`)) {
    throw new EmbeddedPostgresError(
      'in-use',
      `${link} leads to ${target}, the database of another data directory: use that one. If this is it and you have ` +
        `moved it, run "mv ${target} ${ownName(target, directory)} && ln -sfn ${ownName(target, directory)} ${link}"`,
    );
  }
  return realpath(link).catch((cause) => {
    throw new EmbeddedPostgresError(
      'damaged',
      `${link} leads to the database in ${target}, which is not there: put it back from a backup`,
      { cause },
    );
  });
}

function ownName(target: string, directory: string): string {
  return join(dirname(target), `${nameFor(directory)}-${randomBytes(4).toString('hex')}`);
}

function nameFor(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 16);
}

async function makeSocketFolder(home: string, runAs: User | undefined): Promise<string> {
  const inside = join(home, 'run');
  if (fits(inside)) {
    await makeFolder(inside, 0o700, runAs);
    return inside;
  }
  const owner = runAs?.uid ?? process.geteuid?.() ?? 0;
  const name = `mimeo-${nameFor(`${owner} ${home}`)}`;
  // Root's own temporary folder may be one that PostgreSQL's user can't enter.
  const outside = [runAs ? '/tmp' : tmpdir(), '/tmp'].map((folder) => join(folder, name)).find(fits) ?? inside;
  await makeFolder(outside, 0o700, runAs);
  return outside;
}

function fits(folder: string): boolean {
  return Buffer.byteLength(join(folder, `.s.PGSQL.${port}`)) <= longestSocketPath;
}

/** Takes over what is there only from whom it should be: anybody may make a folder in /tmp, with any name. */
async function makeFolder(path: string, mode: number, owner?: User): Promise<void> {
  await mkdir(path, { mode }).catch((error) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const stats = await lstat(path);
  const me = process.geteuid?.() ?? stats.uid;
  if (!stats.isDirectory() || (stats.uid !== me && stats.uid !== owner?.uid) || (stats.mode & 0o022) !== 0) {
    const found = stats.isDirectory()
      ? `a folder of ${await describeUser(stats.uid)} with mode ${(stats.mode & 0o777).toString(8).padStart(4, '0')}`
      : 'no folder';
    throw new EmbeddedPostgresError(
      'unsafe-folder',
      `${path} has to be a folder that only PostgreSQL's user can write to, and is ${found}: ` +
        'see who made it, then remove it',
    );
  }
  await chmod(path, mode);
  if (owner) await chown(path, owner.uid, owner.gid);
}
