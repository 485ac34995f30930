/** `mimeo serve`: a server in the foreground, until it is told to stop. */
import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { createLogger } from '../telemetry/logger.ts';

interface ServeOptions {
  readonly dataDir?: string;
  readonly host?: string;
  readonly port?: string;
  readonly regions?: string;
  readonly logLevel?: string;
}

export function addServeCommand(program: Command, environment: Readonly<Record<string, string | undefined>>): void {
  program
    .command('serve')
    .description('run a server in the foreground (settings: docs/configuration.md)')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <number>', 'port to listen on, 0 for any (default: 7420)')
    .option('--regions <list>', 'names of the regions, separated by commas')
    .option('--log-level <level>', 'debug, info, warn, error or silent (default: info)')
    .addHelpText('after', '\nExamples:\n  mimeo serve\n  mimeo serve --data-dir /srv/mimeo --port 8000\n')
    .action(async (_options: ServeOptions, command: Command) => {
      const { dataDir, host, port, regions, logLevel } = command.optsWithGlobals<ServeOptions>();
      const config = loadConfig(environment, { dataDirectory: dataDir, host, port, regions, logLevel });
      await serve(config);
    });
}

/** Runs until a signal asks it to stop, or the embedded database falls. */
async function serve(config: Config): Promise<void> {
  const logger = createLogger(config.logLevel);
  const asked = nextSignal();
  // Loaded here and not above, so that the commands that only ask a server need not load one.
  const { startServer } = await import('./server.ts');
  const server = await startServer(config, logger);
  const why = await Promise.race([asked, server.fallen]);
  logger.info({ why }, 'server stops');
  await server.stop();
  if (!why.startsWith('SIG')) throw new Error(`${why}; start the server again`);
}

/** The first signal stops in good order; a second one, by default, ends the process at once. */
function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    const signals = ['SIGINT', 'SIGTERM'] as const;
    const onSignal = (signal: string) => {
      for (const each of signals) process.off(each, onSignal);
      resolve(signal);
    };
    for (const each of signals) process.on(each, onSignal);
  });
}
