/** The dashboard and the page about observability name metrics that there are, and all of them. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { createMetrics } from '../src/telemetry/metrics.ts';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { x: number; y: number; w: number; h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const read = (path: string) => readFile(new URL(`../${path}`, import.meta.url), 'utf8');
const metrics = createMetrics('0.0.0');
const own = new Map(metrics.descriptions.map((metric) => [metric.name, metric]));
const dashboard = JSON.parse(await read('dashboards/mimeo.json')) as { panels: Panel[] };
const expressions = dashboard.panels.flatMap(({ targets = [] }) => targets);

/** A histogram's series end in words that its name has not. */
function nameOf(series: string): string {
  return own.has(series) ? series : series.replace(/_(bucket|count|sum)$/, '');
}

it('the dashboard asks only for metrics that are shown', async () => {
  const state = {
    pool: { total: 0, idle: 0, waiting: 0, limit: 1 },
    compute: { threads: 1, queued: 0 },
    connections: 0,
  };
  const { text } = await metrics.render(state, { copies: null, stores: null, work: null });
  for (const { expr } of expressions) {
    const series = expr.match(/\b(mimeo|process|nodejs)_\w+/g) ?? [];
    expect(series, expr).not.toEqual([]);
    for (const each of series) {
      if (each.startsWith('mimeo_')) expect([...own.keys()]).toContain(nameOf(each));
      else expect(text).toMatch(new RegExp(`^# TYPE ${each} `, 'm'));
    }
  }
});

it('the dashboard asks for every metric, with labels that it has', () => {
  const asked = new Set(expressions.flatMap(({ expr }) => expr.match(/\bmimeo_\w+/g) ?? []).map(nameOf));
  expect([...own.keys()].filter((name) => !asked.has(name))).toEqual([]);
  for (const { expr, legendFormat } of expressions) {
    const names = (expr.match(/\b(?:mimeo|process|nodejs)_\w+/g) ?? []).map(nameOf);
    const known = new Set(['instance', 'le', ...names.flatMap((name) => own.get(name)?.labels ?? [])]);
    const selected = [...expr.matchAll(/[{,](\w+)=~?"/g)].map(([, label]) => label);
    const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '));
    const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
    expect([...known], expr).toEqual(expect.arrayContaining([...selected, ...grouped, ...shown]));
  }
});

it('the dashboard has its panels side by side, none over another', () => {
  const ids = dashboard.panels.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const taken = new Set<string>();
  for (const { title, gridPos } of dashboard.panels) {
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(taken, title).not.toContain(`${x},${y}`);
        taken.add(`${x},${y}`);
      }
    }
  }
});

it('the page describes every metric', async () => {
  const page = await read('docs/observability.md');
  for (const { name, help } of own.values()) {
    expect(page).toMatch(new RegExp(`^\\| \`${name}\` \\|`, 'm'));
    expect(page).toContain(help);
  }
});
