import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exitCodes } from './exit-codes.ts';
import { processIo } from './io.ts';
import { type LoopbackServer, startLoopbackServer } from './loopback-server.test-support.ts';
import { buildProgram } from './program.ts';
import { type InProcess, type Result, runInProcess, spawnCli } from './run.test-support.ts';

const MiB = 1024 ** 2;
/** A file system that is full takes a mount, in a namespace of its own. */
const canMount = spawnSync('sh', ['-c', 'unshare -rm mount -t tmpfs tmpfs "$0"', tmpdir()]).status === 0;

let server: LoopbackServer;
let folder: string;

beforeEach(async () => {
  server = await startLoopbackServer();
  folder = await mkdtemp(join(tmpdir(), 'mimeo-cli-'));
  await writeFile(join(folder, 'token'), `${server.token}\n`, { mode: 0o600 });
  await writeFile(join(folder, 'server.json'), JSON.stringify({ url: server.url, pid: process.pid }));
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

function mimeo(args: string, options: Omit<InProcess, 'args'> = {}): Promise<Result> {
  return runInProcess({ ...options, args: ['--data-dir', folder, ...args.split(' ')] });
}

/** 40 MiB with 5 MiB of data in three places, the last of them at the end. */
async function sparseDisk(name = 'disk.raw'): Promise<string> {
  const path = join(folder, name);
  const handle = await open(path, 'w');
  await handle.write(Buffer.alloc(3 * MiB + 5, 'a'), 0, undefined, 0);
  await handle.write(Buffer.alloc(MiB, 'b'), 0, undefined, 20 * MiB + 123);
  await handle.write(Buffer.alloc(MiB, 'c'), 0, undefined, 39 * MiB);
  await handle.close();
  return path;
}

function listFiles(): Promise<string[]> {
  return readdir(folder);
}

describe('import and export', () => {
  test('bring a sparse disk back byte for byte, as sparse as it was', async () => {
    const disk = await sparseDisk();
    const { ended } = spawnCli({ args: ['--data-dir', folder, 'image', 'import', disk, '--tag', 'stage=a=b'] });
    const imported = await ended;
    expect(imported).toMatchObject({ code: 0, stdout: expect.stringContaining('40 MiB, 5 MiB of it data') });
    const [image] = [...server.images.values()];
    expect(image).toMatchObject({ name: 'disk', state: 'available', tags: { stage: 'a=b' }, region: 'eu-1' });

    const copy = join(folder, 'copy.raw');
    const exported = await spawnCli({ args: ['--data-dir', folder, 'image', 'export', 'disk', copy] }).ended;
    expect(exported).toMatchObject({ code: 0, stdout: `Wrote ${copy} (40 MiB, raw).\n` });
    expect((await readFile(copy)).equals(await readFile(disk))).toBe(true);
    const [before, after] = [await stat(disk), await stat(copy)];
    expect(after.blocks).toBeLessThanOrEqual(before.blocks + 8);
    expect(after.blocks * 512).toBeLessThan(8 * MiB);
    expect((await listFiles()).filter((name) => name.includes('partial'))).toEqual([]);
  });

  test('keep several disks apart', async () => {
    const system = await sparseDisk();
    const data = join(folder, 'data.raw');
    await writeFile(data, Buffer.alloc(100_000, 'd'));
    const imported = await mimeo(
      `image import ${system} --data-disk ${data} --format raw --name both --kind whole-machine --boot-mode uefi --json`,
    );
    expect(JSON.parse(imported.stdout)).toMatchObject({
      kind: 'whole-machine',
      attributes: { bootMode: 'uefi' },
      state: 'available',
      disks: [
        { role: 'system', format: 'raw' },
        { role: 'data', size: 100_000 },
      ],
    });
    const copy = join(folder, 'copy.raw');
    expect(await mimeo(`image export both ${copy} --disk 1`)).toMatchObject({ code: 0 });
    expect((await readFile(copy)).equals(await readFile(data))).toBe(true);
    expect(await mimeo(`image export both ${copy} --disk 2 --force`)).toMatchObject({ code: exitCodes.notFound });
  });

  test.each([
    ['shorter', (path: string) => truncate(path, 30 * MiB)],
    ['longer', (path: string) => appendFile(path, 'x')],
    ['removed', (path: string) => rm(path)],
    [
      'written to',
      async (path: string) => {
        const handle = await open(path, 'r+');
        await handle.write('x', 0);
        await handle.close();
      },
    ],
  ] as [string, (path: string) => Promise<void>][])(
    'leave nothing of a file that is %s while it is read',
    async (_, change) => {
      const disk = await sparseDisk();
      server.onUpload = () => change(disk);
      const result = await mimeo(`image import ${disk}`);
      expect(result.stderr).toContain(`mimeo: ${disk} changed while it was read`);
      expect(result.stderr).toContain('the half-made image was deleted');
      expect(result).toMatchObject({ code: exitCodes.failed, stdout: '' });
      expect(server.images.size).toBe(0);
    },
  );

  test('are undone by Ctrl-C', async () => {
    const disk = await sparseDisk();
    let uploading = () => {};
    const begun = new Promise<void>((resolve) => {
      uploading = resolve;
    });
    server.onUpload = () => {
      uploading();
      return new Promise((resolve) => setTimeout(resolve, 300));
    };
    const upload = spawnCli({ args: ['--data-dir', folder, 'image', 'import', disk] });
    await begun;
    upload.child.kill('SIGINT');
    expect(await upload.ended).toMatchObject({
      code: exitCodes.interrupted,
      stderr: expect.stringContaining('mimeo: interrupted; the half-made image was deleted'),
    });
    expect(server.images.size).toBe(0);
  });

  test('delete the half-made image when the server refuses the disk', async () => {
    const disk = await sparseDisk();
    const result = await mimeo(`image import ${disk} --description refuse`);
    expect(result).toMatchObject({
      code: exitCodes.refused,
      stderr: expect.stringContaining('The disk has a backing file'),
    });
    expect(server.images.size).toBe(0);
  });

  test('leave the half-made image when its key is disabled, to be gone on with', async () => {
    const disk = await sparseDisk();
    const result = await mimeo(`image import ${disk} --encrypt own --description disabled`);
    const [image] = [...server.images.values()];
    expect(image).toMatchObject({ encryption: 'own' });
    expect(result).toMatchObject({
      code: exitCodes.refused,
      stderr: expect.stringContaining(`go on with: mimeo image import ${disk} --resume ${image?.id}`),
    });
    const again = await mimeo(`image import ${disk} --resume ${image?.id} --encrypt own`);
    expect(again).toMatchObject({ code: exitCodes.usage });
  });

  test('say so when the half-made image could not be deleted', async () => {
    const disk = await sparseDisk();
    let uploading = () => {};
    const interrupt = new Promise<void>((resolve) => {
      uploading = resolve;
    });
    server.onUpload = async () => {
      await server.close();
      uploading();
    };
    const result = await mimeo(`image import ${disk}`, { interrupt });
    const [image] = [...server.images.values()];
    expect(result.code).toBe(exitCodes.interrupted);
    expect(result.stderr).toContain(`the half-made image ${image?.id} could not be deleted`);
    server = await startLoopbackServer();
  });

  test('go on by themselves when the connection breaks off', async () => {
    const disk = await sparseDisk();
    server.cutUploads = { at: 21 * MiB, times: 2 };
    const imported = await mimeo(`image import ${disk}`);
    expect(imported).toMatchObject({ code: 0, stdout: expect.stringContaining('5 MiB of it data') });
    const [first, ...others] = server.begun;
    expect(first).toBe(0);
    expect(others).toHaveLength(2);
    for (const from of others) expect(from).toBeGreaterThan(MiB);

    const copy = join(folder, 'copy.raw');
    server.breakAt = { offset: 20 * MiB, how: 'hang-up once' };
    expect((await mimeo(`image export disk ${copy}`)).code).toBe(0);
    expect((await readFile(copy)).equals(await readFile(disk))).toBe(true);
    expect(server.begun.at(-1)).toBeGreaterThan(MiB);
  });

  test('keep what was sent when the connection does not come back, and go on with --resume', async () => {
    const disk = await sparseDisk();
    server.cutUploads = { at: 21 * MiB, times: 1 };
    const given = await mimeo(`image import ${disk} --retries 0`);
    const [image] = [...server.images.values()];
    expect(given).toMatchObject({
      code: exitCodes.unreachable,
      stderr: expect.stringContaining(`go on with: mimeo image import ${disk} --resume ${image?.id}`),
    });
    expect(image).toMatchObject({ state: 'queued' });

    const other = join(folder, 'other.raw');
    await writeFile(other, 'another disk');
    expect(await mimeo(`image import ${other} --resume ${image?.id}`)).toMatchObject({
      code: exitCodes.usage,
      stderr: expect.stringContaining('name the same files as before'),
    });
    for (const fact of ['--name x', '--os-type linux', '--cloud-init yes']) {
      expect(await mimeo(`image import ${disk} --resume ${image?.id} ${fact}`)).toMatchObject({
        code: exitCodes.usage,
      });
    }

    const resumed = await mimeo(`image import ${disk} --resume ${image?.id} --json`);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ id: image?.id, state: 'available' });
    expect(server.begun.at(-1)).toBeGreaterThan(MiB);
    expect((await mimeo(`image import ${disk} --resume ${image?.id}`)).stderr).toContain('nothing of it is missing');
    const copy = join(folder, 'copy.raw');
    expect((await mimeo(`image export disk ${copy}`)).code).toBe(0);
    expect((await readFile(copy)).equals(await readFile(disk))).toBe(true);
  });

  test('keep what was sent after Ctrl-C when told to', async () => {
    const disk = await sparseDisk();
    let uploading = () => {};
    const interrupt = new Promise<void>((resolve) => {
      uploading = resolve;
    });
    server.onUpload = () => {
      uploading();
      return new Promise((resolve) => setTimeout(resolve, 50));
    };
    const result = await mimeo(`image import ${disk} --keep`, { interrupt });
    expect(result).toMatchObject({
      code: exitCodes.interrupted,
      stderr: expect.stringMatching(/interrupted; what was sent of image .* is kept.*\ngo on with: .* --resume /),
    });
    expect(server.images.size).toBe(1);
  });

  test.each([
    ['is not there', 'nothing.raw', exitCodes.notFound, 'there is no file'],
    ['is a folder', '.', exitCodes.failed, 'is not a regular file'],
    ['is empty', 'empty.raw', exitCodes.failed, 'is empty'],
  ])('refuse a file that %s before anything is sent', async (_, name, code, message) => {
    await writeFile(join(folder, 'empty.raw'), '');
    const result = await mimeo(`image import ${join(folder, name)}`);
    expect(result).toMatchObject({ code, stderr: expect.stringContaining(message) });
    expect(server.images.size).toBe(0);
  });

  describe('of an image that is there', () => {
    let target: string;
    beforeEach(async () => {
      target = join(folder, 'out.raw');
      expect((await mimeo(`image import ${await sparseDisk()}`)).code).toBe(0);
    });

    test('replace a file only when told to', async () => {
      await writeFile(target, 'precious');
      const refused = await mimeo(`image export disk ${target}`);
      expect(refused).toMatchObject({ code: exitCodes.failed, stderr: expect.stringContaining('--force') });
      expect(await readFile(target, 'utf8')).toBe('precious');
      expect((await mimeo(`image export disk ${target} --force`)).code).toBe(0);
      expect((await stat(target)).size).toBe(40 * MiB);
      expect((await mimeo(`image export disk ${folder} --force`)).stderr).toContain('is not a regular file');
      expect((await mimeo(`image export disk ${join(folder, 'no', 'x.raw')}`)).stderr).toContain('there is no folder');
    });

    test('name the place of damage and leave no file', async () => {
      server.breakAt = { offset: 20 * MiB, how: 'damage' };
      const result = await mimeo(`image export disk ${target}`);
      expect(result.code).toBe(exitCodes.damaged);
      expect(result.stderr).toMatch(
        /image disk \([0-9a-f-]{36}\), disk 0 is damaged at offset 20971520, so .*out\.raw was not written/,
      );
      expect((await listFiles()).sort()).toEqual(['disk.raw', 'server.json', 'token']);
    });

    test('leave no file when the connection breaks off', async () => {
      server.breakAt = { offset: 20 * MiB, how: 'hang-up' };
      const result = await mimeo(`image export disk ${target} --retries 1`);
      expect(result).toMatchObject({ code: exitCodes.unreachable, stdout: '' });
      expect((await listFiles()).sort()).toEqual(['disk.raw', 'server.json', 'token']);
    });

    test('leave no file after Ctrl-C', async () => {
      let sending = () => {};
      const interrupt = new Promise<void>((resolve) => {
        sending = resolve;
      });
      server.onStall = sending;
      server.breakAt = { offset: 20 * MiB, how: 'stall' };
      const result = await mimeo(`image export disk ${target}`, { interrupt });
      expect(result).toMatchObject({ code: exitCodes.interrupted, stdout: '' });
      expect((await listFiles()).sort()).toEqual(['disk.raw', 'server.json', 'token']);
    });

    test.runIf(canMount)('say when there is no space, and leave no file', async () => {
      const small = join(folder, 'small');
      await mkdir(small);
      const inside = 'mount -t tmpfs -o size=2m tmpfs "$0"; "$@"; code=$?; ls -A "$0" >&2; exit $code';
      const args = ['--data-dir', folder, 'image', 'export', 'disk', join(small, 'out.raw')];
      const result = await spawnCli({ args }, ['sh', '-c', 'exec unshare -rm sh -c "$@"', 'sh', inside, small]).ended;
      expect(result).toMatchObject({
        code: exitCodes.failed,
        stderr: expect.stringContaining(`mimeo: there is not enough space in ${small} for ${join(small, 'out.raw')}\n`),
      });
      expect(result.stderr).not.toContain('partial');
    });
  });
});

describe('what the server says', () => {
  test('comes as a table without lines, or as its JSON and nothing else', async () => {
    const image = server.addImage({ name: 'golden' });
    const table = await mimeo('image list');
    expect(table.stdout).toBe(
      'ID                                    NAME    REGION  STATE      SIZE  DATA  CREATED\n' +
        `${image.id}  golden  eu-1    available   0 B   0 B  2026-11-21 10:22 UTC\n`,
    );
    const json = await mimeo('image list --json');
    expect(JSON.parse(json.stdout)).toEqual({ images: [image] });
    expect(json.stderr).toBe('');
    expect((await mimeo('region list')).stdout).toBe(
      'REGION  IMAGES  PACKS   STORED  TO COLLECT\neu-1         1      2  1.5 KiB         0 B\n',
    );
    expect((await mimeo('image list --state queued')).stdout).toBe('No images.\n');
  });

  test('is found by any of an image’s names, unless two have it', async () => {
    const image = server.addImage({ name: 'golden' });
    for (const name of [image.id, image.aliyunId, image.jdcloudId, 'golden']) {
      expect(JSON.parse((await mimeo(`image show ${name} --json`)).stdout)).toEqual(image);
    }
    expect((await mimeo('image show golden')).stdout).toContain(`JD Cloud        ${image.jdcloudId}\n`);
    const twin = server.addImage({ name: 'golden' });
    const ambiguous = await mimeo('image delete golden');
    expect(ambiguous.code).toBe(exitCodes.usage);
    expect(ambiguous.stderr).toContain(image.id);
    expect(ambiguous.stderr).toContain(twin.id);
    expect(await mimeo(`image delete ${twin.id}`)).toMatchObject({
      code: 0,
      stdout: `Deleted golden (${twin.id}) in eu-1.\n`,
    });
    expect([...server.images.keys()]).toEqual([image.id]);
  });

  test.each([
    [
      'an unknown image',
      'image show nope',
      exitCodes.notFound,
      'mimeo: there is no image with the id or name "nope"\nsee the images',
    ],
    ['an unknown id', `image export ${randomUUID()} x.raw`, exitCodes.notFound, 'there is no image'],
    ['an unknown copy', 'copy show nope', exitCodes.notFound, 'mimeo: There is no copy nope\nsee the copies'],
    ['an unknown command', 'image bogus', exitCodes.usage, "mimeo: unknown command 'bogus'"],
    ['an unknown option', 'image list --bogus', exitCodes.usage, "mimeo: unknown option '--bogus'"],
    ['a tag without a key', 'image import x --tag =b', exitCodes.usage, 'A tag is key=value.'],
    ['a copy to nowhere in particular', 'copy golden', exitCodes.usage, "required option '--to <region>'"],
    ['a limit out of bounds', 'copy list --limit 0', exitCodes.usage, 'from 1 to 1000'],
    [
      'another token',
      'image list --token-file other',
      exitCodes.refused,
      'mimeo: The token is not valid\nlog in again with: mimeo login',
    ],
    ['no token', 'image list --token-file nowhere', exitCodes.usage, "nowhere can't be read"],
    ['what is no URL', 'image list --server 127.0.0.1:1', exitCodes.usage, 'is not the URL of a server'],
  ])('about %s ends with an exit code of its own', async (_, args, code, message) => {
    await writeFile(join(folder, 'other'), 'not-the-token');
    const inFolder = args.replace(/(--token-file) (\w+)/, `$1 ${folder}/$2`);
    const result = await mimeo(inFolder);
    expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) });
    expect(result.stderr).not.toContain('    at ');
  });

  test('is missed when no server answers', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const { port } = closed.address() as { port: number };
    await new Promise((resolve) => closed.close(resolve));
    const result = await mimeo(`region list --server http://127.0.0.1:${port}`);
    expect(result.code).toBe(exitCodes.unreachable);
    expect(result.stderr).toMatch(
      /^mimeo: the server at http:\/\/127\.0\.0\.1:\d+\/ can't be reached: .*ECONNREFUSED.*\nstart it with: mimeo serve/,
    );
    await rm(join(folder, 'server.json'));
    expect(await mimeo('region list')).toMatchObject({
      code: exitCodes.unreachable,
      stderr: expect.stringContaining(`mimeo: no server is running on ${folder}\n`),
    });
  });

  test('is asked of the server and data directory that the environment names', async () => {
    await rm(join(folder, 'server.json'));
    const env = { MIMEO_DATA_DIR: folder, MIMEO_SERVER: server.url };
    expect(await runInProcess({ args: ['region', 'list'], env })).toMatchObject({ code: 0 });
    const debug = await runInProcess({ args: ['copy', 'show', 'x'], env: { ...env, MIMEO_DEBUG: '1' } });
    expect(debug.stderr).toContain('    at ');
  });
});

describe('copy', () => {
  test('is asked for, listed, shown and cancelled', async () => {
    const image = server.addImage({ name: 'golden' });
    const started = await mimeo('copy golden --to us-1 --json');
    const [copy] = JSON.parse(started.stdout).copies;
    expect(copy).toMatchObject({ sourceImageId: image.id, destinationRegion: 'us-1', state: 'queued' });
    expect((await mimeo('copy list')).stdout).toContain(copy.id);
    expect((await mimeo('copy list --state failed')).stdout).toBe('No copies.\n');
    expect((await mimeo(`copy show ${copy.id}`)).stdout).toContain('number 1 in the queue');
    expect(await mimeo(`copy cancel ${copy.id}`)).toMatchObject({ code: 0, stdout: `Cancelled copy ${copy.id}.\n` });
    expect(await mimeo(`copy watch ${copy.id}`)).toMatchObject({ code: exitCodes.failed });
    expect(await mimeo('copy start golden --to nowhere')).toMatchObject({ code: exitCodes.notFound });
  });

  const halfway = {
    percent: 50,
    bytesDone: 512 * MiB,
    bytesMoved: 100 * MiB,
    bytesPerSecond: 64 * MiB,
    secondsRemaining: 8,
  };

  test('is waited for with a line now and then, and its end decides the exit code', async () => {
    server.addImage({ name: 'golden' });
    server.script(
      'us-1',
      {},
      { state: 'running', ...halfway },
      { state: 'succeeded', percent: 100, secondsRemaining: null },
    );
    const done = await mimeo('copy golden --to us-1 --wait');
    expect(done).toMatchObject({ code: 0, stdout: expect.stringMatching(/State +succeeded/) });
    expect(done.stderr).toMatch(/^copy [0-9a-f]{8} to us-1: 0 %, number 1 in the queue\n$/);

    const failure = { code: 'destination-full' as const, message: 'the region us-2 is full' };
    server.script('us-2', { state: 'failed', failure });
    const failed = await mimeo('copy golden --to us-2 --wait --json');
    expect(failed).toMatchObject({
      code: exitCodes.failed,
      stderr: expect.stringContaining('failed: the region us-2 is full'),
    });
    expect(JSON.parse(failed.stdout)).toMatchObject({ copies: [{ state: 'failed', failure }] });
  });

  test('may be several, a line each, of which one that fails decides the exit code', async () => {
    for (const name of ['golden', 'web']) server.addImage({ name });
    server.script('us-1', { state: 'running', ...halfway }, { state: 'succeeded', percent: 100 });
    const failure = { code: 'destination-full' as const, message: 'the region us-2 is full' };
    server.script('us-2', { state: 'running', ...halfway }, { state: 'failed', failure });
    const waited = await mimeo('copy golden web --to us-1 --to us-2 --wait');
    expect(waited.code).toBe(exitCodes.failed);
    expect(waited.stdout.match(/ succeeded /g)).toHaveLength(2);
    expect(waited.stdout.match(/ failed /g)).toHaveLength(2);
    const [, failed] = [...server.copies.values()];
    expect(waited.stderr).toContain(`copy ${failed?.id.slice(0, 8)} to us-2: 50 %, 512 MiB of 1 GiB`);
    expect(waited.stderr).toContain('mimeo: 2 of 4 copies did not succeed\n');
    expect(waited.stderr).toContain(`mimeo copy retry ${failed?.id}\n`);
  });

  test('goes on when the watching ends, and is a bar on a terminal', async () => {
    server.addImage({ name: 'golden' });
    server.script('us-1', { state: 'running', ...halfway });
    const interrupt = new Promise((resolve) => setTimeout(resolve, 400));
    const result = await mimeo('copy golden --to us-1 --wait', { isTTY: true, interrupt });
    const [copy] = [...server.copies.values()];
    expect(result.code).toBe(exitCodes.interrupted);
    expect(result.stderr).toContain(
      '[############............] 50 % 512 MiB of 1 GiB, 100 MiB moved, 64 MiB/s, 8 s left',
    );
    expect(result.stderr).toContain(`mimeo: stopped watching copy ${copy?.id}, which goes on\n`);
    expect(result.stderr).toContain(`mimeo copy cancel ${copy?.id}`);
    expect(copy?.state).toBe('running');
  });
});

describe('store', () => {
  test('is collected, or only looked at', async () => {
    const dry = await mimeo('store collect --dry-run');
    expect(dry.stdout).toMatch(/eu-1 +2 +2 KiB +1 +512 B +0\nNothing was removed/);
    expect((await mimeo('store collect')).stdout).not.toContain('Nothing was removed');
    expect(server.storeRequests).toEqual([
      { path: 'collect', body: { dryRun: true } },
      { path: 'collect', body: { dryRun: false } },
    ]);
  });

  test('is verified, and damage has an exit code', async () => {
    const image = server.addImage({ name: 'golden' });
    expect(await mimeo('store verify golden')).toMatchObject({
      code: 0,
      stdout: 'Checked 1 disk, 4 KiB: no damage.\n',
    });
    expect(server.storeRequests.at(-1)?.body).toEqual({ image: image.id });
    server.damage = [{ image: image.id, disk: 0, offset: 77, message: 'chunk is damaged' }];
    const damaged = await mimeo('store verify');
    expect(damaged).toMatchObject({ code: exitCodes.damaged, stdout: expect.stringContaining('chunk is damaged') });
  });
});

describe('doctor', () => {
  test('finds nothing wrong where all is well, and asks the server', async () => {
    await chmod(folder, 0o700);
    const { code, stdout } = await mimeo('doctor --json');
    const { checks } = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(checks.map((check: { name: string }) => check.name)).toEqual([
      'node',
      'postgres',
      'data directory',
      'disk space',
      'token file',
      'master key',
      'server',
      'token',
      'version',
      'database',
      'regions',
    ]);
    expect(
      checks.filter(({ name, status }: { name: string; status: string }) => status !== 'ok' && name !== 'disk space'),
    ).toEqual([]);
  });

  test('says what to do about each thing that is wrong', async () => {
    await chmod(folder, 0o755);
    await chmod(join(folder, 'token'), 0o644);
    await writeFile(join(folder, 'token'), 'not-the-token');
    await writeFile(join(folder, 'master.key'), randomBytes(32), { mode: 0o644 });
    const { code, stdout } = await mimeo('doctor');
    expect(stdout).toContain(`chmod 600 ${join(folder, 'master.key')}`);
    expect(code).toBe(exitCodes.failed);
    expect(stdout).toContain(
      `warn  data directory: ${folder} is open to other users (mode 755)\n      run: chmod 700 ${folder}`,
    );
    expect(stdout).toContain('run: chmod 600');
    expect(stdout).toContain('fail  token: The token is not valid');
    await rm(join(folder, 'server.json'));
    expect((await mimeo('doctor')).stdout).toContain('warn  server: none is running');
  });
});

test('--help gives examples everywhere and explains the exit codes', async () => {
  expect((await mimeo('--help')).stdout).toContain('6     stored data is damaged');
  const names = leaves(buildProgram({ ...processIo(process), env: {} }, '0.0.1'));
  expect(names.length).toBeGreaterThan(60);
  for (const name of names) {
    const help = await mimeo(`${name} --help`);
    expect(help, name).toMatchObject({ code: 0, stdout: expect.stringMatching(/\nExamples?:\n {2}mimeo /) });
  }
});

/** The commands that can be run, by name. */
function leaves(command: Command, name = ''): string[] {
  const below = command.createHelp().visibleCommands(command);
  const commands = below.filter((each) => each.name() !== 'help');
  return commands.length === 0 ? [name.trim()] : commands.flatMap((each) => leaves(each, `${name} ${each.name()}`));
}
