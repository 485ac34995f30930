/** Writes docs/cli.md from the command line's own tree; with `--check` only says whether the page is in step. */
import { PassThrough } from 'node:stream';
import type { Argument, Command } from 'commander';
import { examplesOf } from '../src/cli/commands/help.ts';
import { exitCodesHelp } from '../src/cli/exit-codes.ts';
import { buildMimeo } from '../src/main/program.ts';
import { keepPage } from './generated-page.ts';

const page = new URL('../docs/cli.md', import.meta.url);

const nowhere = new PassThrough();
const io = { stdin: nowhere, stdout: nowhere, stderr: nowhere, env: {}, onInterrupt: () => () => {} };

function fenced(language: string, lines: string): string {
  return `\`\`\`${language}\n${lines}\n\`\`\``;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function table(rows: readonly (readonly [term: string, description: string])[]): string[] {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '\\<');
  if (rows.length === 0) return [];
  return [
    [
      '| | |',
      '|---|---|',
      ...rows.map(([term, what]) => `| \`${term.replaceAll('|', '\\|')}\` | ${cell(what)} |`),
    ].join('\n'),
  ];
}

function usageOf(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

function visible(command: Command): Command[] {
  const help = command.createHelp();
  return help.visibleCommands(command).filter((each) => each.name() !== 'help');
}

function options(command: Command): (readonly [string, string])[] {
  const help = command.createHelp();
  const shown = help.visibleOptions(command).filter(({ long }) => long !== '--help');
  return shown.map((option) => [option.flags, help.optionDescription(option)]);
}

/** A command that can be run, with all there is to know about it. */
function renderLeaf(command: Command): string[] {
  const given = command.registeredArguments.map((argument): [string, string] => [
    usageOf(argument),
    argument.description,
  ]);
  return [
    `#### \`${[nameOf(command), ...given.map(([name]) => name)].join(' ')}\``,
    sentence(command.description()),
    ...table([...given, ...options(command)]),
    fenced('sh', examplesOf(command).join('\n')),
  ];
}

function renderCommand(command: Command): string[] {
  const below = visible(command);
  if (below.length === 0) return renderLeaf(command).map((part) => part.replace(/^####/, '###'));
  return [`### \`${nameOf(command)}\``, sentence(command.description()), ...below.flatMap(renderLeaf)];
}

function render(): string {
  const program = buildMimeo(io);
  const groups = Map.groupBy(visible(program), (command) => command.helpGroup());
  const parts = [
    '# Command line',
    `Made from the commands themselves by \`npm run cli-page\`; do not edit it here. \`mimeo COMMAND --help\` says the same.`,
    `These options can stand anywhere:`,
    ...table(options(program)),
    fenced('text', exitCodesHelp()),
    ...[...groups].flatMap(([group, commands]) => [
      `## ${group.replace(/:$/, '')}`,
      ...commands.flatMap(renderCommand),
    ]),
  ];
  return `${parts.join('\n\n')}\n`;
}

await keepPage(page, render(), 'cli-page');
