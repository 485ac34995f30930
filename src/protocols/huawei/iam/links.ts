/** Addresses of the services, and of IAM's resources. */
import type { Hosts, NamedService } from '../hosts.ts';
import type { HuaweiContext } from '../operation.ts';

export interface Linking {
  readonly context: Pick<HuaweiContext, 'regions'>;
  readonly hosts: Hosts;
}

/** Of the service, where the client can reach it: without a slash at its end. */
export function serviceUrl(service: NamedService, { context, hosts }: Linking): string {
  return hosts.urlOf(service, hosts.region ?? context.regions[0] ?? '');
}

/** `path`: below the version, `projects/…`. */
export function linkOf(linking: Linking, path: string): { readonly self: string } {
  return { self: `${serviceUrl('iam', linking)}/v3/${path}` };
}

/** Of a list; clients that want another page of it ask by its number. */
export function linksOf(linking: Linking & { readonly search: string }, path: string): object {
  const query = linking.search === '' ? '' : `?${linking.search}`;
  return { ...linkOf(linking, `${path}${query}`), previous: null, next: null };
}
