/** Paths of the dialect, whose last part may name an action: `/v1/regions/cn-north-1/images/img-a:share`. */
import type { IncomingMessage } from 'node:http';
import { splitUrl } from '../shared/raw-request.ts';

const base = '/v1/regions/';

/** Which of a server's requests are in this dialect. */
export function isJdcloud({ url = '' }: Pick<IncomingMessage, 'url'>): boolean {
  return readPath(url).startsWith(base);
}

/**
 * The path of a URL as it is signed: decoded, with no empty parts. Clients send `:` as `%3A` or as it is. One that
 * cannot be decoded, which the router has refused before, is nobody's.
 */
export function readPath(url: string): string {
  try {
    return decodeURIComponent(splitUrl(url)[0]).replaceAll(/\/{2,}/g, '/');
  } catch {
    return '';
  }
}

export type PathValues = Readonly<Record<string, string>>;

/** Matches whole paths against `/v1/regions/{regionId}` and the route; a value ends at `/` or `:`. */
export function compileRoute(route: string): (path: string) => PathValues | undefined {
  const pattern = `${base}{regionId}${route}`.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/:]+)');
  const expression = new RegExp(`^${pattern}$`);
  return (path) => expression.exec(path)?.groups;
}
