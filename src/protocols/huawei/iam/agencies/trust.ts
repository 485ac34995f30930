/** Whom an agency trusts: another domain, or a service of the cloud, which is written as a domain of its own. */
import { FaultError } from '../../../shared/faults.ts';
import { readId, toHexId } from '../../ids.ts';
import { agencyFaults } from './agency-faults.ts';

/** The image service. Its id is of Mimeo's own making and never changes: clients keep it. */
export const imageService = { id: '1f0c7a5e94d24b0f8a6be3d17c25f048', name: 'op_svc_ims' } as const;

interface Trust {
  readonly trust_domain_id: string | undefined;
  readonly trust_domain_name: string | undefined;
}

/** As the core has it: an account's name or id, null for the image service; undefined where nobody is named. The name wins. */
export function readTrust({ trust_domain_id: id, trust_domain_name: name }: Trust): string | null | undefined {
  if (name) return name === imageService.name ? null : name;
  if (!id) return undefined;
  if (id === imageService.id) return null;
  const account = readId(id);
  if (account === undefined) throw new FaultError(agencyFaults.trustNotFound);
  return account;
}

/** How clients see the core's. */
export function trustedId(accountId: string | null): string {
  return accountId === null ? imageService.id : toHexId(accountId);
}
