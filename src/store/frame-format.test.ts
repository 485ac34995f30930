import { randomBytes } from 'node:crypto';
import { crc32, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameError, frameHeaderBytes, maxFrameBytes, readFrame, writeFrame } from './frame-format.ts';

const maxChunk = 256 * 1024;

/** Chunks of every kind: nothing to gain, a lot to gain, and both in one. */
const chunks = fc
  .record({
    noise: fc.uint8Array({ minLength: 1, maxLength: 600 }),
    repeated: fc.nat(40),
    zeros: fc.nat(5000),
  })
  .map(({ noise, repeated, zeros }) =>
    Uint8Array.from(Buffer.concat([...Array(repeated).fill(noise), noise, Buffer.alloc(zeros)])),
  );

function framed(chunk: Uint8Array): Uint8Array {
  const target = new Uint8Array(maxFrameBytes(chunk.length));
  return target.subarray(0, writeFrame(chunk, target, 0));
}

/** The frame with a header of the caller's and a checksum that fits it. */
function forged(codec: number, length: number, payload: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(frameHeaderBytes + payload.length);
  frame.writeUInt32LE(codec, 0);
  frame.writeUInt32LE(length, 4);
  frame.writeUInt32LE(payload.length, 8);
  frame.set(payload, frameHeaderBytes);
  frame.writeUInt32LE(crc32(frame.subarray(frameHeaderBytes), crc32(frame.subarray(0, 12))), 12);
  return frame;
}

describe('a frame', () => {
  it('gives its chunk back, and is never longer than raw', () => {
    fc.assert(
      fc.property(chunks, (chunk) => {
        const frame = framed(chunk);
        expect(frame.length).toBeLessThanOrEqual(maxFrameBytes(chunk.length));
        expect(Buffer.compare(readFrame(frame, maxChunk), chunk)).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  it('touches nothing beside its place', () => {
    fc.assert(
      fc.property(chunks, fc.nat(100), (chunk, offset) => {
        const target = new Uint8Array(offset + maxFrameBytes(chunk.length) + 50).fill(0xaa);
        const length = writeFrame(chunk, target, offset);
        expect(target.subarray(0, offset).every((byte) => byte === 0xaa)).toBe(true);
        expect(target.subarray(offset + length).every((byte) => byte === 0xaa)).toBe(true);
        expect(Buffer.compare(readFrame(target.subarray(offset, offset + length), maxChunk), chunk)).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps random bytes raw and compresses what repeats', () => {
    const noise = randomBytes(65_536);
    expect(framed(noise).length).toBe(maxFrameBytes(noise.length));
    expect(Buffer.compare(framed(noise).subarray(frameHeaderBytes), noise)).toBe(0);
    expect(framed(new Uint8Array(maxChunk)).length).toBeLessThan(100);
  });

  it('of the longest chunk can be read', () => {
    const chunk = randomBytes(maxChunk);
    expect(Buffer.compare(readFrame(framed(chunk), maxChunk), chunk)).toBe(0);
    expect(() => readFrame(framed(chunk), maxChunk - 1)).toThrow('longer than any');
  });
});

describe('damage to a frame is found (R1)', () => {
  const frames = [framed(randomBytes(60)), framed(Uint8Array.from({ length: 3000 }, (_, index) => index % 7))];

  it.each(frames)('after a flip of any one bit', (frame) => {
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const damaged = frame.slice();
      damaged[bit >> 3] = (frame[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => readFrame(damaged, maxChunk), `bit ${bit}`).toThrow(FrameError);
    }
  });

  it.each(frames)('after a cut at any length, and when bytes were added', (frame) => {
    for (let length = 0; length < frame.length; length++) {
      expect(() => readFrame(frame.subarray(0, length), maxChunk)).toThrow(FrameError);
    }
    expect(() => readFrame(Buffer.concat([frame, Buffer.alloc(1)]), maxChunk)).toThrow(FrameError);
  });

  it('in any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(() => readFrame(bytes, maxChunk)).toThrow(FrameError);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a frame with a true checksum is refused', () => {
  it('when its codec is unknown', () => {
    expect(() => readFrame(forged(2, 3, Buffer.from('abc')), maxChunk)).toThrow('unknown codec 2');
  });

  it('when its chunk has another length than it says', () => {
    const packed = zstdCompressSync(Buffer.alloc(1000, 1));
    expect(() => readFrame(forged(0, 4, Buffer.from('abc')), maxChunk)).toThrow(FrameError);
    expect(() => readFrame(forged(1, 1001, packed), maxChunk)).toThrow(FrameError);
    expect(() => readFrame(forged(1, 999, packed), maxChunk)).toThrow(FrameError);
    expect(readFrame(forged(1, 1000, packed), maxChunk).length).toBe(1000);
  });

  it('when its payload is a bomb, before the bomb goes off', () => {
    const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024));
    expect(() => readFrame(forged(1, 64 * 1024 * 1024, bomb), maxChunk)).toThrow('longer than any');
    const before = process.memoryUsage().arrayBuffers;
    expect(() => readFrame(forged(1, 100, bomb), maxChunk)).toThrow('does not decompress');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });

  it('when its payload does not decompress', () => {
    expect(() => readFrame(forged(1, 100, Buffer.from('this is no zstd')), maxChunk)).toThrow('does not decompress');
  });
});
