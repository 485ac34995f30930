/** `mimeo tls`: a certificate for the clouds' host names, for clients that cannot be told another. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { addExamples } from '../../cli/commands/help.ts';
import type { CliIo } from '../../cli/io.ts';
import { settings } from '../../config/settings.ts';
import { systemClock } from '../../lib/clock.ts';
import { addSettingOptions, loadCommandConfig } from '../setting-options.ts';
import { parseHost } from './names.ts';
import { nextSteps } from './next-steps.ts';

interface InitOptions {
  readonly host: readonly string[];
  readonly days: number;
  readonly force?: boolean;
}

/** Not `--host`, which is where a server listens: here it is what it is called. */
const offered = settings.filter(({ name }) => name === 'dataDirectory' || name === 'regions');

export function addTlsCommands(program: Command, io: CliIo): void {
  const tls = program
    .command('tls')
    .description('certificates for clients that insist on the host names of their cloud');
  const init = tls
    .command('init')
    .description('make a private certificate authority and a certificate for the hosts of the clouds; again: renew it')
    .addOption(host())
    .addOption(days())
    .option('--force', 'make a new authority, too, which clients have to be told to trust again')
    .action(async (options: InitOptions, self: Command) => {
      const { config } = await loadCommandConfig(self, io.env, {}, offered);
      const { dataDirectory, regions } = config;
      const { host: hosts, days, force = false } = options;
      // Loaded here and not above, so that the commands that only ask a server need no X.509.
      const { initTls } = await import('./init.ts');
      const made = await initTls({ dataDirectory, regions, hosts, days, force, now: systemClock.now() });
      const isJson = self.optsWithGlobals<{ json?: boolean }>().json ?? false;
      io.stdout.write(`${isJson ? JSON.stringify(made, undefined, 2) : nextSteps(made)}\n`);
    });
  addExamples(addSettingOptions(init, program, offered), [
    'mimeo tls init',
    'mimeo tls init --host mimeo.example.com --host 192.0.2.7 --data-dir /srv/mimeo',
  ]);
}

function host(): Option {
  const text =
    'a further name for the certificate: a host, *.domain or an address; may be repeated, later runs keep it';
  return new Option('--host <name>', text).default([], 'none').argParser((value, before: readonly string[]) => {
    const name = parseHost(value);
    if (name !== undefined) return [...before, name];
    throw new InvalidArgumentError(
      'It is a host name, *. and a domain, or an IP address, without scheme or port; names that are not ASCII in their xn-- form.',
    );
  });
}

/** 825 days are the most that Apple's clients accept, 397 what public authorities came down to. */
function days(): Option {
  return new Option('--days <n>', 'how long the certificate is good').default(397).argParser((text) => {
    if (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 825) return Number(text);
    throw new InvalidArgumentError('It is a whole number from 1 to 825, the most that all clients accept.');
  });
}
