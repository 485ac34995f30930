import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { CliError, systemCode } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';
import type { ServerAddress } from './http.ts';
import type { CliIo } from './io.ts';
import { type Profile, profileNamed, profilesFile, readProfiles } from './profiles.ts';

/** What the global options and the environment say, before anything is read from the disk. */
export interface Settings {
  /** Absolute. */
  readonly dataDirectory: string;
  /** A flag or a variable names it. */
  readonly namesDataDirectory: boolean;
  /** As named by --server or MIMEO_SERVER; otherwise the profile or `server.json` says it. */
  readonly server: string | undefined;
  /** Absolute, as named by --token-file. */
  readonly tokenFile: string | undefined;
  /** Absolute, as named by --ca-file. */
  readonly caFile: string | undefined;
  /** As named by --profile or MIMEO_PROFILE. */
  readonly profile: string | undefined;
  /** Nothing names a server or a data directory, so that the current profile, if there is one, does. */
  readonly followsCurrentProfile: boolean;
  /** Undefined without a home. */
  readonly profilesFile: string | undefined;
  readonly json: boolean;
}

/** `server.json`, which a running server keeps in its data directory. */
export interface RunningServer {
  readonly url: string;
  readonly pid: number;
}

export interface GlobalOptions {
  readonly profile?: string;
  readonly dataDir?: string;
  readonly server?: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
  readonly json?: boolean;
}

export function addGlobalOptions(program: Command): Command {
  return program
    .option('--profile <name>', 'whose server and key to use (default: $MIMEO_PROFILE, else the current profile)')
    .option('--data-dir <dir>', 'data directory (default: $MIMEO_DATA_DIR, else ./mimeo-data)')
    .option('--server <url>', 'server to talk to (default: $MIMEO_SERVER, else the one running on the data directory)')
    .option('--token-file <file>', 'file that holds the access token (default: token in the data directory)')
    .option('--ca-file <file>', "certificates (PEM) that vouch for the server (default: the profile's, else Node's)")
    .option('--json', "print the server's JSON on standard output, and nothing else there");
}

/** A flag comes before a variable, a variable before the current profile, that before ./mimeo-data. */
export function readSettings(command: Command, env: CliIo['env']): Settings {
  const options = command.optsWithGlobals<GlobalOptions>();
  // An empty variable counts as none, as it does in most shells' own.
  const variable = (name: string) => env[name] || undefined;
  const absolute = (path: string | undefined) => (path === undefined ? undefined : resolve(path));
  const flagged = [options.server, options.dataDir, options.tokenFile].some((option) => option !== undefined);
  const profile = options.profile ?? (flagged ? undefined : variable('MIMEO_PROFILE'));
  const server = options.server ?? (profile === undefined ? variable('MIMEO_SERVER') : undefined);
  const dataDirectory = options.dataDir ?? variable('MIMEO_DATA_DIR');
  return {
    dataDirectory: resolve(dataDirectory ?? './mimeo-data'),
    namesDataDirectory: dataDirectory !== undefined,
    server,
    tokenFile: absolute(options.tokenFile),
    caFile: absolute(options.caFile),
    profile,
    followsCurrentProfile: !flagged && profile === undefined && !server && dataDirectory === undefined,
    profilesFile: profilesFile(env),
    json: options.json ?? false,
  };
}

/** Where the server is and what proves who asks. */
export async function findServer(settings: Settings): Promise<ServerAddress> {
  const profile = await chosenProfile(settings);
  if (profile !== undefined) return addressOf(profile, settings.caFile);
  const named = settings.server ?? (await readRunningServer(settings))?.url;
  if (named === undefined) {
    throw new CliError(`no server is running on ${settings.dataDirectory}`, {
      exitCode: exitCodes.unreachable,
      advice: 'start it with: mimeo serve, or name another with --server, --data-dir or mimeo login',
    });
  }
  return {
    url: parseServer(named),
    token: await readTokenFile(tokenFileOf(settings)),
    ...(await caOf(settings.caFile)),
  };
}

/** The profile that these settings mean, by name or as the current one. */
export async function chosenProfile(settings: Settings): Promise<Profile | undefined> {
  const { profile, server, tokenFile, followsCurrentProfile } = settings;
  if (profile !== undefined && (server !== undefined || tokenFile !== undefined)) {
    throw new CliError('--profile names a server and a key of its own', {
      exitCode: exitCodes.usage,
      advice: 'leave out --server and --token-file, or --profile; mimeo login changes a profile',
    });
  }
  if (profile === undefined && !followsCurrentProfile) return undefined;
  const profiles = await readProfiles(settings.profilesFile);
  const name = profile ?? profiles.current;
  return name === null ? undefined : profileNamed(profiles, name);
}

/** How to reach and convince the profile's server. */
export async function addressOf(profile: Profile, caFile = profile.caFile): Promise<ServerAddress> {
  const proof =
    'token' in profile ? { token: profile.token } : { accessKey: { id: profile.accessKey, secret: profile.secret } };
  return { url: parseServer(profile.server), ...proof, ...(await caOf(caFile)) };
}

/** Undefined when no server has run on the data directory, or it ended as it should. */
export async function readRunningServer(settings: Settings): Promise<RunningServer | undefined> {
  const file = join(settings.dataDirectory, 'server.json');
  try {
    return JSON.parse(await readFile(file, 'utf8')) as RunningServer;
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw new CliError(`${file} can't be read: ${(error as Error).message}`, {
      cause: error,
      exitCode: exitCodes.unreachable,
      advice: 'a running server writes it anew when it is started again',
    });
  }
}

export function tokenFileOf({ tokenFile, dataDirectory }: Settings): string {
  return tokenFile ?? join(dataDirectory, 'token');
}

export async function readTokenFile(file: string): Promise<string> {
  try {
    const token = (await readFile(file, 'utf8')).trim();
    // Anything else could not be sent in a header, and is no token of ours.
    if (/^[\x21-\x7e]+$/.test(token)) return token;
  } catch (error) {
    throw new CliError(`the token file ${file} can't be read: ${(error as Error).message}`, {
      cause: error,
      exitCode: exitCodes.usage,
      advice: 'name the right one with --token-file, or the data directory with --data-dir',
    });
  }
  throw new CliError(`the file ${file} holds no token`, {
    exitCode: exitCodes.usage,
    advice: 'name the right one with --token-file; the server writes its own in its data directory',
  });
}

export function parseServer(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new CliError(`"${text}" is not the URL of a server`, {
    exitCode: exitCodes.usage,
    advice: 'give it with its scheme, such as http://127.0.0.1:7700',
  });
}

async function caOf(file: string | undefined): Promise<{ ca?: string }> {
  if (file === undefined) return {};
  try {
    return { ca: await readFile(file, 'utf8') };
  } catch (error) {
    throw new CliError(`the certificates in ${file} can't be read: ${(error as Error).message}`, {
      cause: error,
      exitCode: exitCodes.usage,
      advice: 'name the right file with --ca-file',
    });
  }
}
