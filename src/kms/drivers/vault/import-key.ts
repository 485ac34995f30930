/** Key material of somebody else's making on its way into Transit, and the proof that it is what is there. */
import { constants, createCipheriv, createDecipheriv, publicEncrypt, randomBytes } from 'node:crypto';

/** RFC 5649, 3: what takes the place of an initial value in AES key wrap with padding. */
const keyWrapPrefix = Buffer.from('a65959a6', 'hex');

/** Of aes256-gcm96, as Transit has it before and behind the ciphertext. */
const nonceBytes = 12;
const tagBytes = 16;

/**
 * `material` for nobody but the owner of the RSA key `wrappingKey` (PEM): wrapped with an ephemeral AES key (RFC 5649), behind
 * that key in RSA-OAEP with SHA-256. Base64.
 */
export function sealForImport(wrappingKey: string, material: Uint8Array): string {
  const ephemeral = randomBytes(32);
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
  const cipher = createCipheriv('id-aes256-wrap-pad', ephemeral, keyWrapPrefix);
  const wrapped = Buffer.concat([cipher.update(material), cipher.final()]);
  const sealed = Buffer.concat([publicEncrypt({ key: wrappingKey, ...padding }, ephemeral), wrapped]);
  ephemeral.fill(0);
  return sealed.toString('base64');
}

/** Whether `ciphertext`, without Transit's prefix, is `plaintext` encrypted with `material`. */
export function isEncryptedWith(material: Uint8Array, ciphertext: Uint8Array, plaintext: Uint8Array): boolean {
  try {
    const decipher = createDecipheriv('aes-256-gcm', material, ciphertext.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAuthTag(ciphertext.subarray(-tagBytes));
    const opened = decipher.update(ciphertext.subarray(nonceBytes, -tagBytes));
    return Buffer.concat([opened, decipher.final()]).equals(plaintext);
  } catch {
    return false;
  }
}
