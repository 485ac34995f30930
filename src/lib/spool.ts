/**
 * Bytes whose number is not known until the last of them has come, kept in a file meanwhile. The file has no name, so that
 * nothing is left of it however its process ends; and what the disk keeps of it does not read, since the image that the bytes
 * are for may be an encrypted one: the key is in memory alone, and of this file alone.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { open, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';

export interface Spool {
  readonly size: number;
  read(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

export interface SpoolOptions {
  readonly folder: string;
  /** Bytes; of more than these it is `too-large`. */
  readonly most: number;
  /** Bytes that stay free on the folder's file system; with fewer it is `no-space`. */
  readonly reserve: number;
}

export class SpoolError extends Error {
  readonly code: 'too-large' | 'no-space';

  constructor(code: SpoolError['code'], options?: ErrorOptions) {
    super(code, options);
    this.name = 'SpoolError';
    this.code = code;
  }
}

const MiB = 1024 * 1024;

/** Written between two looks at what is free: of all that come at once, together no more than is to stay free. */
const lookBytes = 16 * MiB;

/** Takes all that `source` brings. Throws what it throws. */
export async function spool(source: AsyncIterable<Uint8Array>, options: SpoolOptions): Promise<Spool> {
  const path = join(options.folder, `.${randomBytes(8).toString('hex')}.tmp`);
  const file = await open(path, 'wx+', 0o600);
  const [key, counter] = [randomBytes(32), randomBytes(16)];
  const cipher = createCipheriv('aes-256-ctr', key, counter);
  try {
    await unlink(path);
    let size = 0;
    let look = 0;
    for await (const bytes of source) {
      if (size + bytes.length > options.most) throw new SpoolError('too-large');
      if (size + bytes.length > look) {
        await requireSpace(options);
        look = size + lookBytes;
      }
      await file.writeFile(cipher.update(bytes));
      size += bytes.length;
    }
    return {
      size,
      async *read() {
        const decipher = createDecipheriv('aes-256-ctr', key, counter);
        const sealed = file.createReadStream({ start: 0, autoClose: false, highWaterMark: MiB });
        for await (const bytes of sealed) yield decipher.update(bytes);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw new SpoolError('no-space', { cause: error });
    throw error;
  }
}

async function requireSpace({ folder, reserve }: SpoolOptions): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < reserve + lookBytes) throw new SpoolError('no-space');
}
