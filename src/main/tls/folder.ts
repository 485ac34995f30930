/**
 * `<data directory>/tls`, which is for its owner alone:
 *
 *     ca.pem       what clients are told to trust
 *     ca.key       what the next server certificate is signed with
 *     server.pem   the server's certificate and the authority's
 *     server.key   its key
 *
 * A run that is cut short may leave `ca.pem.next`, the certificate of an authority whose key it was about to put at `ca.key`.
 */
import { KeyObject, type webcrypto } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError, systemCode } from '../../cli/cli-error.ts';
import { syncFolder, writeFileDurably } from '../../lib/durable-file.ts';
import { readSecret } from '../secret-file.ts';
import { type Authority, parseAuthority } from './authority.ts';
import { namesIn, type ServerCertificate } from './server-certificate.ts';

export interface TlsFolder {
  readonly path: string;
  readonly authority: string;
  readonly nextAuthority: string;
  readonly authorityKey: string;
  readonly certificate: string;
  readonly key: string;
}

/** Makes the folder if need be. */
export async function openTlsFolder(path: string): Promise<TlsFolder> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
  return {
    path,
    authority: join(path, 'ca.pem'),
    nextAuthority: join(path, 'ca.pem.next'),
    authorityKey: join(path, 'ca.key'),
    certificate: join(path, 'server.pem'),
    key: join(path, 'server.key'),
  };
}

export const startAnew = '--force makes a new authority, which clients have to be told to trust again';

export interface KnownAuthority {
  readonly authority: Authority;
  /** The run that made it was cut short, and nobody was told to trust it. */
  readonly wasUnfinished: boolean;
}

/** The authority that was made before, if one was; ends what was cut short in its making. */
export async function readAuthority(folder: TlsFolder): Promise<KnownAuthority | undefined> {
  const certificate = await readIfThere(folder.authority);
  const next = await readIfThere(folder.nextAuthority);
  const key = await readSecret({ path: folder.authorityKey, isValid: () => true, rule: 'a private key' });
  if (certificate === undefined && key === undefined) return undefined;
  const current = certificate && key && (await parseAuthority(certificate, key));
  if (current !== undefined) {
    await rm(folder.nextAuthority, { force: true });
    return { authority: current, wasUnfinished: false };
  }
  const unfinished = next && key && (await parseAuthority(next, key));
  if (unfinished !== undefined) {
    await finishAuthority(folder);
    return { authority: unfinished, wasUnfinished: true };
  }
  const message = `${folder.authority} and ${folder.authorityKey} are no certificate of an authority with its P-256 key`;
  throw new CliError(message, { advice: `put both back from a backup; ${startAnew}` });
}

/** The key's own replacement is what decides: before it the former pair is whole, after it the next run finds the certificate. */
export async function writeAuthority(folder: TlsFolder, { certificate, key }: Authority): Promise<void> {
  await writePublic(folder.nextAuthority, `${certificate.toString('pem')}\n`);
  await writeFileDurably(folder.authorityKey, privatePem(key));
  await finishAuthority(folder);
}

async function finishAuthority(folder: TlsFolder): Promise<void> {
  await rename(folder.nextAuthority, folder.authority);
  await syncFolder(folder.path);
}

/** The names that the last server certificate vouched for. */
export async function readFormerNames(folder: TlsFolder): Promise<readonly string[]> {
  const pem = await readIfThere(folder.certificate);
  const names = pem === undefined ? [] : namesIn(pem);
  if (names !== undefined) return names;
  const advice = 'remove it, and give each --host again that it had';
  throw new CliError(`${folder.certificate} is no certificate`, { advice });
}

/** The server reads both files until they belong together, so that it never sees the moment between them. */
export async function writeServerCertificate(
  folder: TlsFolder,
  { certificate, key }: ServerCertificate,
  authority: Authority,
): Promise<void> {
  await writeFileDurably(folder.key, privatePem(key));
  await writePublic(folder.certificate, `${certificate.toString('pem')}\n${authority.certificate.toString('pem')}\n`);
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Readable once it is copied elsewhere, as certificates are: it holds no secret. */
async function writePublic(path: string, pem: string): Promise<void> {
  await writeFileDurably(path, pem);
  await chmod(path, 0o644);
}

function privatePem(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();
}
