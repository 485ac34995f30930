import type { Trx } from '../../db/database.ts';
import { insertAlias } from '../../db/keys/aliases.ts';
import { insertGrant } from '../../db/keys/grants.ts';
import { findKey as findKeyRow, insertKey, lockKeyCount } from '../../db/keys/keys.ts';
import { insertVersion } from '../../db/keys/versions.ts';
import { newUuid } from '../../domain/ids.ts';
import { checkDescription } from '../../domain/image-rules.ts';
import { type Key, type KeyOrigin, type KeyService, maxKeys } from '../../domain/key.ts';
import { checkAlias } from '../../domain/key-rules.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { act, type Deed, recordRefusal } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';
import { type Done, makeOnce } from '../once.ts';
import { requireKey } from './find-key.ts';
import { demandOwnKeys } from './key-limits.ts';
import { inWords } from './provider-failure.ts';

export interface KeyCommand {
  readonly region: string;
  readonly origin: KeyOrigin;
  readonly description: string;
  /** What it is to be called from the start. */
  readonly alias?: string | undefined;
  /** Services that may use it from the start. */
  readonly grants?: readonly KeyService[] | undefined;
}

/** Makes a key: enabled, or without material where its owner is to bring that. */
export async function createKey(
  context: AppContext,
  caller: Caller,
  command: KeyCommand,
  { token, signal }: { readonly token?: string | undefined; readonly signal: AbortSignal },
): Promise<Done<Key>> {
  const { region, origin } = command;
  const { accountId } = caller;
  const id = newUuid(context.random);
  const deed: Deed = { action: 'key.manage', type: 'key.create', resource: { type: 'key', id } };
  const material = await recordRefusal(context, caller, deed, async () => {
    check(context, caller, command);
    return origin === 'external' ? undefined : await createFirstVersion(context, id, signal);
  });
  const done = { ...deed, region, details: { origin, alias: command.alias } };
  const repeatable = { operation: 'key.create', token, request: command };
  const transaction = act(context, caller, done, (trx) =>
    makeOnce(
      context,
      trx,
      caller,
      repeatable,
      () => insert(context, trx, caller, id, material, command),
      (made) => requireKey(trx, accountId, made, findKeyRow),
    ),
  );
  const made = await transaction.catch(async (error: unknown) => {
    // Of any other error nobody knows whether the commit came before it: a key that is there must not be destroyed.
    if (error instanceof RefusalError) await discardKey(context, id);
    throw error;
  });
  if (made.result.id !== id) await discardKey(context, id);
  return made;
}

function check(
  { regionNumbers, keyLimits }: AppContext,
  caller: Caller,
  { region, description, alias }: KeyCommand,
): void {
  if (!regionNumbers.has(region)) throw new RefusalError('region.not-found', { region });
  demandOwnKeys(keyLimits, caller, region);
  checkDescription(description);
  if (alias !== undefined) checkAlias(alias);
}

/** What the key provider made of it. */
export async function createFirstVersion(
  { keyProvider }: Pick<AppContext, 'keyProvider'>,
  key: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  return await inWords(keyProvider.createVersion({ key, version: 1, signal }));
}

/** Has the key provider forget a key that has come to nothing. */
export async function discardKey({ keyProvider, logger }: Pick<AppContext, 'keyProvider' | 'logger'>, key: string) {
  // Not the request's own signal: it may be the reason.
  await keyProvider.destroyKey(key, AbortSignal.timeout(discardMs)).catch((error: unknown) => {
    logger.warn({ error, keyId: key }, 'a key that was not made stays with the key provider');
  });
}

const discardMs = 10_000;

async function insert(
  { clock }: AppContext,
  trx: Trx,
  { accountId }: Caller,
  id: string,
  material: Uint8Array | undefined,
  { region, origin, description, alias, grants = [] }: KeyCommand,
): Promise<Key> {
  if ((await lockKeyCount(trx, accountId, region)) >= maxKeys) {
    throw new RefusalError('key.limit', { region, limit: maxKeys });
  }
  const createdAt = clock.now();
  const made = { id, accountId, region, origin, description, isDefault: false, createdAt, deletionAt: null };
  const standing =
    material === undefined
      ? ({ state: 'pending-import', version: 0 } as const)
      : ({ state: 'enabled', version: 1 } as const);
  await insertKey(trx, { ...made, ...standing });
  if (material !== undefined) await insertVersion(trx, { key: id, version: 1, material }, createdAt);
  if (alias !== undefined && !(await insertAlias(trx, accountId, { name: alias, region, key: id, createdAt }))) {
    throw new RefusalError('key.alias-exists', { region, alias });
  }
  for (const service of grants) await insertGrant(trx, id, { service, createdAt });
  return await requireKey(trx, accountId, id, findKeyRow);
}
