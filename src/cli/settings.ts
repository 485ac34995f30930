import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { CliError, systemCode } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';
import type { ServerAddress } from './http.ts';
import type { CliIo } from './io.ts';

/** What the global options and the environment say, before anything is read from the disk. */
export interface Settings {
  /** Absolute. */
  readonly dataDirectory: string;
  /** As named by --server or MIMEO_SERVER; otherwise `server.json` says it. */
  readonly server: string | undefined;
  /** Absolute. */
  readonly tokenFile: string;
  readonly json: boolean;
}

/** `server.json`, which a running server keeps in its data directory. */
export interface RunningServer {
  readonly url: string;
  readonly pid: number;
}

interface GlobalOptions {
  readonly dataDir?: string;
  readonly server?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

export function addGlobalOptions(program: Command): Command {
  return program
    .option('--data-dir <dir>', 'data directory (default: $MIMEO_DATA_DIR, else ./mimeo-data)')
    .option('--server <url>', 'server to talk to (default: $MIMEO_SERVER, else the one running on the data directory)')
    .option('--token-file <file>', 'file that holds the access token (default: token in the data directory)')
    .option('--json', "print the server's JSON on standard output, and nothing else there");
}

export function readSettings(command: Command, env: CliIo['env']): Settings {
  const options = command.optsWithGlobals<GlobalOptions>();
  // An empty variable counts as none, as it does in most shells' own.
  const dataDirectory = resolve(options.dataDir ?? (env['MIMEO_DATA_DIR'] || './mimeo-data'));
  return {
    dataDirectory,
    server: options.server ?? (env['MIMEO_SERVER'] || undefined),
    tokenFile: options.tokenFile === undefined ? join(dataDirectory, 'token') : resolve(options.tokenFile),
    json: options.json ?? false,
  };
}

/** Where the server is and the token to show it. */
export async function findServer(settings: Settings): Promise<ServerAddress> {
  const named = settings.server ?? (await readRunningServer(settings))?.url;
  if (named === undefined) {
    throw new CliError(`no server is running on ${settings.dataDirectory}`, {
      exitCode: exitCodes.unreachable,
      advice: 'start it with: mimeo serve, or name another with --server or --data-dir',
    });
  }
  return { url: parseServer(named), token: await readToken(settings) };
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

async function readToken({ tokenFile }: Settings): Promise<string> {
  try {
    const token = (await readFile(tokenFile, 'utf8')).trim();
    // Anything else could not be sent in a header, and is no token of ours.
    if (/^[\x21-\x7e]+$/.test(token)) return token;
  } catch (error) {
    throw new CliError(`the token file ${tokenFile} can't be read: ${(error as Error).message}`, {
      cause: error,
      exitCode: exitCodes.usage,
      advice: 'name the right one with --token-file, or the data directory with --data-dir',
    });
  }
  throw new CliError(`the file ${tokenFile} holds no token`, {
    exitCode: exitCodes.usage,
    advice: 'name the right one with --token-file; the server writes its own in its data directory',
  });
}

function parseServer(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new CliError(`"${text}" is not the URL of a server`, {
    exitCode: exitCodes.usage,
    advice: 'give it with its scheme, such as http://127.0.0.1:7700',
  });
}
