import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeEach, expect, test } from 'vitest';
import { exitCodes } from '../../cli/exit-codes.ts';
import { runProgram } from '../../cli/run-program.ts';
import { settings } from '../../config/settings.ts';
import { buildMimeo } from '../program.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mimeo-tls-command-'));
  return () => rm(folder, { recursive: true });
});

async function init(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const io = { stdin: Readable.from([]), stdout, stderr, env, onInterrupt: () => () => {} };
  const code = await runProgram(buildMimeo(io), ['tls', 'init', '--data-dir', join(folder, 'data'), ...args], io);
  stdout.end();
  stderr.end();
  return { code, stdout: await text(stdout), stderr: await text(stderr) };
}

test('says what was made, for which names, and what to do next', async () => {
  const host = ['--host', 'mimeo.example.com', '--host', '192.0.2.7'];
  const { code, stdout, stderr } = await init(host, { MIMEO_REGIONS: 'eu-de' });
  expect({ code, stderr }).toEqual({ code: exitCodes.ok, stderr: '' });
  const variables = settings.filter(({ name }) => name === 'tlsCertificate' || name === 'tlsKey');
  const files = ['server.pem', 'server.key'].map((name) => join(folder, 'data', 'tls', name));
  for (const [index, { variable }] of variables.entries()) expect(stdout).toContain(`${variable}=${files[index]}`);
  for (const name of ['*.eu-de.otc.t-systems.com', 'mimeo.example.com', '192.0.2.7']) {
    expect(stdout).toContain(`\n  ${name}\n`);
  }
  expect(stdout).not.toContain('cn-hangzhou');
  expect(stdout).toContain('clients have to be told to trust it');
  expect((await init([])).stdout).toContain('who trusts it need do nothing');
});

test('as JSON', async () => {
  const { stdout } = await init(['--json', '--regions', 'eu-de', '--days', '7']);
  expect(JSON.parse(stdout)).toMatchObject({
    folder: { authority: join(folder, 'data', 'tls', 'ca.pem') },
    authority: { isNew: true },
    names: expect.arrayContaining(['*.eu-de.myhuaweicloud.com']),
  });
});

test.each([
  [['--host', 'https://mimeo.example.com'], 'It is a host name, *. and a domain, or an IP address'],
  [['--days', '0'], 'It is a whole number from 1 to 825'],
  [['--days', '826'], 'It is a whole number from 1 to 825'],
  [['--days', '1e2'], 'It is a whole number from 1 to 825'],
  [['--regions', 'Not A Region'], '`regions` must be'],
])('refuses %j', async (args, message) => {
  expect(await init(args)).toMatchObject({ code: exitCodes.usage, stderr: expect.stringContaining(message) });
});
