import { deleteAgency as deleteOwnAgency } from '../../../../app/tenants/agencies.ts';
import { operation } from '../../operation.ts';
import { agencyFaults, agencyRefusals } from './agency-faults.ts';
import { agencyId } from './agency-parameters.ts';

const { forbidden, agencyNotFound } = agencyFaults;

export const deleteAgency = operation({
  service: 'iam',
  method: 'DELETE',
  route: '/v3.0/OS-AGENCY/agencies/{agency_id}',
  name: 'DeleteAgency',
  summary: 'Deletes an agency with its grants; the tokens and temporary keys of those who act by it end.',
  right: 'agency.delete',
  path: { agency_id: agencyId },
  faults: { forbidden, agencyNotFound },
  refusals: agencyRefusals,
  async handle({ context, caller, parameters }) {
    await deleteOwnAgency(context, caller, parameters.agency_id);
    return { status: 204 };
  },
});
