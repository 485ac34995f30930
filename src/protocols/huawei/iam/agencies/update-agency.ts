import { findAgency, updateAgency as updateOwnAgency } from '../../../../app/tenants/agencies.ts';
import { FaultError } from '../../../shared/faults.ts';
import { object, required } from '../../../shared/parameters.ts';
import { operation } from '../../operation.ts';
import { agencyRefusals, agencyFaults as faults } from './agency-faults.ts';
import { agencyId, agencyParameters } from './agency-parameters.ts';
import { viewAgency } from './agency-view.ts';
import { readTrust } from './trust.ts';

const { malformed, missing, forbidden, agencyNotFound, trustNotFound } = faults;

/** The name stays: it is what copies and other domains know the agency by. */
export const updateAgency = operation({
  service: 'iam',
  method: 'PUT',
  route: '/v3.0/OS-AGENCY/agencies/{agency_id}',
  name: 'UpdateAgency',
  summary: 'Changes whom an agency trusts, its description or how long it lasts, each of them if it is given.',
  right: 'agency.manage',
  path: { agency_id: agencyId },
  body: { agency: required(object(agencyParameters, malformed), missing) },
  faults: { malformed, missing, forbidden, agencyNotFound, trustNotFound },
  refusals: { ...agencyRefusals, 'account.not-found': trustNotFound },
  async handle({ context, caller, parameters }) {
    const { agency_id: id, agency } = parameters;
    const { description, duration: lasts, ...trust } = agency;
    const trustedAccount = readTrust(trust);
    if (trustedAccount === undefined && description === undefined && lasts === undefined) {
      throw new FaultError(malformed, 'agency has nothing to change');
    }
    const { createdAt } = await findAgency(context, caller, id);
    const expiresAt = typeof lasts === 'number' ? createdAt + lasts : lasts;
    const updated = await updateOwnAgency(context, caller, id, { trustedAccount, description, expiresAt });
    return { body: await viewAgency(context, updated) };
  },
});
