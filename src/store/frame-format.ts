/**
 * A frame: one chunk as it lies in a pack (docs/formats.md, "Frame"). It carries what R1 needs to check it before it is
 * decompressed: its own length, the chunk's length and a checksum.
 */
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { releaseBuffer } from '../lib/release-buffer.ts';

export const frameHeaderBytes = 16;

const codecRaw = 0;
const codecZstd = 1;

const zstdLevel1 = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** A frame's bytes do not say what they should; the message tells which rule they break. */
export class FrameError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FrameError';
  }
}

/** The most bytes the frame of a chunk of `length` bytes can take. */
export function maxFrameBytes(length: number): number {
  return frameHeaderBytes + length;
}

/** Writes the frame of `chunk` into `target` at `offset`, compressed if that is smaller; returns the frame's length. */
export function writeFrame(chunk: Uint8Array, target: Uint8Array, offset: number): number {
  // One output buffer as large as the input: zstd then never has to be called twice for a chunk.
  const packed = zstdCompressSync(chunk, { ...zstdLevel1, chunkSize: chunk.length + 1024 });
  const smaller = packed.length < chunk.length;
  const payload = smaller ? packed : chunk;
  const view = new DataView(target.buffer, target.byteOffset + offset, frameHeaderBytes);
  view.setUint32(0, smaller ? codecZstd : codecRaw, true);
  view.setUint32(4, chunk.length, true);
  view.setUint32(8, payload.length, true);
  target.set(payload, offset + frameHeaderBytes);
  view.setUint32(12, frameChecksum(target, offset, payload.length), true);
  const length = frameHeaderBytes + payload.length;
  releaseBuffer(packed);
  return length;
}

/** The checksum covers the header's first 12 bytes and the payload. */
function frameChecksum(bytes: Uint8Array, offset: number, payloadLength: number): number {
  const header = crc32(bytes.subarray(offset, offset + 12));
  const start = offset + frameHeaderBytes;
  return crc32(bytes.subarray(start, start + payloadLength), header);
}

/**
 * The chunk in the frame that fills `frame` exactly. `maxChunkBytes` bounds what a damaged header can make the
 * decompressor allocate. The result may be a view of `frame`.
 */
export function readFrame(frame: Uint8Array, maxChunkBytes: number): Uint8Array {
  if (frame.length < frameHeaderBytes) throw new FrameError('frame is shorter than its header');
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const codec = view.getUint32(0, true);
  const length = view.getUint32(4, true);
  const payloadLength = view.getUint32(8, true);
  if (frameHeaderBytes + payloadLength !== frame.length)
    throw new FrameError('frame has another length than its place');
  if (length > maxChunkBytes) throw new FrameError('chunk is longer than any of this store');
  if (view.getUint32(12, true) !== frameChecksum(frame, 0, payloadLength)) throw new FrameError('checksum differs');
  const chunk = decode(codec, frame.subarray(frameHeaderBytes), length);
  if (chunk.length !== length) throw new FrameError('chunk has another length than its frame says');
  return chunk;
}

function decode(codec: number, payload: Uint8Array, length: number): Uint8Array {
  if (codec === codecRaw) return payload;
  if (codec !== codecZstd) throw new FrameError(`unknown codec ${codec}`);
  try {
    return zstdDecompressSync(payload, { chunkSize: Math.max(length, 64), maxOutputLength: Math.max(length, 1) });
  } catch (error) {
    throw new FrameError('payload does not decompress', { cause: error });
  }
}
