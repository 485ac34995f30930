/** Writes docs/configuration.md from the settings' schema; with `--check` only says whether the page is in step. */
import { otherVariables } from '../src/config/environment.ts';
import { type Setting, settings } from '../src/config/settings.ts';
import { keepPage } from './generated-page.ts';

const page = new URL('../docs/configuration.md', import.meta.url);

function code(text: string | undefined): string {
  return text === undefined ? '' : `\`${text}\``;
}

function row({ name, variable, expected, defaultValue, format, description }: Setting): string {
  const value = defaultValue === undefined ? 'none' : code(format(defaultValue));
  return `| ${code(name)} | ${code(variable)} | ${expected} | ${value} | ${description} |`;
}

function list(texts: readonly string[]): string {
  return `${texts.slice(0, -1).map(code).join(', ')} and ${code(texts.at(-1))}`;
}

function render(): string {
  const secrets = settings.filter(({ isSecret }) => isSecret);
  return `# Configuration

Made from \`src/config/schema.ts\` by \`npm run configuration\`; do not edit it here. No setting is needed to start.

## Where settings come from

Each of these overrules the ones above it:

1. defaults;
2. a file, \`mimeo.yaml\`;
3. environment variables;
4. flags: \`--config\` for the file, and ${list(settings.flatMap(({ flag }) => flag?.split(' ')[0] ?? []))}.

All that is wrong is told at once, each problem with where the value stands, and nothing is started. That holds for a wrong
value that something else overrules, and for settings that contradict each other. \`mimeo config check\` says so without
starting anything (exit code 0 or 2), \`mimeo config show\` shows each setting and where it comes from, and
\`mimeo config example\` prints a file with every setting at its default. \`serve\`, \`quickstart\` and \`config\` use the
settings; commands that talk to a server have options and variables of their own (\`mimeo --help\`).

**The file** is the one that \`--config\` names, else the one that \`MIMEO_CONFIG\` names, else \`mimeo.yaml\` in the working
directory if there is one. It is YAML 1.2, one level deep; its keys are the names of the settings. A key that is none, or
that comes twice, is refused. Relative paths, in the file as elsewhere, start at the working directory.

\`\`\`yaml
regions: [berlin, vienna]
port: 8000
quotaBytes: 20 TiB
databaseUrlFile: /run/secrets/database-url
\`\`\`

**Variables** that begin with \`MIMEO_\` and are no settings are refused. Known besides, as the command line's or our tests':
${list(otherVariables)}. An empty variable counts as none.
(Kubernetes sets \`MIMEO_PORT\` and others in every pod beside a Service that is called \`mimeo\`; \`enableServiceLinks: false\`
keeps it from that.)

**Sizes** are bytes, or whole numbers of \`KiB\`, \`MiB\`, \`GiB\` or \`TiB\`.

## Secrets

${list(secrets.map(({ name }) => name))} are secrets: \`mimeo config show\` shows asterisks for them (of a database's URL for its
password alone), and no message quotes them. Each can be given as the name of a file instead, which holds it and may end with
a newline: in \`mimeo.yaml\` with \`File\` after the setting's name, in the environment with \`_FILE\` after the variable's
(${list(secrets.map(({ variable }) => `${variable}_FILE`))}). One source cannot give both. A file that others than its owner have a right
to is refused, unless it is root's and nobody may write it (0444, 0440), as containers' secrets are.

## Settings

| setting | variable | must be | default | what it is |
|---|---|---|---|---|
${settings.map(row).join('\n')}
`;
}

await keepPage(page, render(), 'configuration');
