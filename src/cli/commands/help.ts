import type { Command } from 'commander';

const examplesByCommand = new WeakMap<Command, readonly string[]>();

/** Ends a command's `--help` with lines that can be typed as they are. */
export function addExamples(command: Command, examples: readonly string[]): void {
  examplesByCommand.set(command, examples);
  const title = examples.length === 1 ? 'Example:' : 'Examples:';
  command.addHelpText('after', ['', title, ...examples.map((example) => `  ${example}`)].join('\n'));
}

/** For docs/cli.md. */
export function examplesOf(command: Command): readonly string[] {
  return examplesByCommand.get(command) ?? [];
}
