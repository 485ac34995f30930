/** Where a new image lies: its region, the account's part of it, and the group that it is kept in. */
import type { Trx } from '../db/database.ts';
import { isNameTaken } from '../db/image-list.ts';
import { findDefaultProject, findProject } from '../db/tenants/projects.ts';
import { findResourceGroup } from '../db/tenants/resource-groups.ts';
import type { Image } from '../domain/image.ts';
import { RefusalError } from '../domain/refusal.ts';
import type { Project } from '../domain/tenants.ts';
import type { AppContext, Caller } from './context.ts';

/** Refuses a region that is not configured. */
export function requireRegion({ regionNumbers }: Pick<AppContext, 'regionNumbers'>, region: string): void {
  if (!regionNumbers.has(region)) throw new RefusalError('region.not-found', { region });
}

/** The account's project of this id or name in the region; its default one when none is named. */
export async function findPlace(
  trx: Trx,
  { accountId }: Pick<Caller, 'accountId'>,
  region: string,
  project: string | undefined,
): Promise<Project> {
  if (project === undefined) return await findDefaultProject(trx, accountId, region);
  const found = await findProject(trx, accountId, project, region);
  if (found === undefined) throw new RefusalError('project.not-found', { project });
  return found;
}

/** The id of the account's resource group of this id or name; null for none. */
export async function findGroup(
  trx: Trx,
  { accountId }: Pick<Caller, 'accountId'>,
  group: string | null | undefined,
): Promise<string | null> {
  if (group === null || group === undefined) return null;
  const found = await findResourceGroup(trx, accountId, group);
  if (found === undefined || found.disabledAt !== null) {
    throw new RefusalError('resource-group.not-found', { resourceGroup: group });
  }
  return found.id;
}

/** Refuses the image's name when another one of the account has it in the region, whose lock the transaction must hold. */
export async function refuseTakenName(
  trx: Trx,
  { id, accountId, region, name }: Pick<Image, 'id' | 'accountId' | 'region' | 'name'>,
): Promise<void> {
  if (await isNameTaken(trx, accountId, region, name, id)) throw new RefusalError('image.name-taken', { region, name });
}
