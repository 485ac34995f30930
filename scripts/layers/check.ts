/**
 * `npm run layers`: fails when an import breaks a rule of `rules.ts`, or when dependency-cruiser did not look at every
 * file. Without a TypeScript that it understands it cruises nothing and reports success; hence the second check.
 */
import { globSync } from 'node:fs';
import { cruiseSource } from './cruise.ts';

const { modules, summary } = await cruiseSource(process.cwd());

const cruised = new Set(modules.map((module) => module.source));
const overlooked = globSync('src/**/*.ts').filter((file) => !cruised.has(file));
if (cruised.size === 0) overlooked.push('src/ (no file at all)');

for (const file of overlooked) {
  console.error(`${file}: dependency-cruiser did not read it; is the installed typescript one that it supports (< 7)?`);
}
for (const { rule, from, to } of summary.violations) {
  const comment = summary.ruleSetUsed?.forbidden?.find(({ name }) => name === rule.name)?.comment;
  console.error(`${from} → ${to}: ${rule.name}: ${comment}`);
}

const ours = [...cruised].filter((file) => file.startsWith('src/')).length;
console.log(`layers: ${ours} modules, ${summary.violations.length} violations`);
if (overlooked.length > 0 || summary.violations.length > 0) process.exitCode = 1;
