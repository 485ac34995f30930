import { readRegionQuotas } from '../../../app/quotas.ts';
import { operation } from '../operation.ts';
import { oneOf, required } from '../parameters.ts';

/** At the same path as the other service's `describeQuotas`, and with another answer. */
export const describeQuota = operation({
  service: 'disk',
  method: 'GET',
  route: '/quotas',
  name: 'describeQuota',
  summary: 'Shows how many snapshots the account has in the region and may have; there are no disks and no policies.',
  right: 'quota.read',
  query: { type: required(oneOf(['disk', 'snapshot', 'snapshot_policy'])) },
  faults: {},
  async handle({ context, caller, region, parameters: { type } }) {
    if (type !== 'snapshot') return { quota: { limit: 0, used: 0 } };
    const { limit, used } = (await readRegionQuotas(context, caller, region)).snapshots;
    return { quota: { limit, used } };
  },
});
