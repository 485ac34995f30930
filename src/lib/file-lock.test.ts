import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { lockFile } from './file-lock.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rm(folder, { recursive: true }));

async function lockAndRelease(): Promise<boolean> {
  const lock = await lockFile(path);
  lock?.release();
  return lock !== undefined;
}

describe('lockFile', () => {
  it('gives the lock to one at a time', async () => {
    const lock = await lockFile(path);
    expect(await lockAndRelease()).toBe(false);
    lock?.release();
    lock?.release();
    expect(await lockAndRelease()).toBe(true);
  });

  it('writes for its owner only, over what an earlier one wrote', async () => {
    for (const text of ['a long text', 'short']) {
      const lock = await lockFile(path);
      lock?.write(text);
      expect(await readFile(path, 'utf8')).toBe(text);
      lock?.release();
    }
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('follows no link', async () => {
    await symlink(join(folder, 'elsewhere'), path);
    await expect(lockFile(path)).rejects.toMatchObject({ code: 'ELOOP' });
  });

  it('is free once its holder was killed, though a child of the holder lives on', async () => {
    const holder = spawn(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `const { lockFile } = await import(${JSON.stringify(new URL('./file-lock.ts', import.meta.url).href)});
         const { spawn } = await import('node:child_process');
         await lockFile(${JSON.stringify(path)});
         console.log(spawn('sleep', ['60'], { stdio: 'ignore' }).pid);
         setInterval(() => {}, 1000);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    onTestFinished(() => void holder.kill('SIGKILL'));
    const [said] = await once(holder.stdout, 'data');
    const grandchild = Number(said);
    onTestFinished(() => void process.kill(grandchild));
    expect(await lockAndRelease()).toBe(false);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(await lockAndRelease()).toBe(true);
    expect(process.kill(grandchild, 0)).toBe(true);
  });

  it('stays locked while a child lives that was given the descriptor', async () => {
    const lock = await lockFile(path);
    const child = spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore', lock?.fd] });
    onTestFinished(() => void child.kill());
    lock?.release();
    expect(await lockAndRelease()).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await lockAndRelease()).toBe(true);
  });
});
