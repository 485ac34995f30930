import { operation } from '../operation.ts';
import { linksOf } from './links.ts';
import { viewRegion } from './region-view.ts';

export const listRegions = operation({
  service: 'iam',
  method: 'GET',
  route: '/v3/regions',
  name: 'KeystoneListRegions',
  summary: 'Lists the regions.',
  right: 'region.read',
  faults: {},
  async handle(request) {
    const regions = request.context.regions.map((region) => viewRegion(request, region));
    return { body: { regions, links: linksOf(request, 'regions') } };
  },
});
