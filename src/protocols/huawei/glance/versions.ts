/** Versions of the native API, as clients look for them before anything else. */

import { oneOf, required } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { type Linking, serviceUrl } from '../iam/links.ts';
import { operation } from '../operation.ts';

const versions = [
  { id: 'v2.2', status: 'CURRENT', path: '/v2/' },
  { id: 'v2.1', status: 'SUPPORTED', path: '/v2/' },
  { id: 'v2.0', status: 'SUPPORTED', path: '/v2/' },
  { id: 'v1.1', status: 'DEPRECATED', path: '/v1/' },
  { id: 'v1.0', status: 'DEPRECATED', path: '/v1/' },
] as const;

const { apiNotFound } = commonFaults;

/** Whatever clients ask for next they send to the links' host. `asked`: `v2.1`, or `v2` for all of those; by default all. */
export function glanceVersions(linking: Linking, asked = ''): object {
  const base = serviceUrl('ims', linking);
  const found = versions.filter(({ id }) => asked === '' || id === asked || id.startsWith(`${asked}.`));
  return {
    versions: found.map(({ id, status, path }) => ({ status, id, links: [{ href: `${base}${path}`, rel: 'self' }] })),
  };
}

export const showGlanceVersion = operation({
  service: 'glance',
  method: 'GET',
  route: '/{version}',
  twins: ['/{version}/'],
  name: 'ShowVersion',
  summary: 'Says where a version of the native API is; of v1 or v2 alone, where all of these are.',
  right: 'open',
  path: { version: required(oneOf(['v1', 'v2', ...versions.map(({ id }) => id)], apiNotFound), apiNotFound) },
  faults: {},
  handle: async (request) => ({ status: 300, body: glanceVersions(request, request.parameters.version) }),
});
