import { InvalidArgumentError, Option } from 'commander';

/** An option that may be given again and again; its value is all of them. */
export function repeatable(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** `key=value`, repeatable; the value may have further equals signs. */
export function tag(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at <= 0) throw new InvalidArgumentError('A tag is key=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** The server's own bounds, so that a slip is told before anything is asked. */
export function limitOption(): Option {
  return new Option('--limit <n>', 'show at most so many, newest first').argParser((text) => {
    if (!/^\d+$/.test(text) || Number(text) < 1 || Number(text) > 1000) {
      throw new InvalidArgumentError('It is a whole number from 1 to 1000.');
    }
    return text;
  });
}
