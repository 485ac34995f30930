/** Secrets at rest: AES-256-GCM under one key, each bound to the place that it belongs to. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const version = 1;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + nonceBytes;

/** A sealed secret is damaged, was made with another key, or belongs somewhere else. */
export class SealBrokenError extends Error {
  constructor(options?: ErrorOptions) {
    super('a sealed secret cannot be opened: it is damaged, or was sealed with another master key', options);
    this.name = 'SealBrokenError';
  }
}

export interface SecretBox {
  /** `place` names what the secret belongs to, such as `access-key:MK…`; it opens for no other. */
  seal(secret: string, place: string): Buffer;
  /** Throws {@link SealBrokenError}. */
  open(sealed: Uint8Array, place: string): string;
}

/** `key`: 32 bytes. Nonces are random: below 2^32 secrets a repeated one is out of the question (NIST SP 800-38D, 8.3). */
export function createSecretBox(key: Uint8Array): SecretBox {
  return {
    seal(secret, place) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place));
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.of(version), nonce, cipher.getAuthTag(), text]);
    },
    open(sealed, place) {
      try {
        if (sealed[0] !== version) throw new RangeError(`version ${sealed[0]}`);
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, headBytes), {
          authTagLength: tagBytes,
        });
        decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(headBytes, headBytes + tagBytes));
        const text = decipher.update(sealed.subarray(headBytes + tagBytes));
        return Buffer.concat([text, decipher.final()]).toString('utf8');
      } catch (error) {
        throw new SealBrokenError({ cause: error });
      }
    },
  };
}
