import { type Given, readSource, type Source, spell } from './source.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Names the configuration file. */
export const fileVariable = 'MIMEO_CONFIG';

/** Variables with our prefix that are no settings of a server: those of the command line, and of our own tests. */
export const otherVariables: readonly string[] = [
  fileVariable,
  'MIMEO_DEBUG',
  'MIMEO_PROFILE',
  'MIMEO_SERVER',
  'MIMEO_TOKEN',
  'MIMEO_TEST_KILLS',
];

const spellings = spell(({ variable }) => variable, '_FILE');

/** Settings from the environment. An empty variable counts as none, as it does in most shells' own. */
export function readEnvironment(environment: Environment): Source {
  const ours = (name: string) => name.startsWith('MIMEO_') && !otherVariables.includes(name);
  const given = Object.entries(environment).flatMap(([key, value]): Given[] =>
    value && (spellings.has(key) || ours(key)) ? [{ key, value, origin: { source: 'environment', place: key } }] : [],
  );
  return readSource('variable', given, spellings);
}
