import { Argument, type Command } from 'commander';
import { candidatesFor } from '../completion/candidates.ts';
import { createLookup } from '../completion/lookup.ts';
import { type Shell, scripts, shells } from '../completion/scripts.ts';
import type { CliIo } from '../io.ts';
import { readSettings } from '../settings.ts';
import { addExamples } from './help.ts';

export function addCompletionCommands(program: Command, io: CliIo): void {
  addExamples(
    program
      .command('completion')
      .description("print a shell's completion of commands, options, regions, images …")
      .addArgument(new Argument('<shell>', 'which shell').choices(shells))
      .action((shell: Shell) => void io.stdout.write(`${scripts[shell]}\n`)),
    [
      'mimeo completion bash > ~/.local/share/bash-completion/completions/mimeo',
      'mimeo completion zsh > ~/.zfunc/_mimeo   # with fpath+=~/.zfunc before compinit in ~/.zshrc',
      'mimeo completion fish > ~/.config/fish/completions/mimeo.fish',
    ],
  );

  program
    .command('complete', { hidden: true })
    .description('what the scripts of "completion" ask')
    .argument('[words...]', 'the words after "mimeo", up to the one to be completed')
    .action(async (words: string[], _options: object, command: Command) => {
      const lookup = createLookup(() => readSettings(command, io.env));
      const { files, values } = await candidatesFor(program, words, lookup);
      // A name with a line's end or a tab in it can't be told by lines; it is not typed either.
      const lines = values
        .filter(({ value }) => !/\p{Cc}/u.test(value))
        .map(({ value, description }) => `${value}\t${description.replaceAll(/\p{Cc}/gu, ' ')}`);
      io.stdout.write(`${[files ? 'files' : 'words', ...lines].join('\n')}\n`);
    });
}
