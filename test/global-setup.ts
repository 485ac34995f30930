/**
 * Runs once around all tests. It gives them a temporary folder of their own (`os.tmpdir()` answers with it) and fails
 * the run when one of them leaves something behind in it.
 */
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default async function setUp(): Promise<() => Promise<void>> {
  // A short name: the path of a Unix socket in it must stay under 108 bytes.
  const folder = await mkdtemp(join(tmpdir(), 'mimeo-'));
  // Started as root, PostgreSQL runs as another user, who has to pass through.
  await chmod(folder, 0o711);
  process.env['TMPDIR'] = folder;

  return async function tearDown() {
    const left = await readdir(folder);
    await rm(folder, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`Tests left these behind in the temporary folder: ${left.join(', ')}`);
  };
}
