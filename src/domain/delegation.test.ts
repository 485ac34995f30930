import { describe, expect, it } from 'vitest';
import { delegatedProjects, delegatedRole } from './delegation.ts';
import type { AgencyGrant } from './tenants.ts';

const grants: AgencyGrant[] = [
  { projectId: 'north', role: 'operator' },
  { projectId: 'south', role: 'viewer' },
];

describe('delegatedProjects', () => {
  it('are those that were granted the role or more, and never those that were granted less', () => {
    expect(delegatedProjects(grants, 'operator')).toEqual(['north']);
    expect(delegatedProjects(grants, 'viewer')).toEqual(['north', 'south']);
    expect(delegatedProjects(grants, 'owner')).toBeUndefined();
    expect(delegatedProjects([], 'viewer')).toBeUndefined();
  });

  it('are all when one grant says so, but only in its role', () => {
    const everywhere: AgencyGrant[] = [...grants, { projectId: null, role: 'viewer' }];
    expect(delegatedProjects(everywhere, 'viewer')).toBeNull();
    expect(delegatedProjects(everywhere, 'operator')).toEqual(['north']);
  });

  it('are none of those that are granted of global services', () => {
    const global: AgencyGrant[] = [{ projectId: null, role: 'owner', isGlobal: true }];
    expect(delegatedProjects(global, 'viewer')).toBeUndefined();
    expect(delegatedProjects([...grants, ...global], 'viewer')).toEqual(['north', 'south']);
  });

  it('name a project once, however many grants it has', () => {
    expect(delegatedProjects([...grants, { projectId: 'north', role: 'viewer' }], 'viewer')).toEqual([
      'north',
      'south',
    ]);
  });
});

describe('delegatedRole', () => {
  it('is the greatest that a grant gives and the asker has', () => {
    expect(delegatedRole(grants, 'owner')).toBe('operator');
    expect(delegatedRole(grants, 'viewer')).toBe('viewer');
    expect(delegatedRole([{ projectId: null, role: 'owner' }], 'operator')).toBe('operator');
    expect(delegatedRole([], 'owner')).toBeUndefined();
  });

  it('in a project is the greatest that reaches it', () => {
    const all = { projectId: null, role: 'viewer' } as const;
    const north = { projectId: 'north', role: 'operator' } as const;
    expect(delegatedRole([all, north], 'owner', 'north')).toBe('operator');
    expect(delegatedRole([all, north], 'owner', 'south')).toBe('viewer');
    expect(delegatedRole([all, north], 'viewer', 'north')).toBe('viewer');
    expect(delegatedRole([north], 'owner', 'south')).toBeUndefined();
  });
});
