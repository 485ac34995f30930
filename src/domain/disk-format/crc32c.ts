const reversedPolynomial = 0x82f63b78;

/** CRC-32C (Castagnoli), bit by bit: it is only asked for a few KiB of headers. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 0 ? 0 : reversedPolynomial);
  }
  return ~crc >>> 0;
}
