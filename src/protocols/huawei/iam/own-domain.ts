import type { Caller } from '../../../app/context.ts';
import { FaultError } from '../../shared/faults.ts';
import { readId } from '../ids.ts';
import { plainFaults } from '../plain-faults.ts';

/** Nobody asks about another account, be there such a one or not; who names none means his own. */
export function demandOwnDomain({ accountId }: Caller, domain: string | undefined): void {
  if (domain && readId(domain) !== accountId) throw new FaultError(plainFaults[403]);
}
