import { closest, distance } from 'fastest-levenshtein';
import { type Setting, settings } from './settings.ts';

/** Where a value comes from. */
export interface Origin {
  readonly source: 'default' | 'file' | 'environment' | 'flag';
  /** `mimeo.yaml:3:1`, `MIMEO_PORT`, `--port`; `default` for a default. */
  readonly place: string;
}

/** What one source says of one setting. */
export interface Entry {
  readonly setting: Setting;
  readonly value: unknown;
  /** The value is the path of the file that holds the setting's own. */
  readonly isPath: boolean;
  readonly origin: Origin;
}

/** What one source says, and what is wrong with how it says it. */
export interface Source {
  readonly entries: readonly Entry[];
  readonly problems: readonly string[];
}

/** What a source spells a setting like, or the file that holds it. */
type Spellings = ReadonlyMap<string, Pick<Entry, 'setting' | 'isPath'>>;

/** The name of each setting, and `pathSuffix` after it for the file of a secret. */
export function spell(nameOf: (setting: Setting) => string, pathSuffix: string): Spellings {
  const spellings = new Map<string, Pick<Entry, 'setting' | 'isPath'>>();
  for (const setting of settings) {
    spellings.set(nameOf(setting), { setting, isPath: false });
    if (setting.isSecret) spellings.set(nameOf(setting) + pathSuffix, { setting, isPath: true });
  }
  return spellings;
}

export interface Given {
  readonly key: string;
  readonly value: unknown;
  readonly origin: Origin;
}

/** What is given, as settings; what is none of them, and secrets given both ways, are problems. */
export function readSource(what: string, given: readonly Given[], spellings: Spellings): Source {
  const entries: Entry[] = [];
  const problems: string[] = [];
  for (const { key, value, origin } of given) {
    const spelling = spellings.get(key);
    if (spelling === undefined) {
      const where = origin.place === key ? '' : ` (${origin.place})`;
      problems.push(`unknown ${what} \`${key}\`${where}; ${advise(key, [...spellings.keys()])}`);
      continue;
    }
    const other = entries.find(({ setting }) => setting === spelling.setting);
    if (other === undefined) {
      entries.push({ ...spelling, value, origin });
    } else {
      const how = other.isPath === spelling.isPath ? 'twice' : 'itself and as a file';
      const places = `${other.origin.place} and ${origin.place}`;
      problems.push(`\`${spelling.setting.name}\` is given ${how} (${places}); keep one of them`);
    }
  }
  return { entries, problems };
}

function advise(key: string, names: readonly string[]): string {
  const name = closest(key, names);
  // A slip of the hand is a letter in three; what is further away was meant to be something else.
  const isNear = distance(key, name) <= Math.max(2, key.length / 3);
  return isNear ? `did you mean \`${name}\`?` : '`mimeo config example` prints all there are';
}
