import { ApiError } from '../api-error.ts';
import { CliError } from '../cli-error.ts';
import { createClient } from '../client.ts';
import { UnreachableError } from '../http.ts';
import { formatDuration } from '../render/units.ts';
import { chosenProfile, findServer, readRunningServer, type Settings } from '../settings.ts';
import { type Check, fail, ok, warn } from './check.ts';

/** What a server that answers says of itself; that none runs is only worth a warning, unless one was named. */
export async function checkServer(settings: Settings, clientVersion: string, signal: AbortSignal): Promise<Check[]> {
  try {
    const named = settings.server ?? (await chosenProfile(settings))?.server;
    if (named === undefined && (await readRunningServer(settings)) === undefined) {
      return [warn('server', `none is running on ${settings.dataDirectory}`, 'start it with: mimeo serve')];
    }
    const client = createClient(await findServer(settings), signal);
    const { version, database, regions, uptimeSeconds } = await client.status();
    return [
      ok('server', `${client.url.href} has been up for ${formatDuration(uptimeSeconds)}`),
      ok('token', 'the server accepts it'),
      checkVersion(version, clientVersion),
      ok('database', `PostgreSQL ${database.version}${database.embedded ? ', embedded' : ''}`),
      checkRegions(regions),
    ];
  } catch (error) {
    signal.throwIfAborted();
    return [describeFailure(error, settings)];
  }
}

function checkVersion(server: string, client: string): Check {
  return server === client
    ? ok('version', `Mimeo ${server}`)
    : warn('version', `the server is Mimeo ${server}, this is ${client}`, 'use the same version on both sides');
}

function checkRegions(regions: readonly string[]): Check {
  return regions.length > 0
    ? ok('regions', regions.join(', '))
    : fail('regions', 'none is configured', 'name at least one in the configuration, and start the server again');
}

function describeFailure(error: unknown, settings: Settings): Check {
  if (!(error instanceof CliError)) throw error;
  const advice = error.advice ?? "look into the server's log";
  if (error instanceof ApiError && error.status === 401) return fail('token', error.message, advice);
  if (error instanceof UnreachableError && settings.server === undefined) {
    return warn('server', `${error.message} (server.json was left by one that did not end by itself)`, advice);
  }
  return fail('server', error.message, advice);
}
