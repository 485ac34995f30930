/**
 * `profiles.json`: which servers a person uses, and as whom. It holds secrets, so it is theirs alone (0600 in a folder of
 * 0700), and one that others may read is refused.
 */
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileDurably } from '../lib/durable-file.ts';
import { CliError, systemCode } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';
import type { CliIo } from './io.ts';

interface Place {
  readonly server: string;
  /** Absolute; certificates that vouch for the server. */
  readonly caFile?: string;
}

/** By a key that signs, or by a token, which ends. */
export type Profile = Place &
  (
    | { readonly accessKey: string; readonly secret: string }
    | { readonly token: string /** Null: not known. */; readonly expiresAt: string | null }
  );

export interface Profiles {
  /** Name of the one that is used when none is named. */
  readonly current: string | null;
  readonly profiles: Readonly<Record<string, Profile>>;
}

/** Undefined without a home. */
export function profilesFile(env: CliIo['env']): string | undefined {
  const folder = env['XDG_CONFIG_HOME'] || (env['HOME'] && join(env['HOME'], '.config'));
  return folder ? join(folder, 'mimeo', 'profiles.json') : undefined;
}

/** Those in `file`; none if there is no file. */
export async function readProfiles(file: string | undefined): Promise<Profiles> {
  const text = file === undefined ? undefined : await readPrivately(file);
  if (text === undefined) return { current: null, profiles: {} };
  const found = parse(text);
  if (found !== undefined) return found;
  throw new CliError(`${file} is not a file of profiles`, {
    exitCode: exitCodes.usage,
    advice: 'delete it, and make the profiles again with: mimeo login',
  });
}

export async function writeProfiles(file: string | undefined, profiles: Profiles): Promise<void> {
  if (file === undefined) {
    throw new CliError('there is no place to keep profiles', {
      exitCode: exitCodes.usage,
      advice: 'set HOME or XDG_CONFIG_HOME',
    });
  }
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFileDurably(file, `${JSON.stringify(profiles, undefined, 2)}\n`);
}

/** The profile of this name. */
export function profileNamed({ profiles }: Profiles, name: string): Profile {
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (profile !== undefined) return profile;
  throw new CliError(`there is no profile "${name}"`, {
    exitCode: exitCodes.notFound,
    advice: `see the profiles with: mimeo profile list; make it with: mimeo login --profile ${name}`,
  });
}

/** `profiles` without the one of this name, which is not the current one either any more. */
export function withoutProfile({ current, profiles }: Profiles, name: string): Profiles {
  const { [name]: _, ...others } = profiles;
  return { current: current === name ? null : current, profiles: others };
}

async function readPrivately(file: string): Promise<string | undefined> {
  try {
    const handle = await open(file);
    try {
      const { mode } = await handle.stat();
      if ((mode & 0o077) !== 0) throw exposed(file, mode);
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    if (error instanceof CliError) throw error;
    throw new CliError(`${file} can't be read: ${(error as Error).message}`, {
      cause: error,
      exitCode: exitCodes.usage,
    });
  }
}

function exposed(file: string, mode: number): CliError {
  return new CliError(`${file} holds secrets, and others may get at it (mode ${(mode & 0o777).toString(8)})`, {
    exitCode: exitCodes.usage,
    advice: `run: chmod 600 ${file}; if somebody may have read it, rotate its keys (mimeo access-key rotate)`,
  });
}

function parse(text: string): Profiles | undefined {
  try {
    const { current = null, profiles } = JSON.parse(text) as Profiles;
    const isSound = Object.values(profiles).every(({ server }) => typeof server === 'string');
    return isSound ? { current, profiles } : undefined;
  } catch {
    return undefined;
  }
}
