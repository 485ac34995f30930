import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exitCodes } from '../cli/exit-codes.ts';
import { buildProgram } from '../cli/program.ts';
import { runProgram } from '../cli/run-program.ts';
import { exampleFile } from '../config/example.ts';
import { settings } from '../config/settings.ts';
import { addConfigCommands } from './config-command.ts';
import { addServeCommand } from './serve.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mimeo-config-'));
  file = join(folder, 'mimeo.yaml');
});

afterEach(() => rm(folder, { recursive: true }));

async function mimeo(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const io = { stdin: Readable.from([]), stdout, stderr, env, onInterrupt: () => () => {} };
  const program = buildProgram(io, '0.0.1');
  addServeCommand(program, io);
  addConfigCommands(program, io);
  const code = await runProgram(program, args, io);
  stdout.end();
  stderr.end();
  return { code, stdout: await text(stdout), stderr: await text(stderr) };
}

describe('mimeo config', () => {
  test('show: each setting, its value and where it comes from, without secrets', async () => {
    await writeFile(file, 'regions: [north, south]\nquotaBytes: 1 TiB\notlpHeaders: key=geheim\n');
    const env = { DATABASE_URL: 'postgres://mimeo:geheim@db/mimeo', MIMEO_PORT: '8000' };
    const args = ['--config', file, '--host', '::1', '--data-dir', folder];
    const { code, stdout } = await mimeo(['config', 'show', ...args], env);
    expect(code).toBe(exitCodes.ok);
    const rows = stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows).toEqual(
      expect.arrayContaining([
        ['SETTING', 'VALUE', 'FROM'],
        ['dataDirectory', folder, '--data-dir'],
        ['regions', 'north,south', `${file}:1:1`],
        ['host', '::1', '--host'],
        ['port', '8000', 'MIMEO_PORT'],
        ['quotaBytes', '1 TiB', `${file}:2:1`],
        ['bodyBytes', '1 MiB', 'default'],
        ['databaseUrl', 'postgres://mimeo:********@db/mimeo', 'DATABASE_URL'],
        ['otlpHeaders', '********', `${file}:3:1`],
        ['tlsKey', 'none', 'default'],
      ]),
    );
    expect(rows.slice(1, -1).map(([name]) => name)).toEqual(settings.map(({ name }) => name));

    const json = await mimeo(['config', 'show', ...args, '--json'], env);
    expect(json.stdout).not.toContain('geheim');
    const shown = JSON.parse(json.stdout) as { file: string; settings: { name: string }[] };
    expect(shown.file).toBe(file);
    const named = Object.fromEntries(shown.settings.map(({ name, ...rest }) => [name, rest]));
    expect(named).toMatchObject({
      regions: { value: ['north', 'south'], source: 'file', place: `${file}:1:1` },
      quotaBytes: { value: 1024 ** 4, source: 'file' },
      port: { value: 8000, source: 'environment', place: 'MIMEO_PORT' },
      host: { value: '::1', source: 'flag', place: '--host' },
      databaseUrl: { value: 'postgres://mimeo:********@db/mimeo', source: 'environment' },
      otlpHeaders: { value: '********', source: 'file' },
      tlsKey: { value: null, source: 'default', place: 'default' },
      webhookPrivateAddresses: { value: false },
    });
  });

  test('check: 0 when all is right, 2 when anything is wrong', async () => {
    await writeFile(file, 'port: 8000\n');
    expect(await mimeo(['config', 'check', '--config', file])).toMatchObject({ code: exitCodes.ok, stderr: '' });
    expect(JSON.parse((await mimeo(['config', 'check', '--json'], { MIMEO_CONFIG: file })).stdout)).toEqual({
      problems: [],
    });

    await writeFile(file, 'prot: 8000\n');
    const problem = `unknown setting \`prot\` (${file}:1:1); did you mean \`port\`?`;
    const wrong = await mimeo(['config', 'check', '--config', file]);
    expect(wrong).toMatchObject({ code: exitCodes.usage, stdout: '', stderr: expect.stringContaining(problem) });
    const json = await mimeo(['config', 'check', '--config', file, '--json']);
    expect(json.code).toBe(exitCodes.usage);
    expect(JSON.parse(json.stdout)).toEqual({ problems: [problem] });
  });

  test('example: prints the file', async () => {
    expect(await mimeo(['config', 'example'])).toEqual({ code: exitCodes.ok, stdout: exampleFile(), stderr: '' });
  });
});

describe('mimeo serve', () => {
  test('has a flag for each setting that is said to have one', async () => {
    const { stdout } = await mimeo(['serve', '--help']);
    const flags = settings.flatMap(({ flag }) => flag ?? []);
    expect(flags).toContain('--port <number>');
    for (const flag of flags) expect(stdout.split(`  ${flag} `)).toHaveLength(2);
  });

  test('does not start on wrong settings', async () => {
    expect(await mimeo(['serve', '--port', 'abc', '--data-dir', folder])).toMatchObject({
      code: exitCodes.usage,
      stderr: expect.stringContaining('`port` must be a whole number from 0 to 65535, and is "abc" (--port)'),
    });
  });
});
