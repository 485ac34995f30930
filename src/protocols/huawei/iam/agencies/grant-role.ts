import { grantAgency } from '../../../../app/tenants/agencies.ts';
import { FaultError } from '../../../shared/faults.ts';
import { operation } from '../../operation.ts';
import { agencyRefusals, grantFaults } from './agency-faults.ts';
import { agencyId } from './agency-parameters.ts';
import { findPlace, findRole, grantPlaces, roleId } from './grant-places.ts';

const { malformed, forbidden, agencyNotFound, roleNotFound } = grantFaults;

/** With them whoever acts by the agency could let others act by others. */
const ungrantable: ReadonlySet<string> = new Set(['secu_admin', 'te_agency']);

/** That the agency has the role already is no reason to refuse. */
export const grantRoles = grantPlaces.map((place) => {
  return operation({
    service: 'iam',
    method: 'PUT',
    route: place.routeOfRole,
    name: `AssociateAgencyWith${place.name}Permission`,
    summary: `Grants an agency a role ${place.words}.`,
    right: 'agency.manage',
    path: { [place.holder]: place.id, agency_id: agencyId, role_id: roleId },
    faults: { malformed, forbidden, agencyNotFound, roleNotFound, ...place.faults },
    refusals: agencyRefusals,
    async handle(request) {
      const { agency_id: agency, role_id } = request.parameters;
      const { projectId: project, isGlobal } = await findPlace(place, request);
      const { name: title, grants: role } = findRole(role_id);
      if (ungrantable.has(title)) throw new FaultError(forbidden);
      await grantAgency(request.context, request.caller, { agency, grant: { project, role, title, isGlobal } });
      return { status: 204 };
    },
  });
});
