import { pageParameters } from '../ecs/paging-parameters.ts';
import { operation } from '../operation.ts';
import { listAliasesOf } from './alias-list.ts';
import { keyFaults, keyRefusals } from './key-faults.ts';
import { findNamedKey, keyParameters } from './named-key.ts';

export const listAliasesByKeyId = operation({
  service: 'kms',
  action: 'ListAliasesByKeyId',
  summary: 'Lists the aliases of a key, by name.',
  right: 'key.read',
  parameters: { ...keyParameters, ...pageParameters() },
  faults: keyFaults,
  refusals: keyRefusals,
  async handle(request) {
    const { id, region } = await findNamedKey(request);
    return await listAliasesOf(request, { region, key: id }, request.parameters);
  },
});
