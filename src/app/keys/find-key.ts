import type { Db, Trx } from '../../db/database.ts';
import { findKey as findKeyRow, type lockKey } from '../../db/keys/keys.ts';
import { listVersions } from '../../db/keys/versions.ts';
import type { Key, KeyVersionFacts } from '../../domain/key.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { demand } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';

export interface KeyPlace {
  /** Only if it lies in this one; an alias is looked for there. */
  readonly region?: string | undefined;
}

/** The account's key of this id or alias; a deleted one does not exist. */
export async function findKey(
  context: Pick<AppContext, 'db'>,
  caller: Caller,
  id: string,
  { region }: KeyPlace = {},
): Promise<Key> {
  demand(caller, 'key.read');
  const key = await requireKey(context.db, caller.accountId, id, findKeyRow, region);
  if (region !== undefined && key.region !== region) throw new RefusalError('key.not-found', { key: id });
  return key;
}

/** What `find` finds, which a region tells among keys of the same alias; otherwise there is none. */
export async function requireKey<From extends Db | Trx>(
  db: From,
  accountId: string,
  id: string,
  find: (db: From, accountId: string, id: string, region?: string) => ReturnType<typeof lockKey>,
  region?: string,
): Promise<Key> {
  const key = await find(db, accountId, id, region);
  if (key === undefined) throw new RefusalError('key.not-found', { key: id });
  return key;
}

export interface VersionPage {
  readonly versions: readonly KeyVersionFacts[];
  /** The version that the page ends with; null at the end. */
  readonly next: number | null;
}

/** A key's versions, newest first. */
export async function listKeyVersions(
  context: AppContext,
  caller: Caller,
  id: string,
  { before, limit }: { readonly before?: number | undefined; readonly limit: number },
): Promise<VersionPage> {
  const key = await findKey(context, caller, id);
  const rows = await listVersions(context.db, key.id, { before, limit: limit + 1 });
  const versions = rows.slice(0, limit);
  return { versions, next: rows.length > limit ? (versions.at(-1)?.version ?? null) : null };
}
