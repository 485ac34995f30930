/** Reads the fixed fields of an on-disk structure. */
export interface Fields {
  readonly bytes: Uint8Array;
  u8(at: number): number;
  u16(at: number): number;
  u32(at: number): number;
  /** Rounded above 2^53, which no offset or size that is accepted reaches: comparisons with a bound stay right. */
  u64(at: number): number;
  /** One character a byte. */
  text(at: number, length: number): string;
}

export function littleEndian(bytes: Uint8Array): Fields {
  return fields(bytes, true);
}

export function bigEndian(bytes: Uint8Array): Fields {
  return fields(bytes, false);
}

function fields(bytes: Uint8Array, little: boolean): Fields {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    bytes,
    u8: (at) => view.getUint8(at),
    u16: (at) => view.getUint16(at, little),
    u32: (at) => view.getUint32(at, little),
    u64: (at) => Number(view.getBigUint64(at, little)),
    text: (at, length) => latin1(bytes.subarray(at, at + length)),
  };
}

/** One character a byte, so that no sequence of bytes is lost or invalid. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
