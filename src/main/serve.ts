/** `mimeo serve`: a server in the foreground, until it is told to stop. */
import type { Command } from 'commander';
import { addExamples } from '../cli/commands/help.ts';
import type { CliIo } from '../cli/io.ts';
import type { Config } from '../config/schema.ts';
import { createLogger } from '../telemetry/logger.ts';
import { addSettingOptions, loadCommandConfig } from './setting-options.ts';

export function addServeCommand(program: Command, io: CliIo): void {
  const command = program
    .command('serve')
    .description('run a server in the foreground (settings: docs/configuration.md)')
    .action(async (_options: object, self: Command) => {
      const { config } = await loadCommandConfig(self, io.env);
      await serve(config, io);
    });
  addExamples(addSettingOptions(command, program), ['mimeo serve', 'mimeo serve --data-dir /srv/mimeo --port 8000']);
}

/** Runs until a signal asks it to stop, or the embedded database falls. */
async function serve(config: Config, io: CliIo): Promise<void> {
  const logger = createLogger(config.logLevel);
  const asked = nextSignal();
  // Loaded here and not above, so that the commands that only ask a server need not load one.
  const { startServer } = await import('./server.ts');
  const server = await startServer(config, logger, (text) => void io.stderr.write(text));
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
