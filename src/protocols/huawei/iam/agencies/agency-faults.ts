/** What IAM says to whoever makes, changes or looks at an agency, or at what it was granted. */
import { FaultError } from '../../../shared/faults.ts';
import type { RefusalFaults } from '../../../shared/refusals.ts';
import type { Faults } from '../../fault.ts';
import { toHexId } from '../../ids.ts';
import { plainFaults } from '../../plain-faults.ts';

export const agencyFaults = {
  malformed: {
    ...plainFaults[400],
    when: 'the body is no JSON object or a value breaks its rule, nothing is to be changed, or the agency would trust its own domain',
  },
  missing: {
    status: 400,
    code: '400',
    message: "'%s' is a required property",
    when: 'the agency, its name, its domain_id or whom it trusts is missing',
  },
  forbidden: {
    ...plainFaults[403],
    when: "the caller's role does not allow it, he acts by an agency or by temporary credentials, or domain_id is not his domain's",
  },
  agencyNotFound: {
    status: 404,
    code: '404',
    message: 'Could not find agency: %s.',
    when: 'the domain has no agency of this id',
  },
  trustNotFound: {
    status: 404,
    code: '404',
    message: 'TrustDomainNotFound',
    when: 'trust_domain_name or trust_domain_id names no domain, nor op_svc_ims: other services there are none',
  },
  nameTaken: {
    status: 409,
    code: '409',
    message: 'The agency already exists.',
    when: 'the domain has an agency of this name',
  },
} as const satisfies Faults;

export const grantFaults = {
  malformed: { ...plainFaults[400], when: 'the agency has as many grants as there can be, 100' },
  forbidden: {
    ...plainFaults[403],
    when: `${agencyFaults.forbidden.when}; or the role is secu_admin or te_agency, which no agency can have`,
  },
  agencyNotFound: agencyFaults.agencyNotFound,
  roleNotFound: {
    status: 404,
    code: '404',
    message: 'Could not find role: %s',
    when: 'there is no role of this id; to look whether the agency has it, that it has not',
  },
  projectNotFound: {
    status: 404,
    code: '404',
    message: 'Could not find project: %s.',
    when: 'the domain has no project of this id',
  },
} as const satisfies Faults;

/** Of operations that name an agency in their paths. */
export const agencyRefusals: RefusalFaults = {
  'agency.not-found': ({ agency }) => new FaultError(agencyFaults.agencyNotFound, toHexId(agency)),
};
