import { listRegions } from '../../../app/list-regions.ts';
import { oneOf } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { operation } from '../operation.ts';
import { text } from '../parameters.ts';

/** Clients ask here first: Packer once for each region, glci once. */
export const describeRegions = operation({
  service: 'ecs',
  action: 'DescribeRegions',
  summary: 'Lists the regions.',
  right: 'region.read',
  parameters: {
    AcceptLanguage: text(),
    InstanceChargeType: text(),
    ResourceType: oneOf(['instance', 'disk', 'reservedinstance', 'scu'], commonFaults.invalidParameter),
  },
  faults: {},
  async handle({ context, caller, host }) {
    const regions = await listRegions(context, caller);
    return {
      Regions: {
        // Whoever follows the endpoint comes back here: regions are told apart by RegionId.
        Region: regions.map(({ id }) => ({ RegionId: id, LocalName: id, RegionEndpoint: host, Status: 'available' })),
      },
    };
  },
});
