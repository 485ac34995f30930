import { pageParameters } from '../ecs/paging-parameters.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { text } from '../parameters.ts';
import { listAliasesOf } from './alias-list.ts';
import { noPermission } from './key-faults.ts';
import { regionOf } from './region-of.ts';

export const listAliasesFaults = { noPermission } as const satisfies Faults;

export const listAliases = operation({
  service: 'kms',
  action: 'ListAliases',
  summary: "Lists the aliases of the region's keys, by name.",
  right: 'key.read',
  parameters: { RegionId: text(), ...pageParameters() },
  faults: listAliasesFaults,
  refusals: { forbidden: noPermission },
  async handle(request) {
    return await listAliasesOf(request, { region: regionOf(request) }, request.parameters);
  },
});
