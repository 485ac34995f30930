/**
 * `npm run diagram`: writes the import table and the diagram of ARCHITECTURE.md, each between its markers; with
 * `--check` only says whether they are in step. The diagram shows what is imported, the table what may be.
 */
import { readFile, writeFile } from 'node:fs/promises';
import type { IModule } from 'dependency-cruiser';
import { cruiseSource } from './cruise.ts';
import { layers, vendorHomes } from './rules.ts';

const page = 'ARCHITECTURE.md';
/** Nearly everybody imports these; their arrows would hide the others. */
const everywhere = new Set(['lib', 'domain', 'telemetry']);

function ruleTable(): string {
  const rows = Object.entries(layers).map(([folder, { holds, mayImport }]) => {
    const packages = Object.keys(vendorHomes).filter((name) =>
      vendorHomes[name]?.some((home) => home.split('/')[0] === folder),
    );
    return `| \`${folder}\` | ${holds} | ${mayImport.join(', ') || 'nothing'} | ${packages.join(', ')} |`;
  });
  return [
    '| folder of `src/` | holds | may import, besides itself | packages at home there |',
    '|---|---|---|---|',
    ...rows,
    '| `main` | composition: the only place that knows everything | everything; nobody imports it | |',
  ].join('\n');
}

function folderOf(file: string): string | undefined {
  return /^src\/([^/]+)\/.*(?<!\.(?:test|conformance|test-support))\.ts$/.exec(file)?.[1];
}

function diagram(modules: readonly IModule[]): string {
  const arrows = new Set<string>();
  for (const { source, dependencies } of modules) {
    const from = folderOf(source);
    for (const { resolved } of dependencies) {
      const to = folderOf(resolved);
      if (from && to && from !== to && !everywhere.has(to)) arrows.add(`  ${from} --> ${to}`);
    }
  }
  return ['```mermaid', 'flowchart TD', ...[...arrows].sort(), '```'].join('\n');
}

/** Puts `content` between `<!-- name: … -->` and `<!-- /name -->`. */
function fill(text: string, name: string, content: string): string {
  const between = new RegExp(`(<!-- ${name}:[^>]*-->\n)[^]*?(<!-- /${name} -->)`);
  if (!between.test(text)) throw new Error(`${page} has lost its markers <!-- ${name}: … --> and <!-- /${name} -->`);
  return text.replace(between, (_, open: string, close: string) => `${open}${content}\n${close}`);
}

const { modules } = await cruiseSource(process.cwd());
const before = await readFile(page, 'utf8');
const after = fill(fill(before, 'import table', ruleTable()), 'import diagram', diagram(modules));

if (before === after) {
  console.log(`${page} is in step with the imports`);
} else if (process.argv.includes('--check')) {
  console.error(`${page} is out of step with the imports; run \`npm run diagram\` and commit the result`);
  process.exitCode = 1;
} else {
  await writeFile(page, after);
  console.log(`${page} written`);
}
