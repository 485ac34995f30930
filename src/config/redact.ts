/** What may be shown of secrets. */
const hidden = '********';

export function hideAll(): string {
  return hidden;
}

/** A database's URL without its passwords; all of it is hidden if it can't be told where they are. */
export function hidePassword(value: unknown): string {
  const url = URL.parse(String(value));
  // A password with a slash, question mark or hash in it ends up behind the host, its @ with it.
  if (url === null || /@/.test(url.pathname + url.search + url.hash)) return hidden;
  if (url.password !== '') url.password = hidden;
  for (const name of [...url.searchParams.keys()]) {
    if (/pass/i.test(name)) url.searchParams.set(name, hidden);
  }
  return url.href;
}
