/** `mimeo.yaml`: YAML 1.2, one level deep, its keys the names of settings. */
import { type Document, isMap, isNode, isScalar, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { readSmallFile } from './small-file.ts';
import { type Given, type Origin, readSource, type Source, spell } from './source.ts';

/** Read from the working directory when no other file is named. */
const usualFile = 'mimeo.yaml';

const spellings = spell(({ name }) => name, 'File');

export interface FileSource extends Source {
  /** Undefined when there is none. */
  readonly path: string | undefined;
}

/** Settings from the file that is named, which must be there; otherwise from the usual one, if it is. */
export async function readConfigFile(named: string | undefined): Promise<FileSource> {
  const path = named ?? usualFile;
  try {
    return { ...parseSettings(path, await readSmallFile(path)), path };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (named === undefined && code === 'ENOENT') return { entries: [], problems: [], path: undefined };
    return { entries: [], problems: [`the configuration file ${path} can't be read: ${message}`], path };
  }
}

function parseSettings(path: string, text: string): Source {
  const lineCounter = new LineCounter();
  const place = (offset = 0) => {
    const { line, col } = lineCounter.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  // Keys that come twice are told by readSource, with both places.
  const options = { version: '1.2', schema: 'core', lineCounter, prettyErrors: false, uniqueKeys: false } as const;
  const document = parseDocument(text, options);
  const { errors, warnings, contents } = document;
  const problems = [...errors, ...warnings].map((error) => `${unquoted(error)} (${place(error.pos[0])})`);
  const isEmpty = contents === null || (isScalar(contents) && contents.value === null);
  if (problems.length > 0 || isEmpty) return { entries: [], problems };
  if (!isMap(contents)) {
    return { entries: [], problems: [`settings are lines of the form "name: value" (${place(contents.range[0])})`] };
  }

  const given = contents.items.flatMap(({ key, value }: Pair): Given[] => {
    const origin: Origin = { source: 'file', place: place((key as Node).range?.[0]) };
    try {
      return [{ key: isScalar(key) ? String(key.value) : String(key), value: plain(value, document), origin }];
    } catch (error) {
      problems.push(`${unquoted(error as Error)} (${origin.place})`);
      return [];
    }
  });
  const { entries, problems: others } = readSource('setting', given, spellings);
  return { entries, problems: [...problems, ...others] };
}

/** The value that a node stands for. Throws at an alias of nothing, and at more aliases than a list of regions has use for. */
function plain(node: unknown, document: Document): unknown {
  return isNode(node) ? node.toJS(document, { maxAliasCount: 100 }) : null;
}

/** YAML's own messages end with a piece of the text, which might be a secret's. */
function unquoted({ message }: Error): string {
  return message.replace(/: .*/s, '');
}
