/**
 * What `mimeo tls init` does: a private certificate authority, made once, and a server certificate of it, made anew by each run
 * (which is how it is renewed; a running server takes the new one by itself).
 */
import { join } from 'node:path';
import { CliError } from '../../cli/cli-error.ts';
import { prepareDataDirectory } from '../data-directory.ts';
import { type Authority, makeAuthority } from './authority.ts';
import {
  openTlsFolder,
  readAuthority,
  readFormerNames,
  startAnew,
  type TlsFolder,
  writeAuthority,
  writeServerCertificate,
} from './folder.ts';
import { permits } from './name-constraints.ts';
import { isOwnName, localNames, vendorDomains, vendorNames } from './names.ts';
import { endOf, makeServerCertificate } from './server-certificate.ts';

export interface TlsOptions {
  readonly dataDirectory: string;
  readonly regions: readonly string[];
  /** As `parseHost` spells them. */
  readonly hosts: readonly string[];
  readonly days: number;
  /** Makes a new authority, too. */
  readonly force: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface TlsResult {
  readonly folder: TlsFolder;
  readonly authority: { readonly name: string; readonly ends: Date; readonly isNew: boolean };
  readonly names: readonly string[];
  readonly ends: Date;
}

/** Writes `<data directory>/tls`. */
export async function initTls(options: TlsOptions): Promise<TlsResult> {
  const path = join(await prepareDataDirectory(options.dataDirectory), 'tls');
  try {
    return await init(await openTlsFolder(path), options);
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    const advice = 'let it be a folder that this user may write, or give another --data-dir';
    throw new CliError(`${path} can't be used (${message})`, { cause: error, advice });
  }
}

async function init(folder: TlsFolder, options: TlsOptions): Promise<TlsResult> {
  const { regions, days, now } = options;
  // Who renews need not remember what was given before; names of regions that are gone are not kept.
  const former = (await readFormerNames(folder)).filter((name) => !isOwnName(name));
  const added = [...new Set([...former, ...options.hosts])];
  const names = [...new Set([...localNames, ...added, ...vendorNames(regions)])];

  const known = options.force ? undefined : await readAuthority(folder);
  const authority = known?.authority ?? (await makeAuthority([...localNames, ...vendorDomains, ...added], now));
  refuseWhatItMayNot(authority, folder, names, { now, days });
  const server = await makeServerCertificate(authority, { names, now, days });
  if (known === undefined) await writeAuthority(folder, authority);
  await writeServerCertificate(folder, server, authority);

  const { subject: name, notAfter: ends } = authority.certificate;
  return {
    folder,
    authority: { name, ends, isNew: known?.wasUnfinished ?? true },
    names,
    ends: server.certificate.notAfter,
  };
}

/** Clients would refuse the certificate, and say less about why. */
function refuseWhatItMayNot(
  { certificate }: Authority,
  folder: TlsFolder,
  names: readonly string[],
  { now, days }: { now: number; days: number },
): void {
  const foreign = names.filter((name) => !permits(certificate, name));
  if (foreign.length > 0) {
    const message = `the authority ${folder.authority} was made for other names and may not vouch for ${foreign.join(', ')}`;
    throw new CliError(message, { advice: startAnew });
  }
  if (certificate.notAfter >= endOf(now, days)) return;
  const message = `the authority ${folder.authority} ends on ${certificate.notAfter.toISOString()}, before a certificate of ${days} days`;
  throw new CliError(message, { advice: `give fewer --days; ${startAnew}` });
}
