import { revokeGrant } from '../../../../app/tenants/agencies.ts';
import { operation } from '../../operation.ts';
import { agencyRefusals, grantFaults } from './agency-faults.ts';
import { agencyId } from './agency-parameters.ts';
import { findPlace, findRole, grantPlaces, roleId } from './grant-places.ts';

const { forbidden, agencyNotFound, roleNotFound } = grantFaults;

/** That the agency does not have the role is no reason to refuse. */
export const revokeRoles = grantPlaces.map((place) => {
  return operation({
    service: 'iam',
    method: 'DELETE',
    route: place.routeOfRole,
    name: `Remove${place.name}PermissionFromAgency`,
    summary: `Takes from an agency a role that it was granted ${place.words}.`,
    right: 'agency.manage',
    path: { [place.holder]: place.id, agency_id: agencyId, role_id: roleId },
    faults: { forbidden, agencyNotFound, roleNotFound, ...place.faults },
    refusals: agencyRefusals,
    async handle(request) {
      const { agency_id: agency, role_id } = request.parameters;
      const { projectId, isGlobal } = await findPlace(place, request);
      const { name: title } = findRole(role_id);
      await revokeGrant(request.context, request.caller, { agency, grant: { projectId, title, isGlobal } });
      return { status: 204 };
    },
  });
});
