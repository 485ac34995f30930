/** Writes the table of metrics in docs/observability.md; with `--check` only says whether it is in step. */
import { readFile } from 'node:fs/promises';
import type { MetricDescription } from '../src/telemetry/metric-group.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';
import { keepPage } from './generated-page.ts';

const page = new URL('../docs/observability.md', import.meta.url);
const begin = '<!-- metrics: made by `npm run metrics` from src/telemetry -->\n';
const end = '<!-- /metrics -->';

function row({ name, type, labels, help }: MetricDescription): string {
  return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`;
}

function render(found: string): string {
  const [before, rest] = found.split(begin);
  const after = rest?.slice(rest.indexOf(end));
  if (after === undefined) throw new Error(`docs/observability.md has lost its mark ${begin.trim()}; put it back`);
  const rows = [...createMetrics('').descriptions].sort((a, b) => (a.name < b.name ? -1 : 1)).map(row);
  return `${before}${begin}| metric | type | labels | what it is |\n|---|---|---|---|\n${rows.join('\n')}\n${after}`;
}

await keepPage(page, render(await readFile(page, 'utf8')), 'metrics');
