/**
 * Percent-encoding of bytes, each of them a character (Latin-1). Text would be another matter: bytes that are no UTF-8
 * all decode to U+FFFD, and a signature of one such path would be good for another.
 */

/** Every byte but letters, digits and `-_.~`. */
export function percentEncode(bytes: string): string {
  return bytes.replaceAll(
    /[^A-Za-z0-9\-_.~]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** `which` escapes become the byte that they stand for; what begins like one and is none stays as it is. */
export function percentDecode(text: string, which: 'all' | 'beyond ASCII' = 'all'): string {
  const escapes = which === 'all' ? /%([0-9a-f]{2})/gi : /%([89a-f][0-9a-f])/gi;
  return text.replaceAll(escapes, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
