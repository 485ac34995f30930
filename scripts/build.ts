/** `npm run build`: compiles `src/` to `dist/` and puts what is not TypeScript (SQL) beside it. */
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });

const statements = globSync('src/**/*.sql');
for (const file of statements) cpSync(file, file.replace(/^src/, 'dist'));

console.log(`build: ${globSync('dist/**/*.js').length} modules and ${statements.length} SQL files in dist/`);
