/** Paths of the dialect, whose last part may name an action: `/v1/regions/cn-north-1/images/img-a:share`. */
import type { IncomingMessage } from 'node:http';
import { splitUrl } from '../shared/raw-request.ts';

const base = '/v1/regions/';

/** Which of a server's requests are in this dialect. */
export function isJdcloud({ url = '' }: Pick<IncomingMessage, 'url'>): boolean {
  return url.startsWith(base);
}

/**
 * The path of a URL as it is signed: decoded, with no empty parts. Clients send `:` as `%3A` or as it is. Undefined where it
 * cannot be decoded.
 */
export function readPath(url: string): string | undefined {
  try {
    return decodeURIComponent(splitUrl(url)[0]).replaceAll(/\/{2,}/g, '/');
  } catch {
    return undefined;
  }
}

export type PathValues = Readonly<Record<string, string>>;

/** Matches whole paths against `/v1/regions/{regionId}` and the route; what a value is ends at `/` or `:`. */
export function compileRoute(route: string): (path: string) => PathValues | undefined {
  const pattern = `${base}{regionId}${route}`.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/:]+)');
  const expression = new RegExp(`^${pattern}$`);
  return (path) => expression.exec(path)?.groups;
}
