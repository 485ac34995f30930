import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { otherVariables, readEnvironment } from './environment.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('every variable that our code names is a setting or known to be none', async () => {
  const named = new Set<string>();
  for await (const path of glob(['src/**/*.ts', 'bin/*', 'test/acceptance/*.ts', 'bench/**/*.ts'], { cwd: root })) {
    if (path.endsWith('.test.ts') && path.startsWith('src/')) continue;
    for (const [name] of readFileSync(`${root}/${path}`, 'utf8').matchAll(/\bMIMEO_[A-Z_]*[A-Z]\b/g)) named.add(name);
  }
  expect(named).toContain('MIMEO_SERVER');
  expect(readEnvironment(Object.fromEntries([...named].map((name) => [name, 'x']))).problems).toEqual([]);
});

test('variables that are not ours, empty ones and those of the command line are passed over', () => {
  const others = Object.fromEntries(otherVariables.map((name) => [name, 'x']));
  const environment = { ...others, PATH: '/bin', MIMEO_PORT: '', MIMEO_REGOINS: '', DATABASE_URI: 'x' };
  expect(readEnvironment(environment)).toEqual({ entries: [], problems: [] });
});
