/** Addresses of IAM's resources. */
import type { Hosts } from '../hosts.ts';
import type { HuaweiContext } from '../operation.ts';

export interface Linking {
  readonly context: Pick<HuaweiContext, 'regions'>;
  readonly hosts: Hosts;
}

/** Of IAM, where the client can reach it: without a slash at its end. */
export function identityUrl({ context, hosts }: Linking): string {
  return hosts.urlOf('iam', hosts.region ?? context.regions[0] ?? '');
}

/** `path`: below the version, `projects/…`. */
export function linkOf(linking: Linking, path: string): { readonly self: string } {
  return { self: `${identityUrl(linking)}/v3/${path}` };
}

/** Of a list; clients that want another page of it ask by its number. */
export function linksOf(linking: Linking & { readonly search: string }, path: string): object {
  const query = linking.search === '' ? '' : `?${linking.search}`;
  return { ...linkOf(linking, `${path}${query}`), previous: null, next: null };
}
