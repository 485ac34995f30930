import { listKeys as listOwnKeys } from '../../../app/keys/list-keys.ts';
import { mostKeys } from '../../../domain/key.ts';
import { pageOf, pageParameters } from '../ecs/paging-parameters.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { text } from '../parameters.ts';
import { noPermission } from './key-faults.ts';
import { fits, keyFilters } from './key-filters.ts';
import { keyArn } from './key-names.ts';
import { regionOf } from './region-of.ts';

export const listKeysFaults = { noPermission } as const satisfies Faults;

export const listKeys = operation({
  service: 'kms',
  action: 'ListKeys',
  summary: "Lists the region's keys, newest first.",
  right: 'key.read',
  parameters: { RegionId: text(), ...pageParameters(), Filters: keyFilters },
  faults: listKeysFaults,
  refusals: { forbidden: noPermission },
  async handle(request) {
    const { context, caller, parameters } = request;
    const { PageNumber, PageSize, Filters } = parameters;
    const listed = await listOwnKeys(context, caller, { region: regionOf(request), limit: mostKeys });
    const keys = listed.keys.filter((key) => fits(caller, key, Filters));
    const page = pageOf(keys, parameters);
    return {
      TotalCount: keys.length,
      PageNumber,
      PageSize,
      Keys: { Key: page.map((key) => ({ KeyId: key.id, KeyArn: keyArn(caller, key) })) },
    };
  },
});
