import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { configuredMasterKey, decodeMasterKey } from './master-key.ts';

const isRoot = process.geteuid?.() === 0;
const someKey = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
const forms: Readonly<Record<string, (key: Buffer) => string | Buffer>> = {
  'as it is': (key) => key,
  'in hexadecimal': (key) => key.toString('hex'),
  'in capital hexadecimal': (key) => `${key.toString('hex').toUpperCase()}\n`,
  'in base64': (key) => `${key.toString('base64')}\n`,
  'in base64 for URLs, without padding': (key) => key.toString('base64url'),
};

describe('decodeMasterKey', () => {
  it.each(Object.entries(forms))('reads a key %s', (_form, write) => {
    fc.assert(
      fc.property(someKey, (key) => {
        expect(decodeMasterKey(Buffer.from(write(key)))).toEqual(key);
      }),
    );
  });

  it.each([0, 1, 16, 31, 33, 42, 45, 63, 65, 128])('takes %i bytes for no key', (length) => {
    expect(decodeMasterKey(Buffer.alloc(length, 'a'))).toBeUndefined();
    expect(decodeMasterKey(Buffer.alloc(length, 0))).toBeUndefined();
  });
});

describe('configuredMasterKey', () => {
  const key = randomBytes(32);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mimeo-master-key-'));
    return () => rm(folder, { recursive: true });
  });

  function read(settings: { masterKey?: string; masterKeyCommand?: string }): Promise<Buffer> | undefined {
    return configuredMasterKey({ masterKey: undefined, masterKeyCommand: undefined, ...settings })?.();
  }

  async function program(lines: string, mode = 0o700): Promise<string> {
    const path = join(folder, 'key.sh');
    await writeFile(path, `#!/bin/sh\n${lines}\n`);
    await chmod(path, mode);
    return path;
  }

  it('is none when nothing is said of it', () => {
    expect(read({})).toBeUndefined();
  });

  it('is the one that is given', async () => {
    expect(await read({ masterKey: `${key.toString('base64')}\n` })).toEqual(key);
  });

  it('is what a program prints, bytes or text', async () => {
    await writeFile(join(folder, 'raw'), key);
    expect(await read({ masterKeyCommand: await program(`cat ${folder}/raw`) })).toEqual(key);
    expect(await read({ masterKeyCommand: await program(`echo ${key.toString('hex')}`) })).toEqual(key);
  });

  it.each([
    ['fails', (hex: string) => `echo ${hex}; echo ${hex} >&2; exit 3`, 'gave no master key (3): run it by hand'],
    ['prints too much', (hex: string) => `yes ${hex}`, 'gave no master key (ERR_CHILD_PROCESS_STDIO_MAXBUFFER)'],
    ['prints something else', (hex: string) => `echo ${hex}x`, 'gave 66 bytes of something else'],
    ['prints nothing', () => 'true', 'gave 0 bytes of something else'],
  ])('is none of a program that %s, and stays unsaid', async (_what, lines, message) => {
    const hex = key.toString('hex');
    const masterKeyCommand = await program(lines(hex));
    const error = await read({ masterKeyCommand })?.catch((thrown: unknown) => thrown);
    expect((error as Error).message).toContain(message);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(hex);
  });

  it('is none of a program that hangs, whatever it is told', async () => {
    const masterKeyCommand = await program("trap '' TERM\nwhile true; do sleep 0.1; done");
    const config = { masterKey: undefined, masterKeyCommand };
    await expect(configuredMasterKey(config, 200)?.()).rejects.toThrow('gave no master key (SIGKILL): run it by hand');
  });

  it('is what a program prints that says much besides, and asks for what nobody answers', async () => {
    const hex = key.toString('hex');
    const masterKeyCommand = await program(`head -c 20000 /dev/zero >&2; read answer; echo ${hex}`);
    expect(await read({ masterKeyCommand })).toEqual(key);
  });

  it('is not asked of a program that others can change', async () => {
    const masterKeyCommand = await program(`echo ${key.toString('hex')}`, 0o770);
    await expect(read({ masterKeyCommand })).rejects.toThrow('can be changed by others');
    await chmod(masterKeyCommand, 0o702);
    await expect(read({ masterKeyCommand })).rejects.toThrow('can be changed by others');
    await chmod(masterKeyCommand, 0o755);
    expect(await read({ masterKeyCommand })).toEqual(key);
  });

  it.skipIf(!isRoot)("is not asked of another user's program (needs root)", async () => {
    const masterKeyCommand = await program(`echo ${key.toString('hex')}`);
    await chown(masterKeyCommand, 65534, 65534);
    await expect(read({ masterKeyCommand })).rejects.toThrow('can be changed by others');
  });

  it('is not asked of what is no program, is not there, or stands who knows where', async () => {
    await expect(read({ masterKeyCommand: folder })).rejects.toThrow('must be the absolute path of a program');
    await expect(read({ masterKeyCommand: join(folder, 'none') })).rejects.toThrow('cannot be run: ENOENT');
    const near = relative('.', await program(`echo ${key.toString('hex')}`));
    await expect(read({ masterKeyCommand: near })).rejects.toThrow('must be the absolute path');
  });
});
