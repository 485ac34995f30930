/**
 * What is secret about the frame of an encrypted disk (docs/formats.md, "Sealed frame"): AES-256-GCM, bound to the chunk, to
 * the data key and to what the frame's header says, so that a frame opens in its own place only.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { releaseBuffer } from '../lib/release-buffer.ts';
import { uuidBytes } from '../lib/uuid-bytes.ts';
import type { ChunkId } from './chunk-index.ts';

/** A data key, as far as frames need it. */
export interface SealedBy {
  /** The data key's UUID. */
  readonly id: string;
  /** The key that was derived from it for frames; 32 bytes. */
  readonly key: Uint8Array;
}

/** What one frame is sealed with and bound to. */
export interface FrameSealing {
  readonly sealedBy: SealedBy;
  readonly id: ChunkId;
}

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** What sealing adds to a payload. */
export const sealBytes = nonceBytes + tagBytes;

/**
 * Seals `payload` into `target`, which is {@link sealBytes} longer. `head` is what the frame's header says. Nonces are random:
 * below 2^32 frames of one data key a repeated one is out of the question (NIST SP 800-38D, 8.3); that is a PiB of disk.
 */
export function sealPayload(
  payload: Uint8Array,
  head: Uint8Array,
  sealing: FrameSealing,
  target: Uint8Array,
  nonce: Uint8Array = randomBytes(nonceBytes),
): void {
  const cipher = createCipheriv(algorithm, sealing.sealedBy.key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(boundTo(head, sealing));
  const sealed = cipher.update(payload);
  cipher.final();
  target.set(nonce, 0);
  target.set(sealed, nonceBytes);
  target.set(cipher.getAuthTag(), nonceBytes + sealed.length);
  releaseBuffer(sealed);
}

/** The payload that was sealed, in a buffer of its own. Throws unless every byte, and all that it is bound to, is as it was. */
export function openPayload(sealed: Uint8Array, head: Uint8Array, sealing: FrameSealing): Uint8Array {
  if (sealed.length < sealBytes) throw new RangeError('payload is shorter than its seal');
  const tagAt = sealed.length - tagBytes;
  const nonce = sealed.subarray(0, nonceBytes);
  const decipher = createDecipheriv(algorithm, sealing.sealedBy.key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(boundTo(head, sealing)).setAuthTag(sealed.subarray(tagAt));
  const payload = decipher.update(sealed.subarray(nonceBytes, tagAt));
  decipher.final();
  return payload;
}

function boundTo(head: Uint8Array, { id, sealedBy }: FrameSealing): Uint8Array {
  return Buffer.concat([head, id, uuidBytes(sealedBy.id)]);
}
