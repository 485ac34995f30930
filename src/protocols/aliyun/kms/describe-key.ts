import { findKey, listKeyVersions } from '../../../app/keys/find-key.ts';
import { isUuid } from '../../../domain/ids.ts';
import type { Key } from '../../../domain/key.ts';
import { isRefusal, RefusalError } from '../../../domain/refusal.ts';
import { FaultError } from '../../shared/faults.ts';
import type { Faults } from '../fault.ts';
import { type OperationRequest, operation } from '../operation.ts';
import { required, text } from '../parameters.ts';
import { aliasNotFound, keyFaults, keyRefusals, missing } from './key-faults.ts';
import { keyArn, readAlias } from './key-names.ts';
import { viewKey } from './key-view.ts';
import { regionOf } from './region-of.ts';

const { noPermission, keyNotFound } = keyFaults;

export const describeKeyFaults = { missing, noPermission, keyNotFound, aliasNotFound } as const satisfies Faults;

const parameters = {
  RegionId: text(),
  KeyId: {
    ...required(text(), missing),
    rule: 'an id, an alias with alias/ before it, or the ARN of a key of the account',
  },
};

export const describeKey = operation({
  service: 'kms',
  action: 'DescribeKey',
  summary: 'Tells of a key.',
  right: 'key.read',
  parameters,
  faults: describeKeyFaults,
  refusals: keyRefusals,
  async handle(request) {
    const { context, caller } = request;
    const key = await findAnyhow(request);
    const { versions } = await listKeyVersions(context, caller, key.id, { limit: 1 });
    return { KeyMetadata: viewKey(caller, key, versions[0]) };
  },
});

/** By whatever it is called. */
async function findAnyhow(request: OperationRequest<typeof parameters>): Promise<Key> {
  const { context, caller } = request;
  const { KeyId } = request.parameters;
  const region = regionOf(request);
  const alias = readAlias(KeyId);
  if (alias !== undefined) {
    // In the core an id stands wherever an alias may.
    if (isUuid(alias)) throw new FaultError(aliasNotFound);
    return await findKey(context, caller, alias, { region }).catch((error: unknown) => {
      throw isRefusal(error, 'key.not-found') ? new FaultError(aliasNotFound) : error;
    });
  }
  const id = KeyId.slice(KeyId.lastIndexOf('/') + 1);
  if (!isUuid(id) || (KeyId !== id && KeyId !== keyArn(caller, { region, id }))) {
    throw new RefusalError('key.not-found', { key: KeyId });
  }
  return await findKey(context, caller, id, { region });
}
