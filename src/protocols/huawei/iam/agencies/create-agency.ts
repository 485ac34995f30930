import { createAgency as createOwnAgency } from '../../../../app/tenants/agencies.ts';
import { FaultError } from '../../../shared/faults.ts';
import { object, required, text } from '../../../shared/parameters.ts';
import { operation } from '../../operation.ts';
import { demandOwnDomain } from '../own-domain.ts';
import { agencyFaults as faults } from './agency-faults.ts';
import { agencyParameters } from './agency-parameters.ts';
import { viewAgency } from './agency-view.ts';
import { readTrust } from './trust.ts';

const { malformed, missing, forbidden, trustNotFound, nameTaken } = faults;

const agency = object(
  {
    name: required(text({ rule: '1 to 64 characters, none of them a control character', fault: malformed }), missing),
    domain_id: required(text({ rule: "the caller's own", fault: malformed }), missing),
    ...agencyParameters,
  },
  malformed,
);

/** It is granted nothing yet. */
export const createAgency = operation({
  service: 'iam',
  method: 'POST',
  route: '/v3.0/OS-AGENCY/agencies',
  name: 'CreateAgency',
  summary: 'Makes an agency, by which another domain or the image service can act in this one.',
  right: 'agency.manage',
  body: { agency: required(agency, missing) },
  faults: { malformed, missing, forbidden, trustNotFound, nameTaken },
  refusals: {
    'account.not-found': trustNotFound,
    'agency.exists': nameTaken,
  },
  async handle({ context, caller, parameters }) {
    const { name, domain_id, description = '', duration: lasts = null, ...trust } = parameters.agency;
    demandOwnDomain(caller, domain_id);
    const trustedAccount = readTrust(trust);
    if (trustedAccount === undefined) throw new FaultError(missing, 'agency.trust_domain_name');
    const expiresAt = lasts === null ? null : context.clock.now() + lasts;
    const command = { name, description, trustedAccount, grants: [], expiresAt };
    const { result } = await createOwnAgency(context, caller, command);
    return { status: 201, body: await viewAgency(context, result) };
  },
});
