import { isIP } from 'node:net';
import { EgressError } from './egress-error.ts';

/** As long as any client and server agree upon. */
const longest = 2048;

/** Nothing that `new URL` would repair: white space, control characters, backslashes, missing slashes, credentials. */
const plainUrl = /^https?:\/\/([^\s\p{Cc}\\/?#@]+)([/?#][^\s\p{Cc}\\]*)?$/iu;

/** Where a request goes. */
export interface Target {
  readonly url: URL;
  /** The host if it is an IP address, without brackets. */
  readonly address: string | undefined;
}

/**
 * Reads a URL that somebody gave. An address must be written as `new URL` writes it: whoever else reads the URL, a proxy or
 * a person, must see the same address in it.
 */
export function parseTarget(text: string): Target {
  if (text.length > longest) throw new EgressError('url', `it has more than ${longest} characters`);
  const authority = plainUrl.exec(text)?.[1];
  if (authority === undefined || !URL.canParse(text)) {
    throw new EgressError('url', 'it must be an http:// or https:// URL without credentials, spaces or backslashes');
  }
  const url = new URL(text);
  const address = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(address) === 0) return { url, address: undefined };
  if (authority.replace(/:\d*$/, '').toLowerCase() !== url.hostname) {
    throw new EgressError('url', `the address must be written ${url.hostname}`);
  }
  return { url, address };
}
