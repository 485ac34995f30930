import type { Stats } from 'node:fs';
import { readSmallFile } from './small-file.ts';

/** What the file of a secret holds, without its last newline. Throws if there is nothing, or others may read it. */
export async function readSecretFile(path: string): Promise<string> {
  const secret = (await readSmallFile(path, refuseExposed)).replace(/\r?\n$/, '');
  if (secret === '') throw new Error('it is empty');
  return secret;
}

/**
 * A container's runtime lays secrets down as root's, readable by all and writable by none (Docker: 0444). Elsewhere a file
 * that others may read was left so by mistake: root's own umask makes 0644, not 0444.
 */
export function refuseExposed({ mode, uid }: Pick<Stats, 'mode' | 'uid'>): void {
  const permissions = mode & 0o777;
  const isPrivate = (permissions & 0o077) === 0;
  const isContainerSecret = uid === 0 && (permissions & 0o222) === 0;
  if (isPrivate || isContainerSecret) return;
  const octal = permissions.toString(8).padStart(4, '0');
  throw new Error(
    `its mode is ${octal}, so that others may get at it: make it 0600 (of a container's secrets, which are root's, 0444 ` +
      'and 0440 will do; in Kubernetes by defaultMode)',
  );
}
