import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeBlobStore } from '../../blob-store.conformance.ts';
import { BlobError, type BlobErrorKind, type BlobStore } from '../../blob-store.ts';
import { createFilesystemStore, openFilesystemStore } from './filesystem-store.ts';

for (const directIo of [true, false]) {
  describeBlobStore(`filesystem, ${directIo ? 'past' : 'through'} the page cache`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'mimeo-store-'));
    return {
      store: await openFilesystemStore({ directory, directIo }),
      leftovers: () => namesIn(join(directory, '.tmp')),
      close: () => rm(directory, { recursive: true }),
    };
  });
}

const isRoot = process.getuid?.() === 0;
const hour = 60 * 60 * 1000;
let directory: string;
let store: BlobStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mimeo-store-'));
  store = await openFilesystemStore({ directory });
});
afterEach(() => rm(directory, { recursive: true }));

describe('files', () => {
  it('are for the server alone, and read-only once they are whole', async () => {
    await store.put('packs/ab/abcd', Buffer.from('x'));
    expect(await mode('packs')).toBe(0o700);
    expect(await mode('packs/ab')).toBe(0o700);
    expect(await mode('.tmp')).toBe(0o700);
    expect(await mode('packs/ab/abcd')).toBe(0o400);
  });

  it('have their own size, not the one of the blocks that they are written in', async () => {
    await store.put('odd', new Uint8Array(4097));
    expect((await lstat(join(directory, 'odd'))).size).toBe(4097);
  });

  it('lie in a directory that the first put makes', async () => {
    const below = createFilesystemStore({ directory: join(directory, 'not', 'yet') });
    expect(await below.stat('a/b')).toBeUndefined();
    for await (const _ of below.list('')) expect.unreachable();
    await below.put('a/b', Buffer.from('x'));
    expect(await below.get('a/b')).toEqual(new Uint8Array(Buffer.from('x')));
    expect(await mode('not')).toBe(0o700);
  });

  it('are seen by another store on the same directory, which replaces none', async () => {
    const other = await openFilesystemStore({ directory });
    await store.put('packs/ab/abcd', Buffer.from('first'));
    await expectKind('exists', other.put('packs/ab/abcd', Buffer.from('second')));
    expect(Buffer.from(await other.get('packs/ab/abcd')).toString()).toBe('first');
  });

  it('can be put again after somebody removed their folder', async () => {
    await store.put('packs/ab/abcd', Buffer.from('x'));
    await rm(join(directory, 'packs'), { recursive: true });
    await expectKind('retryable', store.put('packs/ab/abcd', Buffer.from('x')));
    await store.put('packs/ab/abcd', Buffer.from('x'));
    await rm(join(directory, '.tmp'), { recursive: true });
    await expectKind('retryable', store.put('packs/ab/other', Buffer.from('y')));
    await store.put('packs/ab/other', Buffer.from('y'));
  });
});

describe('what is not a blob', () => {
  it('is refused where it is a symbolic link', async () => {
    const secret = join(directory, 'secret.txt');
    await writeFile(secret, 'secret');
    await symlink(secret, join(directory, 'link'));
    await symlink('nowhere', join(directory, 'dangling'));
    for (const key of ['link', 'dangling']) {
      await expectKind('denied', store.get(key));
      await expectKind('denied', store.stat(key));
      await expectKind('denied', store.remove(key));
      await expectKind('denied', store.put(key, Buffer.from('x')));
    }
    for await (const _ of store.list('')) expect.unreachable();
    expect((await lstat(secret)).size).toBe(6);
    expect((await lstat(join(directory, 'link'))).isSymbolicLink()).toBe(true);
  });

  it('is not listed: other names, files in .tmp, a folder such as lost+found', async () => {
    await mkdir(join(directory, 'lost+found'), { mode: 0o000 });
    await mkdir(join(directory, '.tmp'));
    await writeFile(join(directory, '.tmp', 'abcd'), 'x');
    await writeFile(join(directory, 'README.txt'), 'x');
    await store.put('packs/ab/abcd', Buffer.from('x'));
    const keys = [];
    for await (const { key } of store.list('')) keys.push(key);
    expect(keys).toEqual(['packs/ab/abcd']);
  });
});

describe('leftovers', () => {
  async function leave(name: string, age: number): Promise<void> {
    const path = join(directory, '.tmp', name);
    await mkdir(join(directory, '.tmp'), { recursive: true });
    await writeFile(path, 'half a pack');
    await utimes(path, new Date(Date.now() - age), new Date(Date.now() - age));
  }

  it('of a killed process are removed at the next start, those that may still be written are not', async () => {
    await leave('old', hour + 60_000);
    await leave('young', hour - 60_000);
    await store.put('packs/ab/abcd', Buffer.from('x'));
    await openFilesystemStore({ directory });
    expect(await namesIn(join(directory, '.tmp'))).toEqual(['young']);
    await openFilesystemStore({ directory, clock: { now: () => Date.now() + hour } });
    expect(await namesIn(join(directory, '.tmp'))).toEqual([]);
    expect(await store.stat('packs/ab/abcd')).toBeDefined();
  });

  it('that are removed under their writer make its put fail as retryable, and nothing is visible', async () => {
    async function* source() {
      yield new Uint8Array(3_000_000);
      await openFilesystemStore({ directory, clock: { now: () => Date.now() + 2 * hour } });
      yield new Uint8Array(3_000_000);
    }
    await expectKind('retryable', store.put('packs/ab/abcd', source()));
    expect(await store.stat('packs/ab/abcd')).toBeUndefined();
  });
});

describe(`permissions${isRoot ? ' (as nobody)' : ''}`, () => {
  it('that are lacking are reported as denied', async () => {
    await store.put('packs/ab/secret', Buffer.from('x'));
    await chmod(join(directory, 'packs/ab/secret'), 0o000);
    await chmod(join(directory, 'packs/ab'), 0o500);
    await mkdir(join(directory, 'packs/shut'), { mode: 0o000 });
    if (isRoot)
      for (const path of ['', 'packs', 'packs/ab', 'packs/ab/secret', 'packs/shut', '.tmp']) await giveAway(path);

    const tries = {
      read: `store.get('packs/ab/secret')`,
      write: `store.put('packs/ab/new', new Uint8Array(1))`,
      remove: `store.remove('packs/ab/secret')`,
      list: `store.list('packs/shut/').next()`,
    };
    const script = Object.entries(tries).map(([name, code]) => `say('${name}', await kindOf(${code}));`);
    const said = await runAsNobody(`
      const kindOf = (work) => work.then(() => 'done', (error) => error.kind ?? String(error));
      const say = (...words) => console.log(words.join(' '));
      ${script.join('\n')}
    `);
    await chmod(join(directory, 'packs/ab'), 0o700);
    await chmod(join(directory, 'packs/shut'), 0o700);
    expect(said).toEqual(['read denied', 'write denied', 'remove denied', 'list denied']);
    expect(await namesIn(join(directory, '.tmp'))).toEqual([]);
  });

  async function giveAway(path: string): Promise<void> {
    await chown(join(directory, path), 65534, 65534);
  }

  async function runAsNobody(code: string): Promise<string[]> {
    const child = startChild(code, isRoot ? { uid: 65534, gid: 65534 } : {});
    const lines = [];
    for await (const line of createInterface(child.stdout)) lines.push(line);
    return lines;
  }
});

describe('a process that is killed while it puts', () => {
  it('leaves whole blobs, and all that it was told are durable', { repeats: 4 }, async () => {
    const child = startChild(`
      import { createHash, randomBytes } from 'node:crypto';
      async function work(size) {
        for (;;) {
          const bytes = randomBytes(size + Math.floor(Math.random() * 5000));
          const name = createHash('sha256').update(bytes).digest('hex');
          const key = 'packs/' + name.slice(0, 2) + '/' + name;
          await store.put(key, bytes);
          console.log(key);
        }
      }
      await Promise.all([work(1000), work(100_000), work(3_000_000)]);
    `);
    const exit = once(child, 'exit');
    const told: string[] = [];
    for await (const key of createInterface(child.stdout)) {
      told.push(key);
      if (told.length === 15) child.kill('SIGKILL');
    }
    expect(await exit).toEqual([null, 'SIGKILL']);

    const reopened = await openFilesystemStore({ directory, clock: { now: () => Date.now() + 2 * hour } });
    const seen = new Set<string>();
    for await (const { key } of reopened.list('')) {
      const digest = createHash('sha256')
        .update(await reopened.get(key))
        .digest('hex');
      expect(key).toBe(`packs/${digest.slice(0, 2)}/${digest}`);
      seen.add(key);
    }
    expect(told.filter((key) => !seen.has(key))).toEqual([]);
    expect(await namesIn(join(directory, '.tmp'))).toEqual([]);
  });
});

/** Runs `code` in a process of its own, where `store` is a store on the test's directory. */
function startChild(code: string, as: { uid?: number; gid?: number } = {}) {
  const module = new URL('./filesystem-store.ts', import.meta.url).href;
  const opening = `
    import { createFilesystemStore } from ${JSON.stringify(module)};
    const store = createFilesystemStore({ directory: ${JSON.stringify(directory)} });
  `;
  const options = ['--input-type=module', '--eval', opening + code];
  return spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'], ...as });
}

async function mode(path: string): Promise<number> {
  return (await lstat(join(directory, path))).mode & 0o777;
}

/** Nothing for a folder that was not made yet. */
async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function expectKind(kind: BlobErrorKind, work: Promise<unknown>): Promise<void> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BlobError);
  expect((error as BlobError).kind).toBe(kind);
}
