import { listAgencies as listOwnAgencies } from '../../../../app/tenants/agencies.ts';
import { text } from '../../../shared/parameters.ts';
import { operation } from '../../operation.ts';
import { demandOwnDomain } from '../own-domain.ts';
import { mostPerPage, pageOf, pageParameters } from '../paging.ts';
import { agencyFaults } from './agency-faults.ts';
import { viewAgencies } from './agency-view.ts';
import { trustedId } from './trust.ts';

const { malformed, forbidden } = agencyFaults;

export const listAgencies = operation({
  service: 'iam',
  method: 'GET',
  route: '/v3.0/OS-AGENCY/agencies',
  name: 'ListAgencies',
  summary: "Lists the domain's agencies by name.",
  right: 'agency.read',
  query: {
    domain_id: text({ rule: "the caller's own", fault: malformed }),
    name: text({ fault: malformed }),
    trust_domain_id: text({ fault: malformed }),
    ...pageParameters,
  },
  faults: { malformed, forbidden },
  async handle({ context, caller, parameters }) {
    const { domain_id, name, trust_domain_id } = parameters;
    demandOwnDomain(caller, domain_id);
    const { agencies } = await listOwnAgencies(context, caller, { limit: mostPerPage });
    const found = agencies.filter((agency) => {
      const isTrusted = !trust_domain_id || trustedId(agency.trustedAccountId) === trust_domain_id;
      return isTrusted && (!name || agency.name === name);
    });
    return { body: { agencies: await viewAgencies(context, pageOf(found, parameters)) } };
  },
});
