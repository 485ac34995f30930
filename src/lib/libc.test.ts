import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addressOf, flock, seekData, seekHole } from './libc.ts';

const MiB = 1024 ** 2;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mimeo-libc-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function withFile<T>(use: (fd: number) => T): T {
  const fd = openSync(join(folder, 'file'), 'w+');
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

describe('seekData and seekHole', () => {
  it('find the data and the holes of a sparse file, beyond 32 bits of offset', () => {
    const far = 6 * 1024 * MiB;
    withFile((fd) => {
      writeSync(fd, Buffer.alloc(MiB, 1), 0, MiB, 0);
      writeSync(fd, Buffer.alloc(MiB, 2), 0, MiB, far);
      ftruncateSync(fd, far + 4 * MiB);
      expect(seekData(fd, 0)).toBe(0);
      expect(seekHole(fd, 0)).toBe(MiB);
      expect(seekData(fd, MiB)).toBe(far);
      expect(seekHole(fd, far)).toBe(far + MiB);
      expect(seekData(fd, far + MiB)).toBeUndefined();
      expect(seekHole(fd, far + 4 * MiB)).toBeUndefined();
    });
  });

  it("throw the system's error with its code", () => {
    expect(() => seekData(-1, 0)).toThrow(expect.objectContaining({ code: 'EBADF', syscall: 'lseek' }));
    expect(() => seekHole(-1, 0)).toThrow('bad file descriptor');
  });
});

describe('flock', () => {
  it('is refused to a second open file of the same path until the first is closed', () => {
    const path = join(folder, 'lock');
    const first = openSync(path, 'w');
    const second = openSync(path, 'r');
    try {
      expect(flock(first)).toBe(true);
      expect(flock(first)).toBe(true);
      expect(flock(second)).toBe(false);
      closeSync(first);
      expect(flock(second)).toBe(true);
    } finally {
      closeSync(second);
    }
  });

  it("throws the system's error with its code", () => {
    expect(() => flock(-1)).toThrow(expect.objectContaining({ code: 'EBADF', syscall: 'flock' }));
  });
});

describe('addressOf', () => {
  it('is the address of the view, not of the buffer behind it', () => {
    const bytes = new Uint8Array(8192);
    expect(addressOf(bytes.subarray(100)) - addressOf(bytes)).toBe(100n);
    expect(addressOf(bytes)).toBeGreaterThan(0n);
  });
});
