import { findAgency } from '../../../../app/tenants/agencies.ts';
import { FaultError } from '../../../shared/faults.ts';
import { operation } from '../../operation.ts';
import { agencyRefusals, grantFaults } from './agency-faults.ts';
import { agencyId } from './agency-parameters.ts';
import { findPlace, findRole, grantPlaces, roleId, titlesAt } from './grant-places.ts';

const { forbidden, agencyNotFound, roleNotFound } = grantFaults;

export const checkRoles = grantPlaces.map((place) => {
  return operation({
    service: 'iam',
    method: 'HEAD',
    route: place.routeOfRole,
    name: `Check${place.name}PermissionForAgency`,
    summary: `Says whether an agency was granted a role ${place.words}.`,
    right: 'agency.read',
    path: { [place.holder]: place.id, agency_id: agencyId, role_id: roleId },
    faults: { forbidden, agencyNotFound, roleNotFound, ...place.faults },
    refusals: agencyRefusals,
    async handle(request) {
      const { agency_id, role_id } = request.parameters;
      const there = await findPlace(place, request);
      const { name } = findRole(role_id);
      const agency = await findAgency(request.context, request.caller, agency_id);
      if (!titlesAt(agency, there).has(name)) throw new FaultError(roleNotFound, role_id);
      return { status: 204 };
    },
  });
});
