import type { Command } from 'commander';

/** Ends a command's `--help` with lines that can be typed as they are. */
export function addExamples(command: Command, examples: readonly string[]): void {
  const title = examples.length === 1 ? 'Example:' : 'Examples:';
  command.addHelpText('after', ['', title, ...examples.map((example) => `  ${example}`)].join('\n'));
}
