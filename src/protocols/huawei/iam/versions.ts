/** Versions of Keystone's API. */
import { operation } from '../operation.ts';
import { type Linking, serviceUrl } from './links.ts';

/** openstackclient sends what follows to the link's host. */
function version(linking: Linking): object {
  return {
    id: 'v3.6',
    status: 'stable',
    updated: '2016-04-04T00:00:00Z',
    links: [{ rel: 'self', href: `${serviceUrl('iam', linking)}/v3/` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  };
}

export function identityVersions(linking: Linking): object {
  return { versions: { values: [version(linking)] } };
}

export const showIdentityVersion = operation({
  service: 'iam',
  method: 'GET',
  route: '/v3',
  twins: ['/v3/'],
  name: 'KeystoneShowVersion',
  summary: 'Tells of version 3 of the API.',
  right: 'open',
  faults: {},
  handle: async (request) => ({ body: { version: version(request) } }),
});
