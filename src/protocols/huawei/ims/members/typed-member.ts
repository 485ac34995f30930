import { type ProjectMember, viewMember } from '../../members.ts';

/** There are no organisations to share with, which have URNs, and whoever names an account names one of its projects. */
export function viewTypedMember(member: ProjectMember) {
  return { ...viewMember(member), member_type: 'project', urn: '' };
}
