/** What can stand at the end of a command line: read off the commander tree, and asked of the server where that knows. */
import type { Argument, Command, Option } from 'commander';
import { startName } from '../commands/copy-start.ts';

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

export interface Candidates {
  /** A file's name is meant, which the shell itself completes. */
  readonly files: boolean;
  readonly values: readonly Candidate[];
}

/** Looks up what `<image>`, `<region>` … may be; none where it does not know. */
export type Lookup = (placeholder: string) => Promise<readonly Candidate[]>;

/** The command that a line is about, and what its next word is. */
interface Place {
  readonly command: Command;
  /** Arguments that are there already. */
  readonly given: number;
  /** The option whose value is next. */
  readonly option: Option | undefined;
}

const filePlaceholders = ['file', 'dir'];

/** `words` end with the one to be completed, which may be empty. Values of the program's own options are set in it. */
export async function candidatesFor(program: Command, words: readonly string[], lookup: Lookup): Promise<Candidates> {
  // Bash takes `--state=queued` apart into three words.
  const whole = words.filter((word, index) => word !== '=' || index === words.length - 1);
  const word = whole.at(-1) ?? '';
  const current = word === '=' ? '' : word;
  const place = walk(program, whole.slice(0, -1));

  const { files, values } = await allFor(place, current, lookup);
  return { files, values: values.filter(({ value }) => value.startsWith(current)) };
}

async function allFor(place: Place, current: string, lookup: Lookup): Promise<Candidates> {
  if (place.option !== undefined) return valuesOf(place.option, lookup);
  if (!current.startsWith('-')) return nextOf(place, lookup);
  const [flag, value] = current.split('=', 2);
  const option = findOption(place.command, current);
  if (value === undefined || option === undefined) return { files: false, values: optionsOf(place.command) };
  const { files, values } = await valuesOf(option, lookup);
  return { files, values: values.map((each) => ({ ...each, value: `${flag}=${each.value}` })) };
}

function walk(program: Command, words: readonly string[]): Place {
  let command = program;
  let given = 0;
  let option: Option | undefined;
  for (const word of words) {
    if (option !== undefined) {
      if (program.options.includes(option)) program.setOptionValue(option.attributeName(), word);
      option = undefined;
    } else if (word.startsWith('-')) {
      const known = word.includes('=') ? undefined : findOption(command, word);
      option = known?.required || known?.optional ? known : undefined;
    } else {
      const next = given === 0 ? command.commands.find((each) => each.name() === word) : undefined;
      command = next ?? (given === 0 ? orDefault(command) : command);
      given = next === undefined ? given + 1 : 0;
    }
  }
  return { command, given, option };
}

/** The command that runs when none of `command`'s is named. */
function orDefault(command: Command): Command {
  return command.commands.find((each) => each.name() === startName) ?? command;
}

async function nextOf({ command, given }: Place, lookup: Lookup): Promise<Candidates> {
  const commands = given > 0 ? [] : command.createHelp().visibleCommands(command);
  const { registeredArguments } = orDefault(command);
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[given] ?? (last?.variadic ? last : undefined);
  const found = argument === undefined ? { files: false, values: [] } : await valuesOf(argument, lookup);
  const named = commands.map((each) => ({ value: each.name(), description: each.description() }));
  return { ...found, values: [...named, ...found.values] };
}

async function valuesOf(place: Option | Argument, lookup: Lookup): Promise<Candidates> {
  if (place.argChoices) {
    return { files: false, values: place.argChoices.map((value) => ({ value, description: '' })) };
  }
  const name = 'flags' in place ? (/[<[]([\w-]+)/.exec(place.flags)?.[1] ?? '') : place.name();
  if (filePlaceholders.includes(name)) return { files: true, values: [] };
  return { files: false, values: await lookup(name) };
}

function optionsOf(command: Command): Candidate[] {
  return [command, orDefault(command), ...ancestorsOf(command)]
    .flatMap((each) => each.createHelp().visibleOptions(each))
    .flatMap(({ long, description }) => (long ? [{ value: long, description }] : []))
    .filter(({ value }, index, all) => all.findIndex((other) => other.value === value) === index);
}

function findOption(command: Command, word: string): Option | undefined {
  const [flag] = word.split('=', 1);
  const options = [command, orDefault(command), ...ancestorsOf(command)].flatMap((each) => each.options);
  return options.find(({ long, short }) => long === flag || short === flag);
}

function ancestorsOf({ parent }: Command): Command[] {
  return parent === null ? [] : [parent, ...ancestorsOf(parent)];
}
