import { findAgency } from '../../../../app/tenants/agencies.ts';
import { operation } from '../../operation.ts';
import { viewRole } from '../role-view.ts';
import { roleByName } from '../roles-data.ts';
import { agencyRefusals, grantFaults } from './agency-faults.ts';
import { agencyId } from './agency-parameters.ts';
import { findPlace, grantPlaces, titlesAt } from './grant-places.ts';

const { forbidden, agencyNotFound } = grantFaults;

/** What the native API granted is no role of this list, and not shown. */
export const listGrantedRoles = grantPlaces.map((place) => {
  return operation({
    service: 'iam',
    method: 'GET',
    route: place.route,
    name: `List${place.name}PermissionsForAgency`,
    summary: `Lists the roles that an agency was granted ${place.words}.`,
    right: 'agency.read',
    path: { [place.holder]: place.id, agency_id: agencyId },
    faults: { forbidden, agencyNotFound, ...place.faults },
    refusals: agencyRefusals,
    async handle(request) {
      const there = await findPlace(place, request);
      const agency = await findAgency(request.context, request.caller, request.parameters.agency_id);
      const roles = [...titlesAt(agency, there)].flatMap((title) => roleByName(title) ?? []);
      return { body: { roles: roles.map((role) => viewRole(request, role)) } };
    },
  });
});
