/** Writes docs/openapi.json from the native API's operations; with `--check` only says whether it is in step. */
import { readFile, writeFile } from 'node:fs/promises';
import { createOpenApiDocument } from '../src/protocols/native/openapi.ts';
import { operations } from '../src/protocols/native/operations.ts';

const page = new URL('../docs/openapi.json', import.meta.url);

const wanted = `${JSON.stringify(createOpenApiDocument(operations), null, 2)}\n`;
if (process.argv.includes('--check')) {
  const found = await readFile(page, 'utf8').catch(() => '');
  if (found !== wanted) {
    process.stderr.write('docs/openapi.json is out of step; run `npm run openapi` and commit the result\n');
    process.exitCode = 1;
  }
} else {
  await writeFile(page, wanted);
}
