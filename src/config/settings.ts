import { details } from './details.ts';
import { configSchema, type SettingName } from './schema.ts';
import { valueTypes } from './values.ts';

/** A setting, as its schema describes it. */
export interface Setting {
  readonly name: SettingName;
  /** Its environment variable. */
  readonly variable: string;
  /** As commander takes it: `--port <number>`. */
  readonly flag: string | undefined;
  readonly description: string;
  /** Follows "must be". */
  readonly expected: string;
  /** Undefined for one that need not be set. */
  readonly defaultValue: unknown;
  readonly isSecret: boolean;
  readonly accepts: (value: unknown) => boolean;
  /** As people write it. */
  readonly format: (value: unknown) => string;
  /** What may be shown of it. */
  readonly redact: (value: unknown) => unknown;
}

/** Every setting, in the order of the schema. */
export const settings: readonly Setting[] = (Object.keys(configSchema.shape) as SettingName[]).map(describe);

function describe(name: SettingName): Setting {
  const schema = configSchema.shape[name];
  const { environment, flag, description, secret } = required(details.get(schema));
  const { expected, format = String } = required(valueTypes.get(schema.unwrap()));
  return {
    name,
    variable: environment ?? `MIMEO_${name.replaceAll(/[A-Z]/g, '_$&').toUpperCase()}`,
    flag,
    description,
    expected,
    defaultValue: schema.safeParse(undefined).data,
    isSecret: secret !== undefined,
    accepts: (value) => schema.safeParse(value).success,
    format: format as (value: unknown) => string,
    redact: secret ?? ((value) => value),
  };
}

/** Every function of values.ts registers what it returns, and every line of schema.ts its details. */
function required<Registered>(registered: Registered | undefined): Registered {
  if (registered !== undefined) return registered;
  throw new Error('a setting has no type of values.ts, or has not registered its details');
}
