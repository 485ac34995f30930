/** `npm run build`: compiles `src/` to `dist/` and puts what is not TypeScript (SQL) beside it. */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
const { status } = spawnSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
if (status !== 0) process.exit(1);

const statements = globSync('src/**/*.sql');
for (const file of statements) cpSync(file, file.replace(/^src/, 'dist'));

console.log(`build: ${globSync('dist/**/*.js').length} modules and ${statements.length} SQL files in dist/`);
