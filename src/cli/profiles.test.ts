import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ask } from './ask.ts';
import { exitCodes } from './exit-codes.ts';
import type { CliIo } from './io.ts';
import { type LoopbackServer, startLoopbackServer } from './loopback-server.test-support.ts';
import { writeProfiles } from './profiles.ts';
import { runInProcess } from './run.test-support.ts';

let folder: string;
let home: Record<string, string>;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mimeo-profiles-'));
  home = { HOME: folder };
  file = join(folder, '.config/mimeo/profiles.json');
});

afterEach(() => rm(folder, { recursive: true }));

describe('which server is asked', () => {
  let one: LoopbackServer;
  let two: LoopbackServer;

  beforeEach(async () => {
    one = await startLoopbackServer();
    two = await startLoopbackServer();
    one.addImage({ name: 'of-one' });
    two.addImage({ name: 'of-two' });
    const profile = ({ url, token }: LoopbackServer) => ({ server: url, token, expiresAt: null });
    await writeProfiles(file, { current: 'one', profiles: { one: profile(one), two: profile(two) } });
    await writeFile(join(folder, 'token'), two.token);
    await writeFile(join(folder, 'server.json'), JSON.stringify({ url: two.url, pid: 1 }));
  });

  afterEach(async () => {
    await one.close();
    await two.close();
  });

  test.each<[string, string, string[], Record<string, string>]>([
    ['of-one', 'the current profile', [], {}],
    ['of-two', 'the profile of the variable', [], { MIMEO_PROFILE: 'two' }],
    ['of-one', 'the profile that a flag names', ['--profile', 'one'], { MIMEO_PROFILE: 'two' }],
    ['of-two', 'the data directory that a flag names', ['--data-dir', 'FOLDER'], { MIMEO_PROFILE: 'one' }],
    ['of-two', 'the data directory of the variable', [], { MIMEO_DATA_DIR: 'FOLDER' }],
    ['of-one', 'the profile, with a variable for the rest', [], { MIMEO_PROFILE: 'one', MIMEO_DATA_DIR: 'FOLDER' }],
  ])('%s: %s', async (name, _, flags, variables) => {
    const inFolder = (text: string) => text.replace('FOLDER', folder);
    const env = Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, inFolder(value)]));
    const result = await runInProcess({
      args: [...flags.map(inFolder), 'image', 'list', '--json'],
      env: { ...home, ...env },
    });
    expect(JSON.parse(result.stdout).images).toMatchObject([{ name }]);
  });

  test('not two at a time', async () => {
    const args = ['image', 'list', '--profile', 'one', '--server', two.url];
    expect(await runInProcess({ args, env: home })).toMatchObject({
      code: exitCodes.usage,
      stderr: expect.stringContaining('mimeo login changes a profile'),
    });
  });

  test('by no profile that there is not, nor a damaged file', async () => {
    expect(await runInProcess({ args: ['image', 'list', '--profile', 'three'], env: home })).toMatchObject({
      code: exitCodes.notFound,
      stderr: expect.stringContaining('mimeo login --profile three'),
    });
    await writeFile(file, '{"profiles": 7');
    expect(await runInProcess({ args: ['image', 'list'], env: home })).toMatchObject({
      code: exitCodes.usage,
      stderr: expect.stringContaining('is not a file of profiles\ndelete it'),
    });
  });

  test('until it is forgotten', async () => {
    expect(await runInProcess({ args: ['profile', 'delete', 'one'], env: home })).toMatchObject({ code: 0 });
    const { stdout } = await runInProcess({ args: ['profile', 'list'], env: home });
    expect(stdout).toMatch(/^ +NAME.*\n +two +http/);
    expect(await runInProcess({ args: ['logout'], env: home })).toMatchObject({ code: exitCodes.notFound });
  });
});

/** Makes the certificate. */
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

test.runIf(hasOpenssl)('an https server is believed by the certificates of --ca-file alone', async () => {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const what = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  execFileSync('openssl', [...what, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' });
  const server = createHttpsServer({ key: await readFile(key), cert: await readFile(cert) }, (request, response) =>
    response.end(JSON.stringify(request.url === '/api/v1/images' ? { images: [] } : { account: { name: 'a' } })),
  ).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await writeFile(join(folder, 'token'), 'token');
  try {
    const login = ['login', '--server', url, '--token-file', join(folder, 'token')];
    expect(await runInProcess({ args: login, env: home })).toMatchObject({
      code: exitCodes.unreachable,
      stderr: expect.stringMatching(/self-signed certificate.*\n.* --ca-file\n/),
    });
    expect(await runInProcess({ args: [...login, '--ca-file', cert], env: home })).toMatchObject({ code: 0 });
    expect(await runInProcess({ args: ['image', 'list'], env: home })).toMatchObject({ code: 0 });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

describe('a question', () => {
  function terminal(keys: string) {
    const shown: string[] = [];
    const stderr = new Writable({
      decodeStrings: false,
      write(piece: string, _encoding, done) {
        shown.push(piece);
        done();
      },
    });
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    // After the question has been asked, as a person would.
    setImmediate(() => stdin.write(keys));
    const io = { stdin, stderr } as unknown as CliIo;
    return { io, shown: () => shown.join('') };
  }

  test('is answered by typing, of which nothing is shown if it is a secret', async () => {
    const open = terminal('MK1\r');
    expect(await ask(open.io, 'access key', { instead: '--access-key' })).toBe('MK1');
    expect(open.shown()).toContain('access key: ');
    const hidden = terminal('wrong\x7f\x7f\x7f\x7f\x7fs3cret\r');
    expect(await ask(hidden.io, 'secret', { instead: '--secret-file', hidden: true })).toBe('s3cret');
    expect(hidden.shown()).toBe('secret: \n');
  });

  test('keeps the spaces of a secret that may have some', async () => {
    const options = { hidden: true, verbatim: true };
    expect(await ask(terminal('  with spaces \r').io, 'new password', options)).toBe('  with spaces ');
    const stdin = Readable.from(['  with spaces \r\n', 'and more']);
    expect(await ask({ stdin } as unknown as CliIo, 'new password', options)).toBe('  with spaces ');
  });

  test.each([
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ])('is ended by %s', async (_, key) => {
    const { io } = terminal(key);
    await expect(ask(io, 'secret', { instead: '--secret-file', hidden: true })).rejects.toThrow('interrupted');
  });
});
