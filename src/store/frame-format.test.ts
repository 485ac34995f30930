import { randomBytes } from 'node:crypto';
import { crc32, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameError, frameHeaderBytes, maxFrameBytes, readFrame, writeFrame } from './frame-format.ts';
import { type FrameSealing, sealBytes } from './frame-seal.ts';

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

function framed(chunk: Uint8Array, sealing?: FrameSealing): Uint8Array {
  const target = new Uint8Array(maxFrameBytes(chunk.length));
  return target.subarray(0, writeFrame(chunk, target, 0, sealing));
}

/** The frame with a header of the caller's and a checksum that fits it. */
function forged(codec: number, length: number, payload: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(frameHeaderBytes + payload.length);
  frame.writeUInt32LE(codec, 0);
  frame.writeUInt32LE(length, 4);
  frame.writeUInt32LE(payload.length, 8);
  frame.set(payload, frameHeaderBytes);
  return rechecked(frame);
}

/** The frame with a checksum that fits it, which anybody can make. */
function rechecked(bytes: Uint8Array): Uint8Array {
  const frame = Buffer.from(bytes);
  frame.writeUInt32LE(crc32(frame.subarray(frameHeaderBytes), crc32(frame.subarray(0, 12))), 12);
  return frame;
}

describe('a frame', () => {
  it('gives its chunk back, and is never longer than raw', () => {
    fc.assert(
      fc.property(chunks, (chunk) => {
        const frame = framed(chunk);
        expect(frame.length).toBeLessThanOrEqual(frameHeaderBytes + chunk.length);
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
    expect(framed(noise).length).toBe(frameHeaderBytes + noise.length);
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
    for (const codec of [4, 5, 0x100, 0x80000000]) {
      expect(() => readFrame(forged(codec, 3, Buffer.from('abc')), maxChunk)).toThrow(`unknown codec ${codec}`);
    }
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

describe('a sealed frame', () => {
  const noise = randomBytes(500);
  const repeated = Uint8Array.from({ length: 3000 }, (_, index) => index % 7);
  const sealing: FrameSealing = {
    sealedBy: { id: 'f47ac10b-58cc-4372-a567-0e02b2c3d479', key: randomBytes(32) },
    id: randomBytes(32),
  };
  const other: FrameSealing = {
    sealedBy: { id: 'f47ac10b-58cc-4372-a567-0e02b2c3d47a', key: randomBytes(32) },
    id: randomBytes(32),
  };

  it('gives its chunk back, and is longer than a plain one by its seal', () => {
    fc.assert(
      fc.property(chunks, fc.nat(100), (chunk, offset) => {
        const target = new Uint8Array(offset + maxFrameBytes(chunk.length) + 50).fill(0xaa);
        const length = writeFrame(chunk, target, offset, sealing);
        expect(length).toBe(framed(chunk).length + sealBytes);
        expect(target.subarray(0, offset).every((byte) => byte === 0xaa)).toBe(true);
        expect(target.subarray(offset + length).every((byte) => byte === 0xaa)).toBe(true);
        const frame = target.subarray(offset, offset + length);
        expect(Buffer.compare(readFrame(frame, maxChunk, sealing), chunk)).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('shows nothing of its chunk, and never comes twice', () => {
    const [first, second] = [framed(noise, sealing), framed(noise, sealing)];
    expect(Buffer.from(framed(noise)).includes(noise.subarray(100, 116))).toBe(true);
    for (let at = 0; at + 4 <= noise.length; at += 4) {
      expect(Buffer.from(first).includes(noise.subarray(at, at + 4))).toBe(false);
    }
    expect(Buffer.compare(first.subarray(16, 28), second.subarray(16, 28))).not.toBe(0);
    expect(Buffer.compare(first.subarray(28), second.subarray(28))).not.toBe(0);
  });

  it.each([noise, repeated])('is damaged after a flip of any one bit, however its checksum fits', (chunk) => {
    const frame = framed(chunk.subarray(0, 600), sealing);
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const flipped = frame.slice();
      flipped[bit >> 3] = (frame[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => readFrame(flipped, maxChunk, sealing), `bit ${bit}`).toThrow(FrameError);
      if (bit >= 12 * 8 && bit < 16 * 8) continue;
      expect(() => readFrame(rechecked(flipped), maxChunk, sealing), `bit ${bit}, checksum`).toThrow(FrameError);
    }
  });

  it('is damaged when it was cut at any length, or has grown, however well its header fits', () => {
    const frame = framed(noise, sealing);
    const payload = frame.subarray(frameHeaderBytes);
    for (let length = 0; length < payload.length; length++) {
      const cut = forged(2, Math.max(0, length - sealBytes), payload.subarray(0, length));
      expect(() => readFrame(cut, maxChunk, sealing), `${length} bytes`).toThrow(FrameError);
    }
    const grown = forged(2, noise.length + 1, Buffer.concat([payload, Buffer.alloc(1)]));
    expect(() => readFrame(grown, maxChunk, sealing)).toThrow('seal is broken');
  });

  it.each([
    ['another chunk', { sealedBy: sealing.sealedBy, id: other.id }],
    [
      'another data key, though its bytes are the same',
      {
        sealedBy: { id: other.sealedBy.id, key: sealing.sealedBy.key },
        id: sealing.id,
      },
    ],
    [
      'another data key, though it says that it is the same',
      {
        sealedBy: { id: sealing.sealedBy.id, key: other.sealedBy.key },
        id: sealing.id,
      },
    ],
  ])('does not open for %s', (_, wrong) => {
    expect(() => readFrame(framed(noise, sealing), maxChunk, wrong)).toThrow('seal is broken');
    expect(() => readFrame(framed(repeated, sealing), maxChunk, wrong)).toThrow('seal is broken');
  });

  it('does not open with parts of another, of whatever chunk or data key', () => {
    const parts = [
      [16, 28],
      [28, 60],
      [-16, undefined],
      [0, 12],
    ] as const;
    fc.assert(
      fc.property(fc.constantFrom(...parts), chunks, fc.boolean(), ([start, end], chunk, sameSealing) => {
        const long = Buffer.concat([randomBytes(64), chunk]);
        const frame = framed(long, sealing);
        const donor = framed(sameSealing ? long : randomBytes(long.length), sameSealing ? sealing : other);
        const mixed = frame.slice();
        const part = donor.subarray(start, end);
        mixed.set(part, start < 0 ? mixed.length + start : start);
        fc.pre(Buffer.compare(mixed, frame) !== 0);
        expect(() => readFrame(rechecked(mixed), maxChunk, sealing)).toThrow(FrameError);
      }),
      { numRuns: 100 },
    );
  });

  it('is not to be had where a plain one belongs, nor a plain one where it does', () => {
    for (const chunk of [noise, repeated]) {
      expect(() => readFrame(framed(chunk, sealing), maxChunk)).toThrow('frame is sealed');
      expect(() => readFrame(framed(chunk), maxChunk, sealing)).toThrow('frame is not sealed');
    }
    const payload = framed(noise, sealing).subarray(frameHeaderBytes);
    expect(() => readFrame(forged(0, payload.length, payload), maxChunk, sealing)).toThrow('frame is not sealed');
  });
});
