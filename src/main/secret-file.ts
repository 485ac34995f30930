import { randomBytes } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';
import { writeFileDurably } from '../lib/durable-file.ts';
import { DataDirectoryError } from './data-directory-error.ts';
import { decodeMasterKey, masterKeyBytes, masterKeyForms } from './master-key.ts';

/** What the installation keeps to itself: how a file's secret is made, and what one looks like. */
export interface Secret {
  readonly path: string;
  readonly make: () => string | Uint8Array;
  readonly isValid: (content: Buffer) => boolean;
  /** For the message when it is not valid. */
  readonly rule: string;
}

export function masterKeyFile(path: string): Secret {
  const isValid = (content: Buffer) => decodeMasterKey(content) !== undefined;
  return { path, make: () => randomBytes(masterKeyBytes), isValid, rule: masterKeyForms };
}

export function accessToken(path: string): Secret {
  const isValid = (content: Buffer) => /^[\w-]{43}\n?$/.test(content.toString('latin1'));
  return { path, make: () => randomBytes(32).toString('base64url'), isValid, rule: '43 letters, digits, - and _' };
}

/** The secret's bytes; undefined if there is no file. Refuses one that others can read, or that is not one. */
export async function readSecret({ path, isValid, rule }: Omit<Secret, 'make'>): Promise<Buffer | undefined> {
  const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!stats) return undefined;
  const mode = stats.mode & 0o777;
  if (!stats.isFile() || (mode & ~0o600) !== 0) {
    throw new DataDirectoryError(
      'secret-exposed',
      `${path} is a secret, and its mode is ${mode.toString(8).padStart(4, '0')} where 0600 is the most that is safe: ` +
        `if nobody else has read it, run "chmod 600 ${path}" and start again`,
    );
  }
  const content = await readFile(path);
  if (!isValid(content)) {
    throw new DataDirectoryError(
      'secret-damaged',
      `${path} has to hold ${rule} and holds ${content.length} bytes of something else: put it back from a backup`,
    );
  }
  return content;
}

/** The secret's bytes, made now if there is none. */
export async function ensureSecret(secret: Secret): Promise<Buffer> {
  const existing = await readSecret(secret);
  if (existing) return existing;
  const made = Buffer.from(secret.make());
  await writeFileDurably(secret.path, made);
  return made;
}
