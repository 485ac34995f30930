import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { ApiNewSession, ApiUser, ApiWhoami } from '../api-tenants.ts';
import { ask } from '../ask.ts';
import { CliError } from '../cli-error.ts';
import { type Client, createClient } from '../client.ts';
import { exitCodes } from '../exit-codes.ts';
import type { CliIo } from '../io.ts';
import { type Profile, readProfiles, withoutProfile, writeProfiles } from '../profiles.ts';
import { renderFields } from '../render/table.ts';
import { type LocalSession, online, withoutServer } from '../session.ts';
import { addressOf, parseServer, readRunningServer, readTokenFile, type Settings } from '../settings.ts';
import { addExamples } from './help.ts';
import { wholeNumber } from './values.ts';

interface LoginOptions {
  readonly accessKey?: string;
  readonly secretFile?: string;
  readonly seconds?: number;
}

export function addLoginCommands(program: Command, io: CliIo): void {
  addExamples(
    program
      .command('login')
      .description('keep a server and an access key, or a token, as a profile, and use it from now on')
      .option('--access-key <id>', 'access key to sign with (default: it is asked for)')
      .option('--secret-file <file>', 'file that holds its secret (default: asked for, or read from standard input)')
      .option('--seconds <n>', 'keep a token that ends after so many seconds instead of the secret', wholeNumber)
      .action(withoutServer(io, login)),
    [
      'mimeo login --server https://images.example.com --access-key MK5VQK2WJ3NB7XYTA4HD',
      'mimeo login --profile ci --access-key MK5VQK2WJ3NB7XYTA4HD --secret-file secret --seconds 43200',
      'mimeo login --profile ci --server https://images.example.com --token-file token',
    ],
  );

  addExamples(
    program
      .command('logout')
      .description('forget a profile; a token in it is refused from now on')
      .action(withoutServer(io, logout)),
    ['mimeo logout', 'mimeo logout --profile ci'],
  );

  addExamples(
    program
      .command('whoami')
      .description('show as whom the server knows you, and what you may do')
      .action(
        online(io, async ({ client, print }) => {
          const whoami = await client.get<ApiWhoami>('/whoami');
          print(whoami, renderWhoami(whoami, await userName(client, whoami)));
        }),
      ),
    ['mimeo whoami', 'mimeo whoami --profile ci'],
  );
}

async function login({ io, settings, signal, print, remark }: LocalSession, options: LoginOptions): Promise<void> {
  const before = await readProfiles(settings.profilesFile);
  const name = settings.profile ?? before.current ?? 'default';
  const known = before.profiles[name];
  const server = parseServer(await serverOf(settings, known)).href;
  const caFile = settings.caFile ?? known?.caFile;
  const place = { server, ...(caFile !== undefined && { caFile }) };
  const given: Profile = { ...place, ...(await proofOf(io, settings, options)) };

  const client = createClient(await addressOf(given), signal);
  const whoami = await client.get<ApiWhoami>('/whoami');
  const { seconds } = options;
  const profile = seconds === undefined ? given : { ...place, ...(await tokenFor(client, seconds)) };
  await writeProfiles(settings.profilesFile, { current: name, profiles: { ...before.profiles, [name]: profile } });
  const who = `${await userName(client, whoami)}, ${whoami.role} of account ${whoami.account.name}`;
  if (server.startsWith('http:') && !isLoopback(server)) {
    remark('(without https, others on the way can read what is sent)');
  }
  print(whoami, `Logged in to ${server} as ${who}.\nThe profile "${name}" is used from now on.`);
}

function isLoopback(server: string): boolean {
  return /^(localhost|127\.[\d.]+|\[::1\])$/.test(new URL(server).hostname);
}

async function tokenFor(client: Client, seconds: number) {
  const { token, expiresAt } = await client.post<ApiNewSession>('/sessions', { name: 'mimeo login', seconds });
  return { token, expiresAt };
}

/** As named; else the one that the profile has already, or that runs here. */
async function serverOf(settings: Settings, known: Profile | undefined): Promise<string> {
  const here = async () => (await readRunningServer(settings))?.url;
  const named = settings.server ?? (settings.namesDataDirectory ? await here() : undefined);
  const server = named ?? known?.server ?? (await here());
  if (server !== undefined) return server;
  throw new CliError('which server?', {
    exitCode: exitCodes.usage,
    advice: 'name it with --server, or the data directory of one that runs here with --data-dir',
  });
}

async function proofOf(io: CliIo, { tokenFile }: Settings, { accessKey: named, secretFile }: LoginOptions) {
  if (tokenFile !== undefined) return { token: await readTokenFile(tokenFile), expiresAt: null };
  const accessKey = named ?? (await ask(io, 'access key', { instead: '--access-key' }));
  const secret =
    secretFile === undefined
      ? await ask(io, 'secret', { instead: '--secret-file', hidden: true })
      : await readSecretFile(secretFile);
  return { accessKey, secret };
}

async function readSecretFile(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new CliError(`the secret in ${file} can't be read: ${(error as Error).message}`, {
      cause: error,
      exitCode: exitCodes.usage,
      advice: 'name the right file with --secret-file',
    });
  }
}

async function logout({ settings, signal, print, remark }: LocalSession): Promise<void> {
  const profiles = await readProfiles(settings.profilesFile);
  const name = settings.profile ?? profiles.current;
  const profile = name === null ? undefined : profiles.profiles[name];
  if (name === null || profile === undefined) {
    throw new CliError(name === null ? 'you are not logged in' : `there is no profile "${name}"`, {
      exitCode: exitCodes.notFound,
      advice: 'see the profiles with: mimeo profile list',
    });
  }
  if ('token' in profile) {
    // A token that the server can't be told of, or knows no more, is forgotten all the same.
    await createClient(await addressOf(profile), signal)
      .remove('/sessions/self')
      .catch((error: unknown) => remark(`(the server was not told: ${(error as Error).message})`));
  }
  await writeProfiles(settings.profilesFile, withoutProfile(profiles, name));
  print({ profile: name }, `Forgot the profile "${name}".`);
}

/** What people call whoever asks; the API gives an id. */
async function userName(client: Client, { user, agency, kind }: ApiWhoami): Promise<string> {
  if (user === null || agency !== null) return user ?? kind;
  return (await client.get<ApiUser>('/users/self')).name;
}

function renderWhoami({ account, role, accessKey, agency, administers }: ApiWhoami, user: string): string {
  return renderFields([
    ['User', user],
    ['Role', role],
    ['Account', `${account.name} (${account.number})${administers ? ', which runs the installation' : ''}`],
    ['Access key', accessKey ?? '-'],
    ['Agency', agency ?? '-'],
  ]);
}
