import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type DataDirectory, type DataDirectoryOptions, openDataDirectory } from './data-directory.ts';

const isRoot = process.geteuid?.() === 0;
const nobody = { uid: 65534, gid: 65534 };
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dir-'));
  path = join(folder, 'data');
  return () => rm(folder, { recursive: true });
});

async function open(at = path, options: Partial<DataDirectoryOptions> = {}): Promise<DataDirectory> {
  const directory = await openDataDirectory(at, { softwareVersion: '1.2.3', ...options });
  onTestFinished(() => directory.close());
  return directory;
}

async function mode(name: string): Promise<number> {
  return (await stat(join(path, name))).mode & 0o777;
}

/** Opens the directory in another process, as another user if need be, and runs `then`. */
function openElsewhere(then: string, user: { uid?: number; gid?: number } = {}) {
  const module = JSON.stringify(new URL('./data-directory.ts', import.meta.url).href);
  const program = `
    const { openDataDirectory } = await import(${module});
    try {
      const directory = await openDataDirectory(${JSON.stringify(path)}, { softwareVersion: '1.2.3' });
      ${then}
    } catch ({ code, message }) { console.log(code, message); }`;
  const args = ['--input-type=module', '--eval', program];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], ...user });
}

describe('openDataDirectory', () => {
  it('makes a directory that only its user can enter, with identity, key and token', async () => {
    const directory = await open();
    expect(directory).toMatchObject({ path, isNew: true, regions: join(path, 'regions') });
    expect(directory.masterKey).toHaveLength(32);
    expect(directory.token).toMatch(/^[\w-]{43}$/);
    expect(JSON.parse(await readFile(join(path, 'mimeo.json'), 'utf8'))).toEqual({
      formatVersion: 1,
      createdBy: 'mimeo 1.2.3',
      instanceId: directory.instanceId,
    });
    expect((await readdir(path)).sort()).toEqual(['lock', 'master.key', 'mimeo.json', 'token']);
    expect(await mode('.')).toBe(0o700);
    for (const name of await readdir(path)) expect([name, await mode(name)]).toEqual([name, 0o600]);
  });

  it('opens the same directory again, also by a link to it', async () => {
    const { close, ...first } = await open();
    close();
    const link = join(folder, 'link');
    await symlink(path, link);
    expect(await open(link)).toMatchObject({ ...first, isNew: false });
  });

  it('takes an empty folder that is there, and closes it to others', async () => {
    await mkdir(join(path, 'lost+found'), { recursive: true });
    await chmod(path, 0o777);
    expect((await open()).isNew).toBe(true);
    expect((await mode('.')) & 0o066).toBe(0);
  });

  it('makes a new token when the old one was removed', async () => {
    const first = await open();
    first.close();
    await rm(join(path, 'token'));
    expect((await open()).token).not.toBe(first.token);
  });

  it('refuses a second server, and says who the first is', async () => {
    await open();
    await expect(open()).rejects.toMatchObject({
      name: 'DataDirectoryError',
      code: 'in-use',
      message: expect.stringContaining(`another Mimeo server runs on ${path} (process ${process.pid}, started 20`),
    });
  });

  it('is free again once its server was killed', async () => {
    const server = openElsewhere(`console.log('open'); setInterval(() => {}, 1000);`);
    await once(server.stdout, 'data');
    await expect(open()).rejects.toMatchObject({ message: expect.stringContaining(`process ${server.pid},`) });
    server.kill('SIGKILL');
    await once(server, 'exit');
    expect((await open()).isNew).toBe(false);
  });

  it('opens after first starts that were killed at any moment', async () => {
    for (const delay of [40, 50, 60, 70, 80, 90]) {
      const server = openElsewhere('');
      const exit = once(server, 'exit');
      await sleep(delay);
      server.kill('SIGKILL');
      await exit;
    }
    await open();
  });

  it('opens what a first start left that was killed before it was done', async () => {
    await mkdir(path);
    const key = Buffer.alloc(32, 7);
    await writeFile(join(path, 'lock'), 'process 1');
    await writeFile(join(path, 'master.key'), key, { mode: 0o600 });
    await writeFile(join(path, '.token.0123456789ab.tmp'), 'half');
    const directory = await open();
    expect(directory.isNew).toBe(true);
    expect(directory.masterKey).toEqual(key);
  });

  it('refuses a folder of something else, and leaves it as it is', async () => {
    await mkdir(path);
    await writeFile(join(path, 'thesis.tex'), '');
    await expect(open()).rejects.toMatchObject({
      code: 'not-a-data-directory',
      message: expect.stringMatching(/it has no mimeo\.json, and it has thesis\.tex\. .*--data-dir/),
    });
    expect(await readdir(path)).toEqual(['thesis.tex']);
  });

  it('refuses a file', async () => {
    await writeFile(path, '');
    await expect(open()).rejects.toMatchObject({ code: 'not-a-data-directory' });
    await expect(open(join(path, 'below'))).rejects.toMatchObject({ code: 'not-a-data-directory' });
  });

  it.each([
    [
      '{"formatVersion":2,"createdBy":"mimeo 9.0.0","instanceId":"x"}',
      'has format 2, made by mimeo 9.0.0; this is mimeo 1.2.3',
    ],
    ['{"formatVersion":1}', 'has format 1, made by undefined'],
    ['null', 'says nothing that this Mimeo understands'],
    ['{', 'says nothing that this Mimeo understands'],
  ])('refuses a directory of another format: %s', async (identity, message) => {
    await mkdir(path);
    await writeFile(join(path, 'mimeo.json'), identity);
    await expect(open()).rejects.toMatchObject({ code: 'other-format', message: expect.stringContaining(message) });
    await rm(join(path, 'mimeo.json'));
    await open();
  });

  it.each(['master.key', 'token'])('refuses a %s that others can read, or that is damaged', async (name) => {
    const { close } = await open();
    close();
    const file = join(path, name);
    await chmod(file, 0o640);
    await expect(open()).rejects.toMatchObject({
      code: 'secret-exposed',
      message: expect.stringMatching(/its mode is 0640 where 0600 .* "chmod 600 /),
    });
    await chmod(file, 0o600);
    await writeFile(file, 'short');
    await expect(open()).rejects.toMatchObject({ code: 'secret-damaged' });
  });

  it('never replaces a master key that is gone', async () => {
    const { close } = await open();
    close();
    await rm(join(path, 'master.key'));
    await expect(open()).rejects.toMatchObject({ code: 'secret-missing' });
  });

  it.each(['hex', 'base64'] as const)('reads a master key that somebody has laid down in %s', async (encoding) => {
    const key = Buffer.alloc(32, 9);
    await mkdir(path);
    await writeFile(join(path, 'master.key'), `${key.toString(encoding)}\n`, { mode: 0o600 });
    expect((await open()).masterKey).toEqual(key);
  });

  it('neither makes nor reads a master key that comes from elsewhere', async () => {
    const key = Buffer.alloc(32, 8);
    const readMasterKey = async () => key;
    const { close, masterKey } = await open(path, { readMasterKey });
    expect(masterKey).toEqual(key);
    close();
    expect(await readdir(path)).not.toContain('master.key');
    await expect(open()).rejects.toMatchObject({
      code: 'secret-missing',
      message: expect.stringContaining('or give masterKey or masterKeyCommand again'),
    });
    await writeFile(join(path, 'master.key'), Buffer.alloc(32), { mode: 0o600 });
    expect((await open(path, { readMasterKey })).masterKey).toEqual(key);
  });

  it('is free again when there was no master key to be had', async () => {
    const readMasterKey = () => Promise.reject(new Error('no key'));
    await expect(open(path, { readMasterKey })).rejects.toThrow('no key');
    await open();
  });

  it.skipIf(!isRoot)("refuses a user's directory to root, and root's to a user (needs root)", async () => {
    await chmod(folder, 0o711);
    await mkdir(path);
    await chown(path, nobody.uid, nobody.gid);
    await expect(open()).rejects.toMatchObject({
      code: 'other-owner',
      message: `${path} belongs to nobody, and Mimeo runs as root: start Mimeo as nobody`,
    });
    await chown(path, 0, 0);
    expect(await text(openElsewhere('', nobody).stdout)).toContain(
      `other-owner ${path} belongs to root, and Mimeo runs as nobody: start Mimeo as root, or give another --data-dir`,
    );
  });

  it.skipIf(!isRoot)('says what is not writable (needs root, to be somebody whom modes stop)', async () => {
    await chmod(folder, 0o711);
    expect(await text(openElsewhere('', nobody).stdout)).toMatch(/^not-writable .*EACCES.* give its user the right to/);
    await mkdir(path);
    await chown(path, nobody.uid, nobody.gid);
    await chmod(path, 0o500);
    expect(await text(openElsewhere('', nobody).stdout)).toMatch(/^not-writable /);
  });
});
