import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataExtents } from './sparse-file.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

describe('data extents', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mimeo-sparse-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** A file of `size` bytes with data in the given runs, all of them multiples of 4 KiB as blocks are. */
  function withFile<Result>(
    size: number,
    runs: [offset: number, length: number][],
    use: (fd: number) => Result,
  ): Result {
    const fd = openSync(join(folder, 'disk'), 'w+');
    try {
      ftruncateSync(fd, size);
      for (const [offset, length] of runs) writeSync(fd, Buffer.alloc(length, 1), 0, length, offset);
      return use(fd);
    } finally {
      closeSync(fd);
    }
  }

  test.each([
    ['nothing but a hole', 8 * MiB, [], []],
    ['data in the middle', 8 * MiB, [[MiB, MiB]], [{ offset: MiB, length: MiB }]],
    [
      'data at both ends',
      4 * MiB,
      [
        [0, 4 * KiB],
        [4 * MiB - 4 * KiB, 4 * KiB],
      ],
      [
        { offset: 0, length: 4 * KiB },
        { offset: 4 * MiB - 4 * KiB, length: 4 * KiB },
      ],
    ],
    ['data throughout', MiB, [[0, MiB]], [{ offset: 0, length: MiB }]],
    [
      'a hole just too small',
      MiB,
      [
        [0, 4 * KiB],
        [64 * KiB, 4 * KiB],
      ],
      [{ offset: 0, length: 68 * KiB }],
    ],
    [
      'a hole just large enough',
      MiB,
      [
        [0, 4 * KiB],
        [68 * KiB, 4 * KiB],
      ],
      [
        { offset: 0, length: 4 * KiB },
        { offset: 68 * KiB, length: 4 * KiB },
      ],
    ],
    ['an empty file', 0, [], []],
  ] as [string, number, [number, number][], { offset: number; length: number }[]][])(
    'of %s',
    (_, size, runs, extents) => {
      expect(withFile(size, runs, (fd) => [...dataExtents(fd, size)])).toEqual(extents);
    },
  );

  test('end at the size asked for, though the file has grown', () => {
    const extents = withFile(4 * MiB, [[0, 4 * MiB]], (fd) => [...dataExtents({ fd }, MiB)]);
    expect(extents).toEqual([{ offset: 0, length: MiB }]);
  });

  test('are the whole file where holes cannot be told', () => {
    const fd = openSync('/dev/null', 'r');
    closeSync(fd);
    // A descriptor that is closed stands for every reason why lseek refuses.
    expect([...dataExtents(fd, MiB)]).toEqual([{ offset: 0, length: MiB }]);
  });
});
