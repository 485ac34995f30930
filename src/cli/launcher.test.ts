import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const launcher = fileURLToPath(new URL('../../bin/mimeo', import.meta.url));
/** What every Node is started with. */
const flags = '--max-semi-space-size=2';
const bundled = `node-linux-${process.arch}/bin/node`;

describe('bin/mimeo', () => {
  let folder: string;
  /** Where the package lies in a project that depends on it. */
  let root: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mimeo launcher-'));
    root = join(folder, 'node_modules', 'mimeo');
    await mkdir(join(root, 'bin'), { recursive: true });
    await copyFile(launcher, join(root, 'bin', 'mimeo'));
    await place(join(root, 'dist/main/mimeo.js'), '');
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function place(path: string, text: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    await chmod(path, 0o755);
  }

  /** Says who it is and what it was given, as `node` would run it. */
  function placeNode(path: string, name: string, version: string): Promise<void> {
    return place(path, `#!/bin/sh\n[ "$1" = --version ] && echo v${version} && exit\necho "${name}: $*"\n`);
  }

  function run(path: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const env = { PATH: `${join(folder, 'path')}:/usr/bin:/bin` };
    return new Promise((resolve) => {
      execFile(path, args, { env }, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      );
    });
  }

  test('prefers the Node inside the package, then the one beside it, then a new enough one on PATH', async () => {
    const own = join(root, 'node_modules', bundled);
    const hoisted = join(folder, 'node_modules', bundled);
    await placeNode(own, 'own', '24.1.0');
    await placeNode(hoisted, 'hoisted', '24.1.0');
    await placeNode(join(folder, 'path', 'node'), 'path', '25.0.0');
    const bin = join(root, 'bin', 'mimeo');
    const entry = join(root, 'dist/main/mimeo.js');
    expect((await run(bin, 'image', 'a b')).stdout).toBe(`own: ${flags} ${entry} image a b\n`);
    await rm(own);
    expect((await run(bin)).stdout).toBe(`hoisted: ${flags} ${entry}\n`);
    await rm(hoisted);
    expect((await run(bin)).stdout).toBe(`path: ${flags} ${entry}\n`);
    await placeNode(join(folder, 'path', 'node'), 'path', '20.20.2');
    expect(await run(bin)).toMatchObject({ code: 1, stderr: expect.stringContaining('needs Node 24 or newer') });
  });

  test('finds its package through links, and runs the sources where they are', async () => {
    await placeNode(join(folder, 'path', 'node'), 'path', '24.0.0');
    await mkdir(join(folder, 'node_modules', '.bin'));
    await symlink('../mimeo/bin/mimeo', join(folder, 'node_modules', '.bin', 'mimeo'));
    await symlink(join(folder, 'node_modules', '.bin', 'mimeo'), join(folder, 'linked'));
    await place(join(root, 'src/main/mimeo.ts'), '');
    expect((await run(join(folder, 'linked'), 'x')).stdout).toBe(
      `path: ${flags} ${join(root, 'src/main/mimeo.ts')} x\n`,
    );
  });

  test('says what is missing', async () => {
    await rm(join(root, 'dist'), { recursive: true });
    expect(await run(join(root, 'bin', 'mimeo'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('this installation is not complete'),
    });
  });
});
