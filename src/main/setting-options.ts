/** The settings as options of a command, and the configuration that a command runs with. */
import { type Command, Option } from 'commander';
import { CliError } from '../cli/cli-error.ts';
import { exitCodes } from '../cli/exit-codes.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Environment } from '../config/environment.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { type Setting, settings } from '../config/settings.ts';

/** Adds `--config` and a flag for each of the settings that has one, unless the program has it for all its commands. */
export function addSettingOptions(command: Command, program: Command, offered: readonly Setting[] = settings): Command {
  command.option('--config <file>', 'configuration file (default: $MIMEO_CONFIG, else ./mimeo.yaml if there is one)');
  for (const { flag, description, defaultValue, format } of offered) {
    if (flag === undefined || program.options.some(({ flags }) => flags === flag)) continue;
    const words = `${description.charAt(0).toLowerCase()}${description.slice(1).replace(/\.$/, '')}`;
    command.option(flag, `${words} (default: ${format(defaultValue)})`);
  }
  return command;
}

/** What the flags of `offered`, the environment and the configuration file say; wrong settings end it as a wrong flag does. */
export async function loadCommandConfig(
  command: Command,
  environment: Environment,
  defaults: Partial<Config> = {},
  offered: readonly Setting[] = settings,
): Promise<LoadedConfig> {
  const options = command.optsWithGlobals<Record<string, string | undefined>>();
  const flags = offered.flatMap(({ name, flag }) =>
    flag === undefined ? [] : [[name, options[new Option(flag).attributeName()]]],
  );
  try {
    return await loadConfig({ defaults, file: options['config'], environment, flags: Object.fromEntries(flags) });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const advice = 'mimeo config example prints every setting, and what it must be';
    throw new CliError(error.message, { cause: error, exitCode: exitCodes.usage, advice });
  }
}
