/** Aliases: what keys are called, each name once an account and region. */
import {
  type AliasFilter,
  countAliases,
  deleteAlias,
  insertAlias,
  listAliases as listAliasRows,
} from '../../db/keys/aliases.ts';
import { type Cursor, type PageRequest, toPage } from '../../db/paging.ts';
import { type KeyAlias, maxAliases } from '../../domain/key.ts';
import { checkAlias } from '../../domain/key-rules.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { act, type Deed, demand } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';
import { changeKey } from './change-key.ts';

export interface AliasPage {
  readonly aliases: readonly KeyAlias[];
  /** Where the next page begins, null at the end. */
  readonly next: Cursor | null;
}

/** By name. */
export async function listKeyAliases(
  context: AppContext,
  caller: Caller,
  query: AliasFilter & PageRequest,
): Promise<AliasPage> {
  demand(caller, 'key.read');
  const rows = await listAliasRows(context.db, caller.accountId, { ...query, limit: query.limit + 1 });
  const { page, next } = toPage(rows, query.limit, ({ name, key }) => ({ value: name, id: key }));
  return { aliases: page, next };
}

/** `key`: id, or an alias that it has already. */
export async function createKeyAlias(
  context: AppContext,
  caller: Caller,
  { key: id, name }: { readonly key: string; readonly name: string },
): Promise<KeyAlias> {
  return await changeKey(context, caller, 'key.alias-create', id, async (trx, { id: key, region }, done) => {
    done.details = { alias: name };
    checkAlias(name);
    if ((await countAliases(trx, key)) >= maxAliases) {
      throw new RefusalError('key.alias-limit', { key, limit: maxAliases });
    }
    const alias = { name, region, key, createdAt: context.clock.now() };
    if (!(await insertAlias(trx, caller.accountId, alias))) {
      throw new RefusalError('key.alias-exists', { region, alias: name });
    }
    return alias;
  });
}

/** The key itself stays. Without a region only a name that one region alone has will do. */
export async function deleteKeyAlias(
  context: AppContext,
  caller: Caller,
  { region, name }: { readonly region?: string | undefined; readonly name: string },
): Promise<void> {
  const resource = { type: 'key', id: name };
  const deed: Deed = { action: 'key.manage', type: 'key.alias-delete', resource, details: { alias: name } };
  await act(context, caller, deed, async (trx, done) => {
    const alias = await deleteAlias(trx, caller.accountId, name, region);
    if (alias === undefined) throw new RefusalError('key.alias-not-found', { alias: name });
    Object.assign(done, { resource: { type: 'key', id: alias.key }, region: alias.region });
  });
}
