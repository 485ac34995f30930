/** Percent-encoding as both signatures have it: of what was decoded, so that it doesn't matter how a client wrote it. */
import type { Values } from './parameters.ts';

/** Every byte of the UTF-8 but letters, digits and `-_.~`. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The parameters in the order of their names. */
export function canonicalQuery(values: Values): string {
  const pairs = [...values].sort(([one], [other]) => (one < other ? -1 : 1));
  return pairs.map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`).join('&');
}
