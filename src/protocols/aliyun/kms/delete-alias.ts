import { deleteKeyAlias } from '../../../app/keys/key-aliases.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { text } from '../parameters.ts';
import { aliasParameter } from './alias-parameter.ts';
import { aliasNotFound, missing, noPermission } from './key-faults.ts';
import { readAlias } from './key-names.ts';
import { regionOf } from './region-of.ts';

export const deleteAliasFaults = { missing, noPermission, aliasNotFound } as const satisfies Faults;

export const deleteAlias = operation({
  service: 'kms',
  action: 'DeleteAlias',
  summary: 'Takes a name away from a key; the key itself stays.',
  right: 'key.manage',
  deed: 'key.alias-delete',
  parameters: { RegionId: text(), AliasName: aliasParameter },
  faults: deleteAliasFaults,
  refusals: { forbidden: noPermission, 'key.alias-not-found': aliasNotFound },
  async handle(request) {
    const { context, caller, parameters } = request;
    await deleteKeyAlias(context, caller, {
      region: regionOf(request),
      name: readAlias(parameters.AliasName) as string,
    });
    return {};
  },
});
