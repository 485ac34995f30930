import { findKey } from '../../../app/keys/find-key.ts';
import { isUuid } from '../../../domain/ids.ts';
import type { Key } from '../../../domain/key.ts';
import { RefusalError } from '../../../domain/refusal.ts';
import { FaultError } from '../../shared/faults.ts';
import type { OperationRequest } from '../operation.ts';
import { required, text } from '../parameters.ts';
import { keyFaults, missing } from './key-faults.ts';
import { readAlias } from './key-names.ts';
import { regionOf } from './region-of.ts';

export const keyParameters = { RegionId: text(), KeyId: required(text(), missing) };

/** The account's key of this id; one of another region does not exist. */
export async function findNamedKey(request: OperationRequest<typeof keyParameters>): Promise<Key> {
  const { context, caller, parameters } = request;
  const { KeyId } = parameters;
  const region = regionOf(request);
  if (readAlias(KeyId) !== undefined) throw new FaultError(keyFaults.unsupportedAlias);
  if (!isUuid(KeyId)) throw new RefusalError('key.not-found', { key: KeyId });
  return await findKey(context, caller, KeyId, { region });
}
