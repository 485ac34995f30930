import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readSecretFile, refuseExposed } from './secret-file.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mimeo-secret-'));
  path = join(folder, 'secret');
});

afterEach(() => rm(folder, { recursive: true }));

describe('readSecretFile', () => {
  test.each([
    ['pw', 'pw'],
    ['pw\n', 'pw'],
    ['pw\r\n', 'pw'],
    [' p w \n\n', ' p w \n'],
  ])('reads %j as %j', async (content, secret) => {
    await writeFile(path, content, { mode: 0o600 });
    expect(await readSecretFile(path)).toBe(secret);
  });

  test('refuses what holds no secret', async () => {
    await expect(readSecretFile(path)).rejects.toThrow('ENOENT');
    await expect(readSecretFile(folder)).rejects.toThrow('it is not a file');
    await writeFile(path, '\n', { mode: 0o600 });
    await expect(readSecretFile(path)).rejects.toThrow('it is empty');
    await truncate(path, 1024 ** 2 + 1);
    await expect(readSecretFile(path)).rejects.toThrow('1048577 bytes');
  });

  test('does not wait for somebody to write into a pipe', async () => {
    execFileSync('sh', ['-c', 'mkfifo -m 600 "$0"', path]);
    await expect(readSecretFile(path)).rejects.toThrow('it is not a file');
  });

  test('refuses one that others may read', async () => {
    await writeFile(path, 'pw', { mode: 0o644 });
    await expect(readSecretFile(path)).rejects.toThrow('its mode is 0644');
  });
});

describe('refuseExposed', () => {
  test.each([
    [0o600, 1000, true],
    [0o400, 1000, true],
    [0o640, 1000, false],
    [0o604, 1000, false],
    [0o620, 1000, false],
    [0o444, 1000, false],
    [0o444, 0, true],
    [0o440, 0, true],
    [0o644, 0, false],
    [0o640, 0, false],
  ])('of mode %o and owner %i: fit is %s', (mode, uid, isFit) => {
    const look = () => refuseExposed({ mode: 0o100000 | mode, uid });
    if (isFit) expect(look).not.toThrow();
    else expect(look).toThrow('make it 0600');
  });
});
