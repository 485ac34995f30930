import { findAgency } from '../../../../app/tenants/agencies.ts';
import { operation } from '../../operation.ts';
import { agencyFaults, agencyRefusals } from './agency-faults.ts';
import { agencyId } from './agency-parameters.ts';
import { viewAgency } from './agency-view.ts';

const { forbidden, agencyNotFound } = agencyFaults;

export const showAgency = operation({
  service: 'iam',
  method: 'GET',
  route: '/v3.0/OS-AGENCY/agencies/{agency_id}',
  name: 'ShowAgency',
  summary: 'Shows an agency.',
  right: 'agency.read',
  path: { agency_id: agencyId },
  faults: { forbidden, agencyNotFound },
  refusals: agencyRefusals,
  async handle({ context, caller, parameters }) {
    return { body: await viewAgency(context, await findAgency(context, caller, parameters.agency_id)) };
  },
});
