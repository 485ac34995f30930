import type { z } from 'zod';
import { ConfigError } from './config-error.ts';
import { type Environment, fileVariable, readEnvironment } from './environment.ts';
import { readConfigFile } from './file.ts';
import { type Config, configSchema, type SettingName } from './schema.ts';
import { readSecretFile } from './secret-file.ts';
import { settings } from './settings.ts';
import type { Entry, Origin } from './source.ts';

export interface ConfigSources {
  /** Of the command; they give way to everything. */
  readonly defaults?: Partial<Config>;
  /** The configuration file that a flag names; otherwise the environment does, or the usual one is taken if it is there. */
  readonly file?: string | undefined;
  readonly environment: Environment;
  readonly flags?: Readonly<Partial<Record<SettingName, string | undefined>>>;
}

export interface LoadedConfig {
  readonly config: Config;
  /** The configuration file, if there is one. */
  readonly file: string | undefined;
  readonly origins: ReadonlyMap<SettingName, Origin>;
}

const byDefault: Origin = { source: 'default', place: 'default' };

/**
 * The settings from file, environment and flags, of which the later overrules the earlier. Throws a ConfigError with all that
 * is wrong in any of them: a wrong value that is overruled today is not tomorrow.
 */
export async function loadConfig({ defaults, file, environment, flags = {} }: ConfigSources): Promise<LoadedConfig> {
  const fromFile = await readConfigFile(file ?? (environment[fileVariable] || undefined));
  const fromEnvironment = readEnvironment(environment);
  const entries = [...fromFile.entries, ...fromEnvironment.entries, ...readFlags(flags)];
  const winners = new Map(entries.map((entry) => [entry.setting.name, entry]));

  const problems = [...fromFile.problems, ...fromEnvironment.problems];
  const values: Partial<Record<SettingName, unknown>> = { ...defaults };
  for (const entry of entries) {
    const { setting, isPath, origin } = entry;
    // The file of a secret that is overruled may well be on another machine.
    if (isPath && winners.get(setting.name) !== entry) continue;
    try {
      const value = isPath ? await readSecretFile(String(entry.value)) : entry.value;
      if (!setting.accepts(value)) problems.push(wrongValue(entry, value));
      values[setting.name] = value;
    } catch (error) {
      const message = (error as Error).message;
      problems.push(`\`${setting.name}\` can't be read from ${entry.value} (${origin.place}): ${message}`);
    }
  }

  const origins = new Map(settings.map(({ name }) => [name, winners.get(name)?.origin ?? byDefault]));
  const { success, data, error } = configSchema.safeParse(values);
  if (success && problems.length === 0) return { config: data, file: fromFile.path, origins };
  throw new ConfigError([...problems, ...contradictions(error?.issues ?? [], origins)]);
}

function readFlags(flags: Readonly<Partial<Record<SettingName, string | undefined>>>): Entry[] {
  return settings.flatMap((setting) => {
    const value = flags[setting.name];
    const [place = setting.name] = setting.flag?.split(' ') ?? [];
    return value === undefined ? [] : [{ setting, value, isPath: false, origin: { source: 'flag', place } }];
  });
}

function wrongValue({ setting, origin, isPath }: Entry, value: unknown): string {
  // A URL may have a password in it where it should have none.
  const shown = JSON.stringify(value).replace(/\/\/.*@/, '//********@');
  const given = setting.isSecret ? '' : `, and is ${shown.slice(0, 100)}`;
  const where = isPath ? `the file that ${origin.place} names` : origin.place;
  return `\`${setting.name}\` must be ${setting.expected}${given} (${where})`;
}

/** The rules between settings that are broken. What is wrong with one by itself has been told with where it stands. */
function contradictions(issues: readonly z.core.$ZodIssue[], origins: ReadonlyMap<SettingName, Origin>): string[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'custom' || issue.path.length > 0) return [];
    const names = issue.params?.['settings'] as readonly SettingName[];
    return `${issue.message} (${names.map((name) => `${name}: ${origins.get(name)?.place}`).join(', ')})`;
  });
}
