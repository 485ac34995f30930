/**
 * Gives a large buffer's memory back now. V8 lets each thread gather 64 MiB of buffers that nobody uses any more before it
 * collects them, which for a server and its worker threads was most of what they took (docs/adr/0005). For buffers that
 * nothing else has a view of; small ones share Node's pool and are left alone.
 */
export function releaseBuffer({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}
