import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlobError, type BlobErrorKind, type BlobStore } from './blob-store.ts';

export interface StoreUnderTest {
  readonly store: BlobStore;
  /** Names of what unfinished puts have left on the medium, where that can be looked at. */
  readonly leftovers?: () => Promise<readonly string[]>;
  /** Gives back what the store took. */
  readonly close?: () => Promise<void>;
}

/** Bigger than a driver's buffers, and no multiple of them. */
const bigBytes = 20 * 1024 * 1024 + 123;

/** What every blob store must do (see `blob-store.ts`): each driver's test calls this with a way to make an empty one. */
export function describeBlobStore(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`blob store: ${name}`, () => {
    let tested: StoreUnderTest;
    let store: BlobStore;

    beforeEach(async () => {
      tested = await make();
      store = tested.store;
    });

    afterEach(async () => {
      for await (const { key } of store.list('')) await store.remove(key);
      const left = [await keys(store), (await tested.leftovers?.()) ?? []];
      await tested.close?.();
      expect(left).toEqual([[], []]);
    });

    describe('put and get', () => {
      it.each([1, 4095, 4096, 4097, 1024 * 1024, 1024 * 1024 + 1])('keeps %i bytes', async (size) => {
        const bytes = patterned(size, size);
        await store.put('packs/00/one', bytes);
        expectSame(await store.get('packs/00/one'), bytes);
      });

      it('keeps an empty blob', async () => {
        await store.put('as-buffer', new Uint8Array());
        await store.put('as-iterable', pieces([]));
        await store.put('as-empty-pieces', pieces([new Uint8Array(), new Uint8Array()]));
        for (const key of ['as-buffer', 'as-iterable', 'as-empty-pieces']) {
          expect((await store.get(key)).length).toBe(0);
          expect((await store.get(key, { offset: 0, length: 0 })).length).toBe(0);
          expect((await store.stat(key))?.size).toBe(0);
          await expectKind('out-of-range', store.get(key, { offset: 0, length: 1 }));
        }
      });

      it('keeps a big blob that comes as one buffer', async () => {
        const bytes = patterned(bigBytes, 1);
        await store.put('packs/00/big', bytes);
        expectSame(await store.get('packs/00/big'), bytes);
        expect((await store.stat('packs/00/big'))?.size).toBe(bigBytes);
      });

      it('keeps a big blob that comes in pieces of odd sizes, in one memory that is used again', async () => {
        const bytes = patterned(bigBytes, 2);
        const memory = Buffer.alloc(3_000_017);
        async function* source() {
          const sizes = [1, 4096, 70_001, 3_000_017, 0, 1_048_576, 33];
          for (let offset = 0, turn = 0; offset < bytes.length; turn++) {
            const piece = bytes.subarray(offset, offset + (sizes[turn % sizes.length] ?? 1));
            memory.set(piece);
            yield memory.subarray(0, piece.length);
            memory.fill(0xee);
            offset += piece.length;
          }
        }
        await store.put('packs/00/big', source());
        expectSame(await store.get('packs/00/big'), bytes);
      });

      it('keeps a view on a part of a buffer', async () => {
        const bytes = patterned(10_000, 3);
        await store.put('view', bytes.subarray(1001, 9002));
        expectSame(await store.get('view'), bytes.subarray(1001, 9002));
      });

      it('has nothing to do any more with the buffer that was put', async () => {
        const bytes = patterned(100_000, 4);
        const original = bytes.slice();
        await store.put('mine', bytes);
        bytes.fill(0);
        expectSame(await store.get('mine'), original);
      });

      it('has nothing to do any more with the buffer that it returned', async () => {
        const bytes = patterned(100_000, 5);
        await store.put('theirs', bytes);
        (await store.get('theirs')).fill(0);
        (await store.get('theirs', { offset: 10, length: 100 })).fill(0);
        expectSame(await store.get('theirs'), bytes);
      });

      it('does not know a blob that was never put, nor the folder of one', async () => {
        await store.put('packs/00/there', patterned(10, 6));
        for (const key of ['packs/00/not-there', 'packs/01/not-there', 'packs', 'packs/00']) {
          await expectKind('not-found', store.get(key));
          await expectKind('not-found', store.get(key, { offset: 0, length: 0 }));
          expect(await store.stat(key)).toBeUndefined();
        }
      });
    });

    describe('ranges', () => {
      const size = 2 * 1024 * 1024 + 77;

      it.each([
        ['the first byte', 0, 1],
        ['the beginning', 0, 70_000],
        ['the middle', 1_000_003, 1_000_001],
        ['the last byte', size - 1, 1],
        ['all of it', 0, size],
        ['nothing at the beginning', 0, 0],
        ['nothing in the middle', 12_345, 0],
        ['nothing at the end', size, 0],
      ])('gives %s', async (_, offset, length) => {
        const bytes = patterned(size, 7);
        await store.put('packs/00/ranged', bytes);
        expectSame(await store.get('packs/00/ranged', { offset, length }), bytes.subarray(offset, offset + length));
      });

      it.each([
        ['one byte too long', 0, size + 1],
        ['the byte after the last', size, 1],
        ['nothing, after the end', size + 1, 0],
        ['over the end', size - 10, 11],
        ['before the beginning', -1, 1],
        ['a negative length', 10, -1],
        ['half a byte', 0.5, 1],
        ['no number', Number.NaN, 1],
        ['more than an integer holds', 1, Number.MAX_SAFE_INTEGER],
        ['infinity', 0, Number.POSITIVE_INFINITY],
      ])('refuses %s', async (_, offset, length) => {
        await store.put('packs/00/ranged', patterned(size, 7));
        await expectKind('out-of-range', store.get('packs/00/ranged', { offset, length }));
      });
    });

    describe('create-only', () => {
      it('refuses to replace a blob, and keeps the first', async () => {
        const first = patterned(5000, 8);
        await store.put('packs/00/once', first);
        await expectKind('exists', store.put('packs/00/once', patterned(5000, 9)));
        await expectKind('exists', store.put('packs/00/once', pieces([patterned(9000, 10)])));
        await expectKind('exists', store.put('packs/00/once', first));
        expectSame(await store.get('packs/00/once'), first);
      });

      it('lets exactly one of many win who put one key at once', async () => {
        const contenders = Array.from({ length: 8 }, (_, seed) => patterned(100_000 + seed, seed));
        const started = countdown(contenders.length);
        async function* source(bytes: Uint8Array) {
          yield bytes.subarray(0, 50_000);
          started.arrive();
          await started.all;
          yield bytes.subarray(50_000);
        }
        const puts = contenders.map((bytes) => store.put('packs/00/contended', source(bytes)));
        const results = await Promise.allSettled(puts);

        const winners = contenders.filter((_, at) => results[at]?.status === 'fulfilled');
        expect(winners).toHaveLength(1);
        expectSame(await store.get('packs/00/contended'), winners[0] ?? new Uint8Array());
        for (const result of results)
          if (result.status === 'rejected') expect(result.reason).toSatisfy(isKind('exists'));
      });
    });

    describe('a blob that is not whole', () => {
      it('is not seen while its bytes still come', async () => {
        const bytes = patterned(3_000_000, 11);
        const gate = Promise.withResolvers<void>();
        const halfway = Promise.withResolvers<void>();
        async function* source() {
          yield bytes.subarray(0, 2_500_000);
          halfway.resolve();
          await gate.promise;
          yield bytes.subarray(2_500_000);
        }
        const put = store.put('packs/00/slow', source());
        await halfway.promise;
        await expectAbsent(store, 'packs/00/slow');
        gate.resolve();
        await put;
        expectSame(await store.get('packs/00/slow'), bytes);
      });

      it('is not left by an iterable that throws, whose error comes through', async () => {
        const failure = Object.assign(new Error('the source broke'), { code: 'ENOENT' });
        async function* source() {
          yield patterned(2_500_000, 12);
          throw failure;
        }
        await expect(store.put('packs/00/broken', source())).rejects.toBe(failure);
        await expectAbsent(store, 'packs/00/broken');
        expect((await tested.leftovers?.()) ?? []).toEqual([]);
        await expectCanBePut(store, 'packs/00/broken');
      });

      it('is not left by an abort, which does not wait for a silent source', async () => {
        const abort = new AbortController();
        const silent = Promise.withResolvers<void>();
        async function* source() {
          yield patterned(2_500_000, 13);
          silent.resolve();
          await new Promise(() => {});
        }
        const reason = new Error('enough');
        const put = store.put('packs/00/aborted', source(), { signal: abort.signal });
        await silent.promise;
        abort.abort(reason);
        await expect(put).rejects.toBe(reason);
        await expectAbsent(store, 'packs/00/aborted');
        expect((await tested.leftovers?.()) ?? []).toEqual([]);
        await expectCanBePut(store, 'packs/00/aborted');
      });

      it('is not left by an abort between two pieces, and the source is told', async () => {
        const abort = new AbortController();
        const reason = new Error('enough');
        let told = false;
        async function* source() {
          try {
            yield patterned(10, 14);
            abort.abort(reason);
            yield patterned(10, 15);
            yield patterned(10, 16);
          } finally {
            told = true;
          }
        }
        await expect(store.put('aborted', source(), { signal: abort.signal })).rejects.toBe(reason);
        expect(told).toBe(true);
        await expectAbsent(store, 'aborted');
        await expectCanBePut(store, 'aborted');
      });

      it('is either whole or not there when an abort comes at any moment', async () => {
        const bytes = patterned(3_000_000, 17);
        for (let turn = 0; turn < 20; turn++) {
          const abort = new AbortController();
          const reason = new Error('enough');
          const put = store.put(`moment/${turn}`, bytes, { signal: abort.signal });
          const timer = setTimeout(() => abort.abort(reason), turn / 2);
          const [result] = await Promise.allSettled([put]);
          clearTimeout(timer);
          if (result?.status === 'rejected') {
            expect(result.reason).toBe(reason);
            await expectAbsent(store, `moment/${turn}`);
          } else {
            expectSame(await store.get(`moment/${turn}`), bytes);
          }
        }
      });

      it('is not begun when the signal is aborted already; nor is anything read', async () => {
        const signal = AbortSignal.abort(new Error('before it began'));
        await expect(store.put('late', patterned(10, 18), { signal })).rejects.toBe(signal.reason);
        await expectAbsent(store, 'late');
        await store.put('late', patterned(10, 18));
        await expect(store.get('late', undefined, { signal })).rejects.toBe(signal.reason);
      });

      it('listens to no signal once it is whole', async () => {
        const abort = new AbortController();
        await store.put('heard', pieces([patterned(10, 19)]), { signal: abort.signal });
        abort.abort(new Error('too late'));
        expectSame(await store.get('heard'), patterned(10, 19));
      });
    });

    describe('stat and list', () => {
      it('say size and time', async () => {
        const before = Date.now();
        await store.put('packs/00/known', patterned(4711, 20));
        const info = await store.stat('packs/00/known');
        expect(info).toEqual({ key: 'packs/00/known', size: 4711, modifiedAt: expect.any(Number) });
        // Media keep time with steps and clocks of their own.
        expect(Math.abs((info?.modifiedAt ?? 0) - before)).toBeLessThan(60_000);
        for await (const listed of store.list('')) expect(listed).toEqual(info);
      });

      it('see exactly those whose key begins with the prefix, wherever it ends', async () => {
        const all = ['packs/00/a', 'packs/00/ab', 'packs/0a/b', 'packs/a0/c', 'packs-old/d', 'manifests/e', 'f'];
        for (const key of all) await store.put(key, patterned(3, 21));
        const prefixes = [
          '',
          'p',
          'packs',
          'packs/',
          'packs/0',
          'packs/00',
          'packs/00/',
          'packs/00/a',
          'packs/00/ab',
          'f',
        ];
        for (const prefix of [...prefixes, 'f/', 'packs/00/abc', 'nothing', 'manifests/e/']) {
          expect(await keys(store, prefix)).toEqual(all.filter((key) => key.startsWith(prefix)).sort());
        }
      });

      it.each(['../', '/', '.', '/etc', 'packs/../', '.tmp', 'PACKS', '*', '%'])(
        'see nothing below %j',
        async (prefix) => {
          await store.put('packs/00/a', patterned(3, 22));
          expect(await keys(store, prefix)).toEqual([]);
        },
      );

      it('see no blob that is still being put', async () => {
        const gate = Promise.withResolvers<void>();
        const begun = Promise.withResolvers<void>();
        async function* source() {
          yield patterned(2_500_000, 23);
          begun.resolve();
          await gate.promise;
        }
        await store.put('packs/00/whole', patterned(3, 24));
        const put = store.put('packs/00/half', source());
        await begun.promise;
        expect(await keys(store)).toEqual(['packs/00/whole']);
        gate.resolve();
        await put;
        expect(await keys(store)).toEqual(['packs/00/half', 'packs/00/whole']);
      });

      it('can be left before the end', async () => {
        for (let at = 0; at < 5; at++) await store.put(`packs/0${at}/a`, patterned(3, 25));
        for await (const { size } of store.list('')) {
          expect(size).toBe(3);
          break;
        }
      });
    });

    describe('remove', () => {
      it('removes one blob, after which its key is free', async () => {
        await store.put('packs/00/gone', patterned(100, 26));
        await store.put('packs/00/stays', patterned(100, 27));
        await store.remove('packs/00/gone');
        await expectAbsent(store, 'packs/00/gone');
        expectSame(await store.get('packs/00/stays'), patterned(100, 27));
        await expectCanBePut(store, 'packs/00/gone');
      });

      it('does not mind a blob that is not there, nor a folder of blobs', async () => {
        await store.put('packs/00/stays', patterned(100, 28));
        for (const key of ['packs/00/never', 'packs/ff/never', 'never', 'packs/00', 'packs']) await store.remove(key);
        await store.remove('packs/00/stays');
        await store.remove('packs/00/stays');
        expect(await keys(store)).toEqual([]);
      });
    });

    describe('keys', () => {
      it.each(['a', '0', '-', 'a/b/c/d/e/f', `packs/ab/${'0123456789abcdef'.repeat(4)}`, 'k'.repeat(200)])(
        'takes %j',
        async (key) => {
          await store.put(key, patterned(3, 29));
          expect(await keys(store)).toEqual([key]);
          expectSame(await store.get(key), patterned(3, 29));
        },
      );

      it.each([
        ...['', '/', '/a', 'a/', 'a//b', '.', '..', '../a', 'a/../b', 'a/./b', './a', '.tmp/a', 'a.b', 'A', 'ä', 'a b'],
        ...['a\\b', 'a\0', 'a\n', 'a:b', 'a%2fb', '~', '*', 'a?b', '\u{1f600}', 'k'.repeat(201)],
      ])('refuses %j', async (key) => {
        await expectKind('invalid-key', store.put(key, patterned(3, 30)));
        await expectKind('invalid-key', store.get(key));
        await expectKind('invalid-key', store.stat(key));
        await expectKind('invalid-key', store.remove(key));
        expect(await keys(store)).toEqual([]);
      });
    });

    it('serves many at once who put, get, list and remove, and shows each of them only whole blobs', async () => {
      const contents = new Map<string, Uint8Array>();
      for (let at = 0; at < 6; at++) contents.set(`storm/0${at % 2}/${at}`, patterned(1 + at * 300_007, 100 + at));
      const expected = (key: string) => contents.get(key) ?? new Uint8Array();
      const allowed = { put: ['exists', 'retryable'], get: ['not-found'] } satisfies Record<string, BlobErrorKind[]>;
      const finished = { put: 0, get: 0, listed: 0 };

      async function work(worker: number) {
        for (let turn = 0; turn < 15; turn++) {
          for (const key of contents.keys()) {
            switch ((worker + turn + key.charCodeAt(key.length - 1)) % 4) {
              case 0:
                if (
                  await unless(
                    allowed.put,
                    store.put(key, expected(key)).then(() => true),
                  )
                )
                  finished.put++;
                break;
              case 1: {
                const got = await unless(allowed.get, store.get(key));
                if (got !== undefined) {
                  expectSame(got, expected(key));
                  finished.get++;
                }
                break;
              }
              case 2:
                for await (const info of store.list('storm/')) {
                  expect(info.size).toBe(expected(info.key).length);
                  finished.listed++;
                }
                break;
              default:
                await store.remove(key);
            }
          }
        }
      }
      await Promise.all(Array.from({ length: 6 }, (_, worker) => work(worker)));
      for (const count of Object.values(finished)) expect(count).toBeGreaterThan(0);
    });
  });
}

/** Bytes that differ from seed to seed and, inside, from block to block. */
function patterned(size: number, seed: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let at = 0, word = seed + 1; at < words.length; at++) {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
    words[at] = word;
  }
  return new Uint8Array(words.buffer, 0, size);
}

async function* pieces(list: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* list;
}

function countdown(count: number): { arrive(): void; readonly all: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let missing = count;
  return {
    arrive() {
      missing--;
      if (missing === 0) resolve();
    },
    all: promise,
  };
}

async function keys(store: BlobStore, prefix = ''): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found.sort();
}

/** `toEqual` takes seconds for some MiB. */
function expectSame(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  expect(Buffer.compare(actual, expected)).toBe(0);
}

async function expectAbsent(store: BlobStore, key: string): Promise<void> {
  expect(await store.stat(key)).toBeUndefined();
  await expectKind('not-found', store.get(key));
  expect(await keys(store, key)).toEqual([]);
}

async function expectCanBePut(store: BlobStore, key: string): Promise<void> {
  await store.put(key, patterned(1234, 999));
  expectSame(await store.get(key), patterned(1234, 999));
}

function isKind(...kinds: BlobErrorKind[]): (error: unknown) => boolean {
  return (error) => error instanceof BlobError && kinds.includes(error.kind);
}

async function expectKind(kind: BlobErrorKind, work: Promise<unknown>): Promise<void> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BlobError);
  expect((error as BlobError).kind).toBe(kind);
}

/** The result, or undefined when it failed in one of the ways allowed. */
async function unless<Result>(allowed: BlobErrorKind[], work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    expect(error).toSatisfy(isKind(...allowed));
    return undefined;
  }
}
