/** Resource groups, which Huawei calls enterprise projects: what images are put together by, across regions. */
import type { Db, Trx } from '../../db/database.ts';
import { type Cursor, type PageRequest, toPage } from '../../db/paging.ts';
import {
  deleteResourceGroup as deleteResourceGroupRow,
  findResourceGroup as findResourceGroupRow,
  insertResourceGroup,
  listResourceGroups as listResourceGroupRows,
  lockResourceGroup,
  updateResourceGroup as updateResourceGroupRow,
} from '../../db/tenants/resource-groups.ts';
import type { DeedType } from '../../domain/event-types.ts';
import { newResourceGroupId, newUuid } from '../../domain/ids.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { checkTenantDescription, checkTenantName, disabledSince } from '../../domain/tenant-rules.ts';
import type { ResourceGroup } from '../../domain/tenants.ts';
import { act, type Deed, demand } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';
import { type Done, makeOnce } from '../once.ts';

export interface ResourceGroupPage {
  readonly resourceGroups: readonly ResourceGroup[];
  /** Where the next page begins, null at the end. */
  readonly next: Cursor | null;
}

/** By name. */
export async function listResourceGroups(
  context: AppContext,
  caller: Caller,
  query: PageRequest,
): Promise<ResourceGroupPage> {
  demand(caller, 'resource-group.read');
  const rows = await listResourceGroupRows(context.db, caller.accountId, { ...query, limit: query.limit + 1 });
  const { page, next } = toPage(rows, query.limit, ({ name, id }) => ({ value: name, id }));
  return { resourceGroups: page, next };
}

/** `id`: either of its two, or its name. */
export async function findResourceGroup(context: AppContext, caller: Caller, id: string): Promise<ResourceGroup> {
  demand(caller, 'resource-group.read');
  return await requireGroup(context.db, caller.accountId, id, findResourceGroupRow);
}

export async function createResourceGroup(
  context: AppContext,
  caller: Caller,
  { name, description }: Pick<ResourceGroup, 'name' | 'description'>,
  token?: string,
): Promise<Done<ResourceGroup>> {
  const { random, clock } = context;
  const id = newUuid(random);
  const resource = { type: 'resource-group', id };
  const deed: Deed = { action: 'resource-group.manage', type: 'resource-group.create', resource };
  return await act(context, caller, deed, async (trx, done) => {
    done.details = { name };
    const { accountId } = caller;
    const make = async () => {
      checkTenantName(name);
      checkTenantDescription(description);
      const aliyunId = newResourceGroupId(random);
      const group = { id, aliyunId, accountId, name, description, createdAt: clock.now(), disabledAt: null };
      if (!(await insertResourceGroup(trx, group))) throw new RefusalError('resource-group.exists', { name });
      return group;
    };
    const repeatable = { operation: 'resource-group.create', token, request: { name, description } };
    return await makeOnce(context, trx, caller, repeatable, make, (made) =>
      requireGroup(trx, accountId, made, findResourceGroupRow),
    );
  });
}

async function requireGroup<From extends Db | Trx>(
  db: From,
  accountId: string,
  group: string,
  find: (db: From, accountId: string, group: string) => Promise<ResourceGroup | undefined>,
): Promise<ResourceGroup> {
  const found = await find(db, accountId, group);
  if (found === undefined) throw new RefusalError('resource-group.not-found', { resourceGroup: group });
  return found;
}

export interface ResourceGroupChanges {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** Nothing new is put into a disabled one. */
  readonly disabled?: boolean | undefined;
}

export async function updateResourceGroup(
  context: AppContext,
  caller: Caller,
  id: string,
  changes: ResourceGroupChanges,
): Promise<ResourceGroup> {
  return await change(context, caller, 'resource-group.update', id, async (trx, before, done) => {
    const { name = before.name, description = before.description, disabled } = changes;
    checkTenantName(name);
    checkTenantDescription(description);
    done.details = { ...changes };
    const disabledAt = disabledSince(before.disabledAt, disabled, context.clock.now());
    const after: ResourceGroup = { ...before, name, description, disabledAt };
    if (!(await updateResourceGroupRow(trx, after))) throw new RefusalError('resource-group.exists', { name });
    return after;
  });
}

/** Refused while it has images or snapshots. */
export async function deleteResourceGroup(context: AppContext, caller: Caller, id: string): Promise<void> {
  await change(context, caller, 'resource-group.delete', id, async (trx, group) => {
    if (!(await deleteResourceGroupRow(trx, group.id))) {
      throw new RefusalError('resource-group.in-use', { resourceGroup: id });
    }
  });
}

/** Does something to a resource group that exists for the caller. */
async function change<Result>(
  context: AppContext,
  caller: Caller,
  type: DeedType,
  id: string,
  work: (trx: Trx, group: ResourceGroup, done: Deed) => Promise<Result>,
): Promise<Result> {
  const deed: Deed = { action: 'resource-group.manage', type, resource: { type: 'resource-group', id } };
  return await act(context, caller, deed, async (trx, done) => {
    const group = await requireGroup(trx, caller.accountId, id, lockResourceGroup);
    done.resource = { type: 'resource-group', id: group.id };
    return await work(trx, group, done);
  });
}
