import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Folders below `root`, and `root` itself, that a power cut doesn't take away. */
export interface DurableFolders {
  /** Makes `folder` and those above it where they are missing, for the server's user only. */
  ensure(folder: string): Promise<void>;
  /** Looks at the medium again next time: somebody removed a folder. */
  forget(): void;
}

/** `root` must be absolute. */
export function durableFolders(root: string): DurableFolders {
  const ensured = new Map<string, Promise<void>>();

  async function makeRoot(): Promise<void> {
    const first = await mkdir(root, { recursive: true, mode: 0o700 });
    if (first === undefined) return;
    for (let made = root; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
  }

  async function make(folder: string): Promise<void> {
    if (folder === root) return makeRoot();
    await ensure(dirname(folder));
    try {
      await mkdir(folder, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    // Even if it was there: another process may have made it just now and not have come to this line.
    await syncFolder(dirname(folder));
  }

  function ensure(folder: string): Promise<void> {
    const known = ensured.get(folder);
    if (known !== undefined) return known;
    const made = make(folder);
    ensured.set(folder, made);
    made.catch(() => ensured.delete(folder));
    return made;
  }

  return { ensure, forget: () => ensured.clear() };
}

/** Makes durable which names the folder holds. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
