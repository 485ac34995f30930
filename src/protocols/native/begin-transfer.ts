import type { Caller } from '../../app/context.ts';
import type { Transfers } from '../shared/transfers.ts';
import { protocolError } from './protocol-error.ts';

/** Begins one for the caller, or refuses it as `transfers.busy`; what it returns ends it. */
export function beginTransfer({ begin }: Transfers, { accountId }: Caller): () => void {
  const end = begin(accountId);
  if (end === undefined) throw protocolError('transfers.busy', {}, { 'retry-after': '10' });
  return end;
}
