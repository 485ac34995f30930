import { oneOf, text } from '../../shared/parameters.ts';
import { operation } from '../operation.ts';
import { plainFaults } from '../plain-faults.ts';
import { linksOf } from './links.ts';
import { demandOwnDomain } from './own-domain.ts';
import { pageOf, pageParameters } from './paging.ts';
import { viewRole } from './role-view.ts';
import { type HuaweiRole, huaweiRoles } from './roles-data.ts';

const faults = { invalid: plainFaults[400], forbidden: plainFaults[403] };
const fault = faults.invalid;

/** Where a role of the type is granted. */
const places: Readonly<Record<HuaweiRole['type'], readonly string[]>> = {
  AX: ['domain', 'all'],
  XA: ['project', 'all'],
  AA: ['domain', 'project', 'all'],
};

export const listRoles = operation({
  service: 'iam',
  method: 'GET',
  route: '/v3/roles',
  name: 'KeystoneListPermissions',
  summary: "Lists the system's roles and policies.",
  right: null,
  query: {
    domain_id: text({
      rule: "the caller's own; then only its custom policies are listed, of which there are none",
      fault,
    }),
    name: text({ fault }),
    display_name: text({ rule: 'the name or a part of it', fault }),
    permission_type: oneOf(['policy', 'role'], fault),
    type: oneOf(['domain', 'project', 'all'], fault),
    catalog: text({ fault }),
    ...pageParameters,
  },
  faults,
  async handle(request) {
    const { caller, parameters } = request;
    const { domain_id: domain, name, display_name: part = '', permission_type: kind, type, catalog } = parameters;
    demandOwnDomain(caller, domain);
    const found = huaweiRoles.filter(
      (role) =>
        !domain &&
        (!name || role.name === name) &&
        role.displayName.includes(part) &&
        (kind === undefined || (kind === 'policy') === role.isPolicy) &&
        (type === undefined || places[role.type].includes(type)) &&
        (!catalog || role.catalog === catalog),
    );
    const roles = pageOf(found, parameters).map((role) => viewRole(request, role));
    return { body: { roles, links: linksOf(request, 'roles'), total_number: found.length } };
  },
});
