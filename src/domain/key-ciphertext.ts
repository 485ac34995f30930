/**
 * What a caller is given for a data key that it keeps itself. It says which version of which key opens it, so that nothing of it
 * is kept here. To the byte: 1 (the format), the key's id as text, its version in 4 bytes (big-endian), and what was wrapped.
 */
import { isUuid } from './ids.ts';

export interface KeyCiphertext {
  readonly key: string;
  readonly version: number;
  readonly wrapped: Uint8Array;
}

const format = 1;
const idBytes = 36;
const headBytes = 1 + idBytes + 4;

/** Of 64 bytes key providers make less than 200. */
const mostBytes = 1024;

export function writeCiphertext({ key, version, wrapped }: KeyCiphertext): Uint8Array {
  const head = Buffer.alloc(headBytes);
  head.writeUInt8(format, 0);
  head.write(key, 1, 'latin1');
  head.writeUInt32BE(version, 1 + idBytes);
  return Buffer.concat([head, wrapped]);
}

/** Undefined when it has another form. */
export function readCiphertext(bytes: Uint8Array): KeyCiphertext | undefined {
  if (bytes.length <= headBytes || bytes.length > mostBytes || bytes[0] !== format) return undefined;
  const head = Buffer.from(bytes.subarray(0, headBytes));
  const key = head.toString('latin1', 1, 1 + idBytes);
  if (!isUuid(key)) return undefined;
  return { key, version: head.readUInt32BE(1 + idBytes), wrapped: bytes.subarray(headBytes) };
}
