import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeExtents, ExtentStreamError, encodeExtents, type Run } from './extent-stream.ts';

/** Runs with gaps between them, and a size that leaves room after the last. */
const disks = fc
  .tuple(
    fc.array(fc.record({ gap: fc.nat(5000), bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }) }), {
      maxLength: 8,
    }),
    fc.nat(5000),
  )
  .map(([parts, rest]) => {
    let offset = 0;
    const runs: Run[] = [];
    for (const { gap, bytes } of parts) {
      runs.push({ offset: offset + gap, bytes });
      offset += gap + bytes.length;
    }
    return { size: offset + rest, runs };
  });

async function encoded(size: number, runs: Iterable<Run>): Promise<Buffer> {
  return Buffer.concat(await collected(encodeExtents(size, runs)));
}

async function collected<Item>(source: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of source) items.push(item);
  return items;
}

async function* inPieces(bytes: Uint8Array, cuts: readonly number[] = []): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    yield bytes.subarray(from, cut);
    from = Math.max(from, cut);
  }
  yield bytes.subarray(from);
}

/** The disk's bytes, holes as zeros; checks on the way that runs ascend and stay inside. */
async function decoded(source: AsyncIterable<Uint8Array>): Promise<{ size: number; disk: Buffer }> {
  const { size, runs } = await decodeExtents(source);
  const pieces: Run[] = [];
  let end = 0;
  for await (const run of runs) {
    expect(run.offset).toBeGreaterThanOrEqual(end);
    expect(run.bytes.length).toBeGreaterThan(0);
    end = run.offset + run.bytes.length;
    expect(end).toBeLessThanOrEqual(size);
    pieces.push(run);
  }
  return { size, disk: flat(end, pieces) };
}

function flat(size: number, runs: Iterable<Run>): Buffer {
  const disk = Buffer.alloc(size);
  for (const { offset, bytes } of runs) disk.set(bytes, offset);
  return disk;
}

async function failure(source: AsyncIterable<Uint8Array>): Promise<ExtentStreamError> {
  const error = await decoded(source).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ExtentStreamError);
  return error as ExtentStreamError;
}

function record(kind: number, offset: bigint, length: bigint, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const bytes = Buffer.alloc(24 + payload.length);
  bytes.writeUInt8(kind, 0);
  bytes.writeBigUInt64LE(offset, 8);
  bytes.writeBigUInt64LE(length, 16);
  bytes.set(payload, 24);
  return bytes;
}

function stream(size: bigint, ...records: Buffer[]): AsyncGenerator<Uint8Array> {
  const preamble = Buffer.alloc(16);
  preamble.write('MIMEOEX1', 'latin1');
  preamble.writeBigUInt64LE(size, 8);
  return inPieces(Buffer.concat([preamble, ...records]));
}

describe('extent stream', () => {
  test('is, to the byte, what docs/native-api.md says', async () => {
    const bytes = await encoded(0x1_0000_0000_10, [{ offset: 0x1_0000_0000_02, bytes: Uint8Array.of(7, 8) }]);
    expect(bytes.toString('hex')).toBe(
      '4d494d454f455831' +
        '1000000000010000' +
        '01' +
        '00000000000000' +
        '0200000000010000' +
        '0200000000000000' +
        '0708' +
        '02' +
        '00000000000000' +
        '1000000000010000' +
        '0000000000000000',
    );
  });

  test('gives back what went in, wherever the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(disks, fc.array(fc.nat(3000), { maxLength: 20 }), async ({ size, runs }, cuts) => {
        const result = await decoded(inPieces(await encoded(size, runs), cuts));
        expect(result.size).toBe(size);
        const last = runs.at(-1);
        expect(result.disk.equals(flat(last === undefined ? 0 : last.offset + last.bytes.length, runs))).toBe(true);
      }),
    );
  });

  test('is incomplete when cut off at any byte', async () => {
    const whole = await encoded(5000, [
      { offset: 3, bytes: new Uint8Array(40).fill(1) },
      { offset: 100, bytes: new Uint8Array(9).fill(2) },
    ]);
    for (let length = 0; length < whole.length; length++) {
      expect((await failure(inPieces(whole.subarray(0, length), [7, 20, 50]))).reason).toBe('incomplete');
    }
  });

  test('never hands out a run outside the disk, whichever bit is flipped', async () => {
    await fc.assert(
      fc.asyncProperty(disks, fc.nat(), async ({ size, runs }, bit) => {
        const bytes = await encoded(size, runs);
        const at = bit % (bytes.length * 8);
        bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7));
        // Either it fails in one of the ways that have a name, or `decoded` has checked every run's bounds.
        await decoded(inPieces(bytes)).catch((error: unknown) => expect(error).toBeInstanceOf(ExtentStreamError));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['another magic', inPieces(Buffer.from('MIMEOEX2'.padEnd(40, '\0')))],
    ['an unknown kind', stream(10n, record(4, 0n, 0n))],
    ['a size beyond 2^53', stream(1n << 53n)],
    ['a record that begins inside the last', stream(10n, record(1, 0n, 4n, Buffer.alloc(4)), record(1, 3n, 1n))],
    ['a record that ends outside the disk', stream(10n, record(1, 8n, 3n, Buffer.alloc(3)))],
    ['a record that begins outside the disk', stream(10n, record(1, 11n, 0n))],
    ['an end record of another size', stream(10n, record(2, 9n, 0n))],
    ['an end record with a length', stream(10n, record(2, 10n, 1n))],
    ['bytes after the end', stream(10n, record(2, 10n, 0n), Buffer.alloc(1))],
    ['a byte set that must be zero', stream(10n, record(2, 10n, 0n).fill(1, 7, 8))],
    ['a problem that is too long', stream(10n, record(3, 0n, 65_537n, Buffer.alloc(65_537, ' ')))],
    ['a problem that is not JSON', stream(10n, record(3, 0n, 3n, Buffer.from('no!')))],
  ])('refuses %s', async (_, source) => {
    expect((await failure(source)).reason).toBe('malformed');
  });

  test('tells the reader why its source failed', async () => {
    async function* failing(): AsyncGenerator<Run> {
      yield { offset: 0, bytes: new Uint8Array(5) };
      throw new Error('disk 0 is damaged');
    }
    const problemOf = (error: unknown) => ({ code: 'image-damaged', title: (error as Error).message });
    const error = await failure(encodeExtents(10, failing(), { problemOf }));
    expect(error).toMatchObject({
      reason: 'remote-error',
      message: 'disk 0 is damaged',
      problem: { code: 'image-damaged' },
    });
    await expect(collected(encodeExtents(10, failing()))).rejects.toThrow('disk 0 is damaged');
  });

  test('is not encoded from runs that overlap or lie outside', async () => {
    const bytes = new Uint8Array(4);
    await expect(encoded(10, [{ offset: 7, bytes }])).rejects.toThrow(RangeError);
    await expect(
      encoded(10, [
        { offset: 2, bytes },
        { offset: 5, bytes },
      ]),
    ).rejects.toThrow(RangeError);
  });

  test('stops its source when the reader leaves early, and does not copy payload', async () => {
    const whole = await encoded(100, [{ offset: 0, bytes: new Uint8Array(100).fill(3) }]);
    let stopped = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield* inPieces(whole, [50]);
      } finally {
        stopped = true;
      }
    }
    for await (const { bytes } of (await decodeExtents(source())).runs) {
      expect(bytes.buffer).toBe(whole.buffer);
      break;
    }
    expect(stopped).toBe(true);
  });
});
