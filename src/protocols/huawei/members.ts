/** Members as both services tell of them (reference §7.6): accounts, each by the project that it was named by. */
import type { Caller } from '../../app/context.ts';
import { findMemberProject, projectsOfMembers } from '../../app/member-projects.ts';
import { listMembers } from '../../app/share-image.ts';
import { findShare } from '../../app/shares.ts';
import { findProjectById } from '../../app/tenants/find-project.ts';
import type { Image } from '../../domain/image.ts';
import type { ImageMember } from '../../domain/sharing.ts';
import type { Project } from '../../domain/tenants.ts';
import { toSecond } from '../shared/times.ts';
import { readId, toHexId } from './ids.ts';
import type { HuaweiContext, HuaweiSettings, Scope } from './operation.ts';

type Membership = Pick<ImageMember, 'accountId' | 'imageId' | 'status' | 'projectId' | 'createdAt' | 'updatedAt'>;

export interface ProjectMember extends Membership {
  readonly projectId: string;
}

export function viewMember({ imageId, projectId, status, createdAt, updatedAt }: ProjectMember) {
  return {
    status,
    created_at: toSecond(createdAt),
    updated_at: toSecond(updatedAt),
    image_id: imageId,
    member_id: toHexId(projectId),
    schema: '/v2/schemas/member',
  };
}

/** Its owner sees all of them, everybody else his own account. */
export async function findMembers(context: HuaweiContext, caller: Caller, image: Image): Promise<ProjectMember[]> {
  const isOwn = image.accountId === caller.accountId;
  const members = isOwn
    ? await listMembers(context, caller, image.id)
    : await findOwnMembership(context, caller, image.id);
  const projects = await projectsOfMembers(context, members, image.region);
  return members.map((member) => ({ ...member, projectId: projects.get(member.accountId) as string }));
}

async function findOwnMembership(context: HuaweiContext, caller: Caller, image: string): Promise<Membership[]> {
  // What was let into the account as a whole is not a session's that is kept to projects.
  const share = caller.projects === null ? await findShare(context, caller, image) : undefined;
  return share === undefined ? [] : [{ ...share, imageId: image, accountId: caller.accountId }];
}

/** The one whose account the project belongs to. */
export async function findMember(
  context: HuaweiContext,
  caller: Caller,
  image: Image,
  memberId: string,
): Promise<ProjectMember | undefined> {
  const project = await findInvited(context, caller, image, memberId);
  const members = project === undefined ? [] : await findMembers(context, caller, image);
  return members.find(({ accountId }) => accountId === project?.accountId);
}

/** The project of this id, in the image's region. */
export async function findInvited(
  context: HuaweiContext,
  caller: Caller,
  { region }: Image,
  memberId: string,
): Promise<Project | undefined> {
  const id = readId(memberId);
  return id === undefined ? undefined : await findMemberProject(context, caller, { project: id, region });
}

/** Whether the id is that of one of the caller's projects in the request's region, so that he may answer for it. */
export async function isOwnProject(
  context: HuaweiContext,
  caller: Caller,
  { region }: Scope,
  memberId: string,
): Promise<boolean> {
  const id = readId(memberId);
  const project = id === undefined ? undefined : await findProjectById(context, caller, id);
  return project?.region === region;
}

/** With how many accounts an image can be shared. */
export function mostMembers({ site }: HuaweiSettings, { kind }: Image): number {
  if (kind === 'whole-machine') return 10;
  return site === 'otc' ? 256 : 128;
}
