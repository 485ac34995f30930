import { fromHex } from './hex.ts';

/** The 16 bytes that a UUID's digits stand for. */
export function uuidBytes(uuid: string): Uint8Array<ArrayBuffer> {
  return fromHex(uuid.replaceAll('-', ''));
}
