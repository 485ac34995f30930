/**
 * Runs the README's tour as it is written: all its blocks, one after the other, in one bash that stops at the first command that
 * fails, in an empty folder where only `bin/` is what it is in the checkout. `npm run tour`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const checkout = join(import.meta.dirname, '..');
const readme = await readFile(join(checkout, 'README.md'), 'utf8');
const tour = readme.slice(readme.indexOf('<!-- tour -->'), readme.indexOf('<!-- /tour -->'));
const blocks = [...tour.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block as string);
if (blocks.length === 0)
  throw new Error('README.md has no tour: blocks of sh between <!-- tour --> and <!-- /tour -->');

const folder = await mkdtemp(join(tmpdir(), 'mimeo-tour-'));
await symlink(join(checkout, 'bin'), join(folder, 'bin'));
// Profiles go to the folder as well: nobody's own are touched.
const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: join(folder, '.config') };
// A group of its own, so that a server that the tour left running ends with it.
const bash = spawn('bash', ['-euvo', 'pipefail'], {
  cwd: folder,
  env,
  detached: true,
  stdio: ['pipe', 'inherit', 'inherit'],
});
bash.stdin.end(blocks.join('\n'));
const [status] = (await once(bash, 'exit')) as [number | null];
for (let signal: NodeJS.Signals | 0 = 'SIGTERM'; tellGroup(signal); signal = 0) await sleep(100);
await rm(folder, { recursive: true, force: true });
if (status !== 0) process.exitCode = 1;

/** False when nobody is left who could be told. */
function tellGroup(signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-(bash.pid as number), signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
