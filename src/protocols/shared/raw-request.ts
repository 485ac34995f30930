/** A request's parts as they were sent. */

/** Path and query of a URL. */
export function splitUrl(url: string): readonly [path: string, query: string] {
  const question = url.indexOf('?');
  return question < 0 ? [url, ''] : [url.slice(0, question), url.slice(question + 1)];
}

/** Of Node's list that has names and values by turns; names in lower case. */
export function headerPairs(rawHeaders: readonly string[]): (readonly [name: string, value: string])[] {
  return Array.from({ length: Math.floor(rawHeaders.length / 2) }, (_, index) => [
    rawHeaders[2 * index]?.toLowerCase() ?? '',
    rawHeaders[2 * index + 1] ?? '',
  ]);
}

const noBody = new Uint8Array();

/** What a content type parser has left of a body, if it left bytes at all. */
export function bytesOf(body: unknown): Uint8Array {
  return body instanceof Uint8Array ? body : noBody;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Throws where it is no JSON, or no UTF-8. */
export function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(decoder.decode(bytes));
}
