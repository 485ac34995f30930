/** A file of docs/ that is made from the sources. */
import { readFile, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Writes the page; with `--check` on the command line only says whether it is in step, and what to run if it is not. */
export async function keepPage(page: URL, wanted: string, command: string): Promise<void> {
  if (!process.argv.includes('--check')) {
    await writeFile(page, wanted);
    return;
  }
  if ((await readFile(page, 'utf8').catch(() => '')) === wanted) return;
  const name = relative(process.cwd(), fileURLToPath(page));
  process.stderr.write(`${name} is out of step; run \`npm run ${command}\` and commit the result\n`);
  process.exitCode = 1;
}
