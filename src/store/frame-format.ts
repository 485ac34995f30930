/**
 * A frame: one chunk as it lies in a pack (docs/formats.md, "Frame"). It carries what R1 needs to check it before it is
 * decompressed: its own length, the chunk's length and a checksum.
 */
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { releaseBuffer } from '../lib/release-buffer.ts';
import { type FrameSealing, openPayload, sealBytes, sealPayload } from './frame-seal.ts';

export const frameHeaderBytes = 16;
/** What the checksum and a seal cover of it: all that comes before the checksum. */
const headBytes = 12;

const codecRaw = 0;
const codecZstd = 1;
/** Added to a codec where the payload is sealed. */
const sealedFlag = 2;

const zstdLevel1 = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** A frame's bytes do not say what they should; the message tells which rule they break. */
export class FrameError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FrameError';
  }
}

/** The most bytes the frame of a chunk of `length` bytes can take, sealed or not. */
export function maxFrameBytes(length: number): number {
  return frameHeaderBytes + sealBytes + length;
}

/**
 * Writes the frame of `chunk` into `target` at `offset`, compressed if that is smaller and sealed if there is something to seal
 * it with; returns the frame's length. A `nonce` must never come twice with one key; without it a random one is taken.
 */
export function writeFrame(
  chunk: Uint8Array,
  target: Uint8Array,
  offset: number,
  sealing?: FrameSealing,
  nonce?: Uint8Array,
): number {
  // One output buffer as large as the input: zstd then never has to be called twice for a chunk.
  const packed = zstdCompressSync(chunk, { ...zstdLevel1, chunkSize: chunk.length + 1024 });
  const smaller = packed.length < chunk.length;
  const payload = smaller ? packed : chunk;
  const codec = smaller ? codecZstd : codecRaw;
  const payloadLength = payload.length + (sealing === undefined ? 0 : sealBytes);
  const frame = target.subarray(offset, offset + frameHeaderBytes + payloadLength);
  const view = new DataView(frame.buffer, frame.byteOffset, frameHeaderBytes);
  view.setUint32(0, sealing === undefined ? codec : codec | sealedFlag, true);
  view.setUint32(4, chunk.length, true);
  view.setUint32(8, payloadLength, true);
  const place = frame.subarray(frameHeaderBytes);
  if (sealing === undefined) place.set(payload);
  else sealPayload(payload, frame.subarray(0, headBytes), sealing, place, nonce);
  view.setUint32(headBytes, frameChecksum(frame), true);
  releaseBuffer(packed);
  return frame.length;
}

/** The checksum covers what comes before it and the payload. */
function frameChecksum(frame: Uint8Array): number {
  return crc32(frame.subarray(frameHeaderBytes), crc32(frame.subarray(0, headBytes)));
}

/**
 * The chunk in the frame that fills `frame` exactly. `maxChunkBytes` bounds what a damaged header can make the
 * decompressor allocate. With `sealing` only a frame that is sealed by it will do, and without it only one that is not. The
 * result may be a view of `frame`.
 */
export function readFrame(frame: Uint8Array, maxChunkBytes: number, sealing?: FrameSealing): Uint8Array {
  if (frame.length < frameHeaderBytes) throw new FrameError('frame is shorter than its header');
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const codec = view.getUint32(0, true);
  const length = view.getUint32(4, true);
  const payloadLength = view.getUint32(8, true);
  if (frameHeaderBytes + payloadLength !== frame.length)
    throw new FrameError('frame has another length than its place');
  if (length > maxChunkBytes) throw new FrameError('chunk is longer than any of this store');
  if (view.getUint32(headBytes, true) !== frameChecksum(frame)) throw new FrameError('checksum differs');
  if (codec > (codecZstd | sealedFlag)) throw new FrameError(`unknown codec ${codec}`);
  const chunk = sealing === undefined ? readPlain(frame, codec, length) : readSealed(frame, codec, length, sealing);
  if (chunk.length !== length) throw new FrameError('chunk has another length than its frame says');
  return chunk;
}

function readPlain(frame: Uint8Array, codec: number, length: number): Uint8Array {
  if (codec & sealedFlag) throw new FrameError('frame is sealed, though its disk is not encrypted');
  return decode(codec, frame.subarray(frameHeaderBytes), length);
}

function readSealed(frame: Uint8Array, codec: number, length: number, sealing: FrameSealing): Uint8Array {
  if (!(codec & sealedFlag)) throw new FrameError('frame is not sealed, though its disk is encrypted');
  const payload = opened(frame, sealing);
  const chunk = decode(codec & ~sealedFlag, payload, length);
  if (chunk !== payload) releaseBuffer(payload);
  return chunk;
}

function opened(frame: Uint8Array, sealing: FrameSealing): Uint8Array {
  try {
    return openPayload(frame.subarray(frameHeaderBytes), frame.subarray(0, headBytes), sealing);
  } catch (error) {
    throw new FrameError('seal is broken', { cause: error });
  }
}

function decode(codec: number, payload: Uint8Array, length: number): Uint8Array {
  if (codec === codecRaw) return payload;
  try {
    return zstdDecompressSync(payload, { chunkSize: Math.max(length, 64), maxOutputLength: Math.max(length, 1) });
  } catch (error) {
    throw new FrameError('payload does not decompress', { cause: error });
  }
}
