/**
 * The system's roles and policies that users have and agencies can be granted: those of the cloud's that say something of images
 * or of who may do what. Their ids are of Mimeo's own making and never change: clients keep them.
 */
import type { Role } from '../../../domain/principal.ts';

export interface HuaweiRole {
  readonly id: string;
  /** What a grant is titled with (`AgencyGrant.title`). */
  readonly name: string;
  readonly displayName: string;
  readonly catalog: 'BASE' | 'IMS';
  /** `AX`: granted on the domain only; `XA`: on projects only; `AA`: on both. */
  readonly type: 'AX' | 'XA' | 'AA';
  readonly description: string;
  /** A system-defined policy; the others are roles, the older kind. */
  readonly isPolicy: boolean;
  /** What its policy says. */
  readonly actions: readonly string[];
  /** What a grant of it on a project comes to here; of one of type AX nothing does. */
  readonly grants: Role;
}

const ims = { catalog: 'IMS', type: 'XA' } as const;
const base = { catalog: 'BASE', isPolicy: false } as const;

/** In the order of their names. */
export const huaweiRoles: readonly HuaweiRole[] = [
  {
    ...ims,
    id: '6b881ee0fe4be64d7762a4ec46474415',
    name: 'IMS CrossCopyAgencyPolicy',
    displayName: 'IMS CrossCopyAgencyPolicy',
    description: 'Permissions of an agency for copying disk images across regions.',
    isPolicy: true,
    actions: [
      'ims:images:create',
      'ims:images:get',
      'ims:images:list',
      'ims:images:update',
      'ims:images:copyCrossRegion',
    ],
    grants: 'operator',
  },
  {
    ...ims,
    id: '6fb4bc0dea2bef1811fb344a17c881b0',
    name: 'IMS CrossCopyAgencyCBRPolicy',
    displayName: 'IMS CrossCopyAgencyCBRPolicy',
    description: 'Permissions of an agency for copying full-ECS images across regions.',
    isPolicy: true,
    actions: ['ims:wholeImages:create', 'ims:images:get', 'ims:images:list', 'ims:images:update', 'cbr:vaults:get'],
    grants: 'operator',
  },
  {
    ...ims,
    id: '75515339c13c6c3b67d82fa5c872ab88',
    name: 'ims_adm',
    displayName: 'IMS Administrator',
    description: 'Full permissions for Image Management Service.',
    isPolicy: false,
    actions: ['ims:*:*'],
    grants: 'operator',
  },
  {
    ...base,
    id: 'c8a20a0abacc42c04bbff2396eb62022',
    name: 'readonly',
    displayName: 'Tenant Guest',
    type: 'AA',
    description: 'Read-only permissions for all services but Identity and Access Management.',
    actions: ['*:*:get*', '*:*:list*'],
    grants: 'viewer',
  },
  {
    ...base,
    id: 'fae179f53d94eefb5a63955184ca41cc',
    name: 'secu_admin',
    displayName: 'Security Administrator',
    type: 'AX',
    description: 'Full permissions for Identity and Access Management.',
    actions: ['iam:*:*'],
    grants: 'viewer',
  },
  {
    ...base,
    id: '15fbcc1a3fe7e936b331edb0593ff29d',
    name: 'server_adm',
    displayName: 'Server Administrator',
    type: 'XA',
    description: 'Full permissions for servers and their images.',
    actions: ['ecs:*:*', 'evs:*:*', 'ims:*:*'],
    grants: 'operator',
  },
  {
    ...ims,
    id: 'b8a7cfe92d6b4c068a41dbc8964b6e37',
    name: 'system_all_16',
    displayName: 'IMS FullAccess',
    description: 'All permissions of Image Management Service.',
    isPolicy: true,
    actions: ['ims:*:*'],
    grants: 'operator',
  },
  {
    ...ims,
    id: '306714eefba4b666069b195c2d7074c2',
    name: 'system_all_22',
    displayName: 'IMS ReadOnlyAccess',
    description: 'Read-only permissions for Image Management Service.',
    isPolicy: true,
    actions: ['ims:*:get*', 'ims:*:list*'],
    grants: 'viewer',
  },
  {
    ...base,
    id: '0ec2b97c023b8c432e71812508403a14',
    name: 'te_admin',
    displayName: 'Tenant Administrator',
    type: 'AA',
    description: 'Full permissions for all services but Identity and Access Management.',
    actions: ['*:*:*'],
    // Not an owner: nothing that the image service can be asked for takes one.
    grants: 'operator',
  },
  {
    ...base,
    id: '7139b5ad8d690025a851ec105a2b7aad',
    name: 'te_agency',
    displayName: 'Agent Operator',
    type: 'AX',
    description: 'Permission to act by the agencies of other accounts.',
    actions: ['iam:agencies:assume', 'iam:tokens:assume'],
    grants: 'viewer',
  },
];

const byId = new Map(huaweiRoles.map((role) => [role.id, role]));

export function roleById(id: string): HuaweiRole | undefined {
  return byId.get(id);
}

/** Those that a grant was titled with; one that the native API made has no title, or another one. */
export function roleByName(name: string): HuaweiRole | undefined {
  return huaweiRoles.find((role) => role.name === name);
}
