import { type Command, InvalidArgumentError, Option } from 'commander';

/** An option that may be given again and again; its value is all of them. */
export function repeatable(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** The same of these values alone. */
export function repeatableChoice(flags: string, description: string, choices: readonly string[]): Option {
  return new Option(flags, `${description}; may be repeated`)
    .choices(choices)
    .argParser((value, before?: readonly string[]) => {
      if (choices.includes(value)) return repeatable(value, before);
      throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`);
    });
}

/** `key=value`, repeatable; the value may have further equals signs. */
export function tag(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at <= 0) throw new InvalidArgumentError('A tag is key=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** A number that is sent as one. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 0.');
  return Number(text);
}

/** A moment as people write it, a day alone too; in UTC where no offset is given. */
export function moment(text: string): string {
  const isLocal = /^\d{4}-\d\d-\d\dT[\d:.]+$/.test(text);
  const time = Date.parse(isLocal ? `${text}Z` : text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(time)) return new Date(time).toISOString();
  throw new InvalidArgumentError('It is a moment such as 2026-11-21 or 2026-11-21T09:30:00Z.');
}

/** The server's own bounds, so that a slip is told before anything is asked. */
export function addPagingOptions(list: Command): Command {
  const limit = new Option('--limit <n>', 'show at most so many (default: 100)').argParser((text) => {
    if (!/^\d+$/.test(text) || Number(text) < 1 || Number(text) > 1000) {
      throw new InvalidArgumentError('It is a whole number from 1 to 1000.');
    }
    return text;
  });
  return list.addOption(limit).addOption(new Option('--all', 'show all there are').conflicts('limit'));
}
