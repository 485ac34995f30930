/** `mimeo config`: the settings that a server would start with here. */
import type { Command } from 'commander';
import { addExamples } from '../cli/commands/help.ts';
import type { CliIo } from '../cli/io.ts';
import { type Column, renderTable } from '../cli/render/table.ts';
import { ConfigError } from '../config/config-error.ts';
import { exampleFile } from '../config/example.ts';
import type { LoadedConfig } from '../config/load.ts';
import { type Setting, settings } from '../config/settings.ts';
import { addSettingOptions, loadCommandConfig } from './setting-options.ts';

interface Shown {
  readonly setting: Setting;
  /** Redacted. */
  readonly value: unknown;
  readonly source: string;
  readonly place: string;
}

const columns: readonly Column<Shown>[] = [
  { title: 'SETTING', value: ({ setting }) => setting.name },
  { title: 'VALUE', value: ({ setting, value }) => (value === undefined ? 'none' : setting.format(value)) },
  { title: 'FROM', value: ({ place }) => place },
];

export function addConfigCommands(program: Command, io: CliIo): void {
  const config = program.command('config').description("a server's settings: file, environment, flags");
  const isJson = (command: Command) => command.optsWithGlobals<{ json?: boolean }>().json ?? false;
  const print = (command: Command, json: unknown, text: string) =>
    void io.stdout.write(`${isJson(command) ? JSON.stringify(json, undefined, 2) : text}\n`);

  const show = config
    .command('show')
    .description('show each setting and where it comes from, without its secrets')
    .action(async (_options: object, command: Command) => {
      const loaded = await loadCommandConfig(command, io.env);
      const shown = settings.map((setting) => present(setting, loaded));
      const json = shown.map(({ setting, value = null, source, place }) => ({
        name: setting.name,
        value,
        source,
        place,
      }));
      print(command, { file: loaded.file ?? null, settings: json }, renderTable(columns, shown));
    });
  addExamples(addSettingOptions(show, program), ['mimeo config show', 'mimeo config show --config mimeo.yaml --json']);

  const check = config
    .command('check')
    .description('say what is wrong with the settings; exit code 2 if anything is')
    .action(async (_options: object, command: Command) => {
      try {
        const { file } = await loadCommandConfig(command, io.env);
        print(command, { problems: [] }, `the configuration is right (${file ?? 'no file'}, environment, flags)`);
      } catch (error) {
        const { cause } = error as Error;
        if (isJson(command) && cause instanceof ConfigError) print(command, { problems: cause.problems }, '');
        throw error;
      }
    });
  addExamples(addSettingOptions(check, program), ['mimeo config check --config mimeo.yaml']);

  const example = config
    .command('example')
    .description('print a mimeo.yaml with every setting at its default')
    .action(() => void io.stdout.write(exampleFile()));
  addExamples(example, ['mimeo config example > mimeo.yaml']);
}

function present(setting: Setting, { config, origins }: LoadedConfig): Shown {
  const value = config[setting.name];
  const { source, place } = origins.get(setting.name) ?? { source: 'default', place: 'default' };
  return { setting, value: value === undefined ? value : setting.redact(value), source, place };
}
