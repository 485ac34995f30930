import type { Caller } from '../../../../app/context.ts';
import { FaultError } from '../../../shared/faults.ts';
import { readId } from '../../ids.ts';
import { plainFaults } from '../../plain-faults.ts';

/** Nobody asks about another account's agencies, be there such an account or not. */
export function demandOwnDomain({ accountId }: Caller, domain: string | undefined): void {
  if (domain && readId(domain) !== accountId) throw new FaultError(plainFaults[403]);
}
