import { stringify } from 'yaml';
import { type Setting, settings } from './settings.ts';

/** A `mimeo.yaml` with every setting at its default, and above it what it is. */
export function exampleFile(): string {
  const title = '# Settings of Mimeo, each at its default, which it also has when it is left out.\n';
  return [title, ...settings.map(example)].join('\n');
}

function example({ name, description, expected, isSecret, defaultValue, format }: Setting): string {
  const yaml = () => {
    if (Array.isArray(defaultValue)) return `[${defaultValue.join(', ')}]`;
    const text = format(defaultValue);
    // `{service}…` would be a mapping.
    return typeof defaultValue === 'string' ? stringify(text).trimEnd() : text;
  };
  const what = isSecret ? `${expected}; or ${name}File: the path of a file that holds it` : expected;
  return `# ${description}\n${defaultValue === undefined ? `# ${name}:` : `${name}: ${yaml()}`} # ${what}\n`;
}
