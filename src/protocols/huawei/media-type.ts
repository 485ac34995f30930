/** Of a `Content-Type`, without what else it says: `application/json`. */
export function mediaTypeOf(contentType = ''): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
}
