import { readQuotas } from '../../../app/quotas.ts';
import type { Quotas } from '../../../domain/quota.ts';
import { oneOf, required } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { operation } from '../operation.ts';

const { parameterInvalid, parameterMissing } = commonFaults;

/** At the same path as the other service's `describeQuotas`, and with another answer. */
export const describeQuota = operation({
  service: 'disk',
  method: 'GET',
  route: '/quotas',
  name: 'describeQuota',
  summary: 'Shows how many snapshots the account has in the region and may have; there are no disks and no policies.',
  right: 'quota.read',
  query: { type: required(oneOf(['disk', 'snapshot', 'snapshot_policy'], parameterInvalid), parameterMissing) },
  faults: {},
  async handle({ context, caller, region, parameters: { type } }) {
    if (type !== 'snapshot') return { quota: { limit: 0, used: 0 } };
    const [own] = await readQuotas(context, caller, { region });
    const { limit, used } = (own as { readonly quotas: Quotas }).quotas.snapshots;
    return { quota: { limit, used } };
  },
});
