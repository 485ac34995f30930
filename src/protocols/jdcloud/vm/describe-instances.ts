import { operation } from '../operation.ts';

/** Clients check their keys with it, some with a page shorter than the cloud says it may be. */
export const describeInstances = operation({
  service: 'vm',
  method: 'GET',
  route: '/instances',
  name: 'describeInstances',
  summary: 'Lists instances: there are none, whatever is asked for.',
  right: null,
  faults: {},
  handle: async () => ({ instances: [], totalCount: 0 }),
});
