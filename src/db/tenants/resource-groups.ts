/** The rows of resource groups. */
import { isUuid } from '../../domain/ids.ts';
import type { ResourceGroup } from '../../domain/tenants.ts';
import { breaksConstraint, type Db, type Trx } from '../database.ts';
import type { PageRequest } from '../paging.ts';

function selectResourceGroups(db: Db | Trx, accountId: string) {
  return db
    .selectFrom('resource_groups')
    .select([
      'id',
      'aliyun_id as aliyunId',
      'account as accountId',
      'name',
      'description',
      'created_at as createdAt',
      'disabled_at as disabledAt',
    ])
    .where('account', '=', accountId);
}

function idColumn(id: string): 'id' | 'aliyun_id' | 'name' {
  if (isUuid(id)) return 'id';
  return /^rg-[a-z0-9]{15}$/.test(id) ? 'aliyun_id' : 'name';
}

/** The account's resource group of this id, either of its two, or name; it cannot be deleted until the transaction ends. */
export async function findResourceGroup(
  db: Db | Trx,
  accountId: string,
  idOrName: string,
): Promise<ResourceGroup | undefined> {
  return await selectResourceGroups(db, accountId)
    .where(idColumn(idOrName), '=', idOrName)
    .forKeyShare()
    .executeTakeFirst();
}

/** As {@link findResourceGroup}, and nobody else changes it until the transaction ends. */
export async function lockResourceGroup(
  trx: Trx,
  accountId: string,
  idOrName: string,
): Promise<ResourceGroup | undefined> {
  return await selectResourceGroups(trx, accountId)
    .where(idColumn(idOrName), '=', idOrName)
    .forNoKeyUpdate()
    .executeTakeFirst();
}

/** By name, which is unique. */
export async function listResourceGroups(
  db: Db,
  accountId: string,
  { after, limit }: PageRequest,
): Promise<ResourceGroup[]> {
  let query = selectResourceGroups(db, accountId);
  if (after !== undefined) query = query.where('name', '>', String(after.value));
  return await query.orderBy('name').limit(limit).execute();
}

/** False when the account has a resource group of this name. */
export async function insertResourceGroup(trx: Trx, group: ResourceGroup): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('resource_groups')
    .values({
      id: group.id,
      aliyun_id: group.aliyunId,
      account: group.accountId,
      name: group.name,
      description: group.description,
      created_at: group.createdAt,
      disabled_at: group.disabledAt,
    })
    .onConflict((conflict) => conflict.columns(['account', 'name']).doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** False when another resource group of the account has the name. */
export async function updateResourceGroup(trx: Trx, group: ResourceGroup): Promise<boolean> {
  const { id, name, description, disabledAt } = group;
  try {
    const values = { name, description, disabled_at: disabledAt };
    await trx.updateTable('resource_groups').set(values).where('id', '=', id).execute();
    return true;
  } catch (error) {
    if (breaksConstraint(error, 'resource_groups_account_name_key')) return false;
    throw error;
  }
}

/** False when the resource group has images or snapshots. */
export async function deleteResourceGroup(trx: Trx, id: string): Promise<boolean> {
  try {
    const { numDeletedRows } = await trx.deleteFrom('resource_groups').where('id', '=', id).executeTakeFirst();
    return numDeletedRows === 1n;
  } catch (error) {
    const users = ['images_resource_group_fkey', 'snapshots_resource_group_fkey'];
    if (users.some((each) => breaksConstraint(error, each))) return false;
    throw error;
  }
}
