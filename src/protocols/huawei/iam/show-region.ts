import { FaultError } from '../../shared/faults.ts';
import { required, text } from '../../shared/parameters.ts';
import { operation } from '../operation.ts';
import { plainFaults } from '../plain-faults.ts';
import { viewRegion } from './region-view.ts';

const faults = { notFound: plainFaults[404] };

export const showRegion = operation({
  service: 'iam',
  method: 'GET',
  route: '/v3/regions/{region_id}',
  name: 'KeystoneShowRegion',
  summary: 'Shows a region.',
  right: 'region.read',
  path: { region_id: required(text({ fault: faults.notFound }), faults.notFound) },
  faults,
  async handle(request) {
    const { region_id: id } = request.parameters;
    if (!request.context.regions.includes(id)) throw new FaultError(faults.notFound);
    return { body: { region: viewRegion(request, id) } };
  },
});
