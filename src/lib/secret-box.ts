/** Secrets at rest, as text. */
import { seal, unseal } from './seal.ts';

export interface SecretBox {
  /** `place` names what the secret belongs to, such as `access-key:MK…`; it opens for no other. */
  seal(secret: string, place: string): Buffer;
  /** Throws a SealBrokenError. */
  open(sealed: Uint8Array, place: string): string;
}

/** `key`: 32 bytes. */
export function createSecretBox(key: Uint8Array): SecretBox {
  return {
    seal: (secret, place) => seal(key, Buffer.from(secret), place),
    open: (sealed, place) => unseal(key, sealed, place).toString('utf8'),
  };
}
