/**
 * The one folder that an installation lives in. Opening it makes what is missing, proves that what is there is ours
 * and can be used, and locks it: two servers on one directory would destroy each other's work.
 *
 *     mimeo.json   what this folder is; written last, so that a directory that has it is complete
 *     lock         held by the server that runs on it; says which
 *     master.key   what the installation's keys are wrapped with, unless the configuration says where that is
 *     token        what the command line shows to the server
 *     regions/     the stores
 *     tls/         certificates of `mimeo tls init`, if it was asked for them
 *
 * The embedded database adds `postgres/` and `postgres.password`.
 */
import { randomUUID } from 'node:crypto';
import { access, chmod, constants, mkdir, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { syncFolder, writeFileDurably } from '../lib/durable-file.ts';
import { type FileLock, lockFile } from '../lib/file-lock.ts';
import { describeUser } from '../lib/users.ts';
import { DataDirectoryError } from './data-directory-error.ts';
import { decodeMasterKey } from './master-key.ts';
import { accessToken, ensureSecret, masterKeyFile, readSecret } from './secret-file.ts';

export interface DataDirectory {
  /** Absolute, without symbolic links. */
  readonly path: string;
  readonly instanceId: string;
  /** It was made now, by this call. */
  readonly isNew: boolean;
  /** 32 bytes. */
  readonly masterKey: Buffer;
  readonly token: string;
  readonly regions: string;
  /** Gives the lock back. */
  close(): void;
}

interface Identity {
  readonly formatVersion: 1;
  readonly createdBy: string;
  readonly instanceId: string;
}

const formatVersion = 1;
const identityFile = 'mimeo.json';

/**
 * What a start that was killed leaves behind, or `mimeo tls init` before the first one; `lost+found` is there when the directory
 * is a file system of its own.
 */
const leftover = /^(lock|master\.key|token|tls|\..+\.tmp|lost\+found)$/;

export interface DataDirectoryOptions {
  readonly softwareVersion: string;
  /** Where the master key comes from if not from the directory, in which it is neither made nor read then. */
  readonly readMasterKey?: (() => Promise<Buffer>) | undefined;
}

export async function openDataDirectory(path: string, options: DataDirectoryOptions): Promise<DataDirectory> {
  try {
    return await open(await prepareFolder(resolve(path)), options);
  } catch (error) {
    throw translate(error, resolve(path));
  }
}

/** Makes the folder if need be and sees that it is ours, for what is put there beside a server; answers with its real path. */
export async function prepareDataDirectory(path: string): Promise<string> {
  try {
    const real = await prepareFolder(resolve(path));
    await refuseForeignFolder(real);
    return real;
  } catch (error) {
    throw translate(error, resolve(path));
  }
}

async function open(path: string, { softwareVersion, readMasterKey }: DataDirectoryOptions): Promise<DataDirectory> {
  await refuseForeignFolder(path);
  const lock = await takeLock(path);
  try {
    const known = await readIdentity(path, softwareVersion);
    const masterKey = await (readMasterKey?.() ?? ownMasterKey(path, known !== undefined));
    const token = await ensureSecret(accessToken(join(path, 'token')));
    return {
      path,
      instanceId: (known ?? (await writeIdentity(path, softwareVersion))).instanceId,
      isNew: !known,
      masterKey,
      token: token.toString('latin1').trim(),
      regions: join(path, 'regions'),
      close: lock.release,
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The one in the directory, which is made for a new one, and never for one that had it. */
async function ownMasterKey(path: string, isKnown: boolean): Promise<Buffer> {
  const file = masterKeyFile(join(path, 'master.key'));
  if (isKnown && !(await readSecret(file))) {
    throw new DataDirectoryError(
      'secret-missing',
      `${file.path} is missing, and without it nothing that is encrypted can be read: put it back from a backup, or give ` +
        'masterKey or masterKeyCommand again if it came from there',
    );
  }
  return decodeMasterKey(await ensureSecret(file)) as Buffer;
}

/** True when it was not there. Not `recursive`, which below /proc tries for ever. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return false;
    if (code !== 'ENOENT' || !(await makeFolder(dirname(path)))) throw error;
    await mkdir(path);
    return true;
  }
}

/** Makes the folder if need be, and sees that it is ours; answers with its real path. */
async function prepareFolder(path: string): Promise<string> {
  if (await makeFolder(path)) {
    await chmod(path, 0o700);
    await syncFolder(dirname(path));
  }
  const real = await realpath(path);
  const { uid, mode } = await stat(real);
  const me = process.geteuid?.() ?? uid;
  if (uid !== me) throw await ownerError(real, uid, me);
  await access(real, constants.R_OK | constants.W_OK | constants.X_OK);
  // Root's database runs as another user, who has to pass through (src/db/embedded); the secrets are 0600 themselves.
  const allowed = mode & (me === 0 ? 0o711 : 0o700);
  if (allowed !== (mode & 0o777)) await chmod(real, allowed);
  return real;
}

async function ownerError(path: string, uid: number, me: number): Promise<DataDirectoryError> {
  const [owner, user] = [await describeUser(uid), await describeUser(me)];
  const advice = me === 0 ? `start Mimeo as ${owner}` : `start Mimeo as ${owner}, or give another --data-dir`;
  return new DataDirectoryError('other-owner', `${path} belongs to ${owner}, and Mimeo runs as ${user}: ${advice}`);
}

/** Before anything is written: a folder with somebody's files in it stays as it is. */
async function refuseForeignFolder(path: string): Promise<void> {
  const names = await readdir(path);
  const foreign = names.find((name) => !leftover.test(name));
  if (foreign === undefined || names.includes(identityFile)) return;
  throw new DataDirectoryError(
    'not-a-data-directory',
    `${path} is not a Mimeo data directory: it has no ${identityFile}, and it has ${foreign}. ` +
      'Give an empty or a new folder with --data-dir',
  );
}

async function takeLock(path: string): Promise<FileLock> {
  const file = join(path, 'lock');
  const lock = await lockFile(file);
  if (!lock) {
    const holder = (await readFile(file, 'utf8')).trim() || 'that is just starting';
    throw new DataDirectoryError(
      'in-use',
      `another Mimeo server runs on ${path} (${holder}): use that one, stop it first, or give another --data-dir`,
    );
  }
  lock.write(`process ${process.pid}, started ${new Date().toISOString()}\n`);
  return lock;
}

async function readIdentity(path: string, softwareVersion: string): Promise<Identity | undefined> {
  const file = join(path, identityFile);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const identity = parseIdentity(text);
  if (identity.formatVersion === formatVersion && typeof identity.instanceId === 'string') return identity as Identity;
  const found = Number.isInteger(identity.formatVersion)
    ? `has format ${identity.formatVersion}, made by ${identity.createdBy}`
    : `says nothing that this Mimeo understands in ${identityFile}`;
  throw new DataDirectoryError(
    'other-format',
    `${path} ${found}; this is mimeo ${softwareVersion}, which uses format ${formatVersion}: ` +
      `start the Mimeo that made it, or a newer one, or give another --data-dir`,
  );
}

function parseIdentity(text: string): Partial<Record<keyof Identity, unknown>> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

async function writeIdentity(path: string, softwareVersion: string): Promise<Identity> {
  const identity: Identity = { formatVersion, createdBy: `mimeo ${softwareVersion}`, instanceId: randomUUID() };
  await writeFileDurably(join(path, identityFile), `${JSON.stringify(identity, undefined, 2)}\n`);
  return identity;
}

const unwritable: ReadonlySet<unknown> = new Set(['EACCES', 'ENOENT', 'EPERM', 'EROFS']);
const notAFolder: ReadonlySet<unknown> = new Set(['EEXIST', 'ENOTDIR']);

function translate(error: unknown, path: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (unwritable.has(code)) {
    return new DataDirectoryError(
      'not-writable',
      `the data directory ${path} can't be written (${message}): give its user the right to, or another --data-dir`,
      { cause: error },
    );
  }
  if (notAFolder.has(code)) {
    return new DataDirectoryError('not-a-data-directory', `${path} is not a folder: give another --data-dir`, {
      cause: error,
    });
  }
  return error;
}
