/** Writes docs/configuration.md from the settings' schema; with `--check` only says whether the page is in step. */
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { configSchema, environmentNames } from '../src/config/schema.ts';

const page = new URL('../docs/configuration.md', import.meta.url);

interface Property {
  readonly description?: string;
  readonly default?: unknown;
}

function cell(value: unknown): string {
  return value === undefined ? 'none' : `\`${Array.isArray(value) ? value.join(',') : value}\``;
}

function render(): string {
  const { properties = {} } = z.toJSONSchema(configSchema, { io: 'input' });
  const rows = Object.entries(environmentNames).map(([setting, variable]) => {
    const property = properties[setting] as Property;
    return `| \`${variable}\` | ${cell(property.default)} | ${property.description} |`;
  });
  return `# Configuration

Made from \`src/config/schema.ts\` by \`npm run configuration\`; do not edit it here. Every setting is an environment variable.
Flags of \`mimeo serve\` (\`--data-dir\`, \`--host\`, \`--port\`, \`--regions\`, \`--log-level\`) come before them.

| variable | default | what it is |
|---|---|---|
${rows.join('\n')}
`;
}

const wanted = render();
if (process.argv.includes('--check')) {
  const found = await readFile(page, 'utf8').catch(() => '');
  if (found !== wanted) {
    process.stderr.write('docs/configuration.md is out of step; run `npm run configuration` and commit the result\n');
    process.exitCode = 1;
  }
} else {
  await writeFile(page, wanted);
}
