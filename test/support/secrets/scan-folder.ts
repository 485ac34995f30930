/** All files of a folder, searched for the secrets that this process knows: a database's own, a store's, and what lies beside them. */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { searchSecrets } from './find-secrets.ts';

/** What stands in plain sight, by file. `except`: files that are there for a secret each. */
export async function findSecretsInFolder(folder: string, except: readonly string[]): Promise<string[]> {
  const search = searchSecrets();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path);
    if (!entry.isFile() || except.includes(name)) continue;
    for (const finding of search.in(await readFile(path))) found.push(`${name}: ${finding}`);
  }
  return found;
}
