import type { Stats } from 'node:fs';
import { constants, open } from 'node:fs/promises';

const mostBytes = 1024 * 1024;

/** The text of a file that people write by hand; `look` throws if it must not be used. */
export async function readSmallFile(path: string, look: (stats: Stats) => void = () => {}): Promise<string> {
  // Without waiting for somebody to write into what turns out to be a pipe.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new Error('it is not a file');
    if (stats.size > mostBytes)
      throw new Error(`it has ${stats.size} bytes, and ${mostBytes} are the most that are read`);
    look(stats);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
