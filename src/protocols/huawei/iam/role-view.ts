import { type Linking, linkOf } from './links.ts';
import type { HuaweiRole } from './roles-data.ts';

/** A role or policy as IAM shows it; all of them are the system's, which belong to no domain. */
export function viewRole(linking: Linking, role: HuaweiRole): object {
  const { id, name, displayName, catalog, type, description, isPolicy, actions } = role;
  return {
    id,
    name,
    display_name: displayName,
    domain_id: null,
    catalog,
    type,
    description,
    ...(isPolicy && { flag: 'fine_grained' }),
    policy: { Version: isPolicy ? '1.1' : '1.0', Statement: [{ Action: actions, Effect: 'Allow' }] },
    links: { ...linkOf(linking, `roles/${id}`), previous: null, next: null },
  };
}
