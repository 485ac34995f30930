/** Where the services are: what clients go by that know nothing but IAM's address. */
import { createHash } from 'node:crypto';
import type { Caller } from '../../../app/context.ts';
import type { NamedService } from '../hosts.ts';
import { toHexId } from '../ids.ts';
import { type HuaweiContext, operation } from '../operation.ts';
import { type Linking, linkOf } from './links.ts';
import { placedProjects } from './project-view.ts';

interface Entry {
  readonly type: string;
  readonly name: string;
  readonly service: NamedService;
  readonly path: string;
  /** A project of the region is the last part of the path. */
  readonly inProject?: true;
}

/** Without a version in its path glanceclient finds those of the image service, and with one it does not. */
const entries: readonly Entry[] = [
  { type: 'identity', name: 'keystone', service: 'iam', path: '/v3' },
  { type: 'image', name: 'glance', service: 'ims', path: '' },
  { type: 'kms', name: 'key-management', service: 'kms', path: '/v1.0/', inProject: true },
  { type: 'kmsv1', name: 'kmsv1', service: 'kms', path: '/v1.0/', inProject: true },
];

/** The same at each server and after each start. */
function stableId(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join(' ')).digest('hex').slice(0, 32);
}

/**
 * openstackclient takes an endpoint only if its region is the one that it was told. What lies in a project has none in regions
 * where the caller sees no project.
 */
export async function catalogOf(
  { context, hosts }: Linking & { readonly context: HuaweiContext },
  caller: Caller,
): Promise<readonly object[]> {
  const projects = await projectsIn(context, caller);
  return entries.map(({ type, name, service, path, inProject }) => ({
    type,
    name,
    id: stableId(type),
    endpoints: context.regions
      .filter((region) => !inProject || projects.has(region))
      .map((region) => ({
        id: stableId(type, region),
        interface: 'public',
        region,
        region_id: region,
        url: `${hosts.urlOf(service, region)}${path}${inProject ? projects.get(region) : ''}`,
      })),
  }));
}

/** By region the project that the caller's requests are about: the token's own, else the default one, else any. */
async function projectsIn(context: HuaweiContext, caller: Caller): Promise<ReadonlyMap<string, string>> {
  const weight = ({ id, isDefault }: { readonly id: string; readonly isDefault: boolean }) =>
    id === caller.projectId ? 2 : Number(isDefault);
  const found = await placedProjects(context, caller);
  // Of one region the last counts.
  const ascending = found.toSorted((one, other) => weight(one) - weight(other));
  return new Map(ascending.map(({ region, id }) => [region, toHexId(id)]));
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
    return { body: { catalog: await catalogOf(request, request.caller), links } };
  },
});
