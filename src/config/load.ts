import { type Config, configSchema, environmentNames } from './schema.ts';

/** The settings are wrong; the message lists each with what is expected of it. */
class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(`the configuration is wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/** Settings from the environment, overruled by `flags`; what neither gives has its default. */
export function loadConfig(
  environment: Readonly<Record<string, string | undefined>>,
  flags: Readonly<Partial<Record<keyof Config, string | undefined>>> = {},
): Config {
  const settings = Object.keys(environmentNames) as (keyof Config)[];
  const given = settings.map((setting) => [
    setting,
    flags[setting] ?? (environment[environmentNames[setting]] || undefined),
  ]);
  const result = configSchema.safeParse(Object.fromEntries(given));
  if (result.success) return result.data;
  throw new ConfigError(
    result.error.issues.map(({ path, message }) => {
      const setting = path[0] as keyof Config | undefined;
      return setting === undefined ? message : `${setting} (${environmentNames[setting]}): ${message}`;
    }),
  );
}
