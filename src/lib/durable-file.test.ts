import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeFileDurably } from './durable-file.ts';

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'durable-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

it('replaces a file by another that only its user can read', async () => {
  const folder = await makeFolder();
  const path = join(folder, 'file');
  await writeFileDurably(path, 'first');
  await writeFileDurably(path, Buffer.from('second'));
  expect(await readFile(path, 'utf8')).toBe('second');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['file']);
});

it('leaves nothing when it fails', async () => {
  const folder = await makeFolder();
  await mkdir(join(folder, 'taken/inside'), { recursive: true });
  await expect(writeFileDurably(join(folder, 'taken'), 'content')).rejects.toThrow();
  expect(await readdir(folder)).toEqual(['taken']);
});
