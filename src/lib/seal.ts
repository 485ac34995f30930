/** Small things at rest: AES-256-GCM under one key, each bound to the place that it belongs to. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const version = 1;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + nonceBytes;

/** What was sealed is damaged, was sealed with another key, or belongs somewhere else. */
export class SealBrokenError extends Error {
  constructor(options?: ErrorOptions) {
    super('a sealed secret cannot be opened: it is damaged, or was sealed with another master key', options);
    this.name = 'SealBrokenError';
  }
}

/**
 * Version, nonce, tag and ciphertext. `key`: 32 bytes; `place`: what it opens for. Nonces are random: below 2^32 seals of a key a
 * repeated one is out of the question (NIST SP 800-38D, 8.3).
 */
export function seal(key: Uint8Array, bytes: Uint8Array, place: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place));
  const text = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return Buffer.concat([Buffer.of(version), nonce, cipher.getAuthTag(), text]);
}

/** Throws {@link SealBrokenError}. */
export function unseal(key: Uint8Array, sealed: Uint8Array, place: string): Buffer {
  try {
    if (sealed[0] !== version) throw new RangeError(`version ${sealed[0]}`);
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, headBytes), { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(headBytes, headBytes + tagBytes));
    const bytes = decipher.update(sealed.subarray(headBytes + tagBytes));
    return Buffer.concat([bytes, decipher.final()]);
  } catch (error) {
    throw new SealBrokenError({ cause: error });
  }
}
