/** Where the services are: what clients go by that know nothing but IAM's address. */
import { createHash } from 'node:crypto';
import type { NamedService } from '../hosts.ts';
import { operation } from '../operation.ts';
import { type Linking, linkOf } from './links.ts';

interface Entry {
  readonly type: string;
  readonly name: string;
  readonly service: NamedService;
  readonly path: string;
}

/** Without a version in its path glanceclient finds those of the image service, and with one it does not. */
const entries: readonly Entry[] = [
  { type: 'identity', name: 'keystone', service: 'iam', path: '/v3' },
  { type: 'image', name: 'glance', service: 'ims', path: '' },
];

/** The same at each server and after each start. */
function stableId(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join(' ')).digest('hex').slice(0, 32);
}

/** openstackclient takes an endpoint only if its region is the one that it was told. */
export function catalogOf({ context, hosts }: Linking): readonly object[] {
  return entries.map(({ type, name, service, path }) => ({
    type,
    name,
    id: stableId(type),
    endpoints: context.regions.map((region) => ({
      id: stableId(type, region),
      interface: 'public',
      region,
      region_id: region,
      url: `${hosts.urlOf(service, region)}${path}`,
    })),
  }));
}

export const showCatalog = operation({
  service: 'iam',
  method: 'GET',
  route: '/v3/auth/catalog',
  name: 'KeystoneShowCatalog',
  summary: 'Lists the services and where they are in each region.',
  right: null,
  faults: {},
  async handle(request) {
    const links = { ...linkOf(request, 'auth/catalog'), previous: null, next: null };
    return { body: { catalog: catalogOf(request), links } };
  },
});
