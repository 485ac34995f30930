import { glanceVersions } from './glance/versions.ts';
import { identityVersions } from './iam/versions.ts';
import { operation } from './operation.ts';

/** Which service is asked the host's name tells; without one it is the image service, as IAM's clients begin at `/v3`. */
export const listVersions = operation({
  service: 'glance',
  method: 'GET',
  route: '/',
  twins: ['/versions'],
  name: 'ListVersions',
  summary: "Lists the versions of the native API; on a host of IAM's, those of Keystone.",
  right: 'open',
  faults: {},
  async handle(request) {
    const body = request.hosts.service === 'iam' ? identityVersions(request) : glanceVersions(request);
    return { status: 300, body };
  },
});
