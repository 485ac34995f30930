import { inTransaction } from '../../db/database.ts';
import { countOutdated, listOutdated, updateWrapped, type WrappedDataKey } from '../../db/keys/data-keys.ts';
import { findKey as findKeyRow } from '../../db/keys/keys.ts';
import { readVersion } from '../../db/keys/versions.ts';
import { FailureError } from '../../domain/failure.ts';
import type { Key } from '../../domain/key.ts';
import { refuseClosed, refuseDoomed } from '../../domain/key-rules.ts';
import { type Deed, record, recordRefusal } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';
import { requireKey } from './find-key.ts';
import { inWords } from './provider-failure.ts';

/** Data keys of one statement, and of one request to the key provider. */
const batch = 500;

export interface Rewrapped {
  readonly key: Key;
  /** How many data keys the newest version has wrapped anew. */
  readonly dataKeys: number;
}

/**
 * Has the key's newest version wrap all data keys that older ones have wrapped. No disk is read or written. What is cut off goes
 * on, when it is asked for again, from where it was.
 */
export async function rewrapKey(
  context: AppContext,
  caller: Caller,
  id: string,
  signal: AbortSignal,
): Promise<Rewrapped> {
  const { db } = context;
  const deed: Deed = { action: 'key.manage', type: 'key.rewrap', resource: { type: 'key', id } };
  const usable = async () => {
    const key = await requireKey(db, caller.accountId, id, findKeyRow);
    Object.assign(deed, { resource: { type: 'key', id: key.id }, region: key.region });
    refuseDoomed(key);
    refuseClosed(key);
    return key;
  };
  const key = await recordRefusal(context, caller, deed, usable);
  const outdated = await countOutdated(db, key.id, key.version);
  // It uses the key as often as there are data keys, and says so before the first.
  await record(context, caller, { ...deed, details: { version: key.version, dataKeys: outdated } });
  let [dataKeys, damaged] = [0, 0];
  // By version: what somebody who was asked before the key was rotated again has lifted by less comes once more.
  for (let last: WrappedDataKey | undefined; ; ) {
    signal.throwIfAborted();
    const found = await listOutdated(db, key.id, key.version, last, batch);
    last = found.at(-1);
    if (last === undefined) break;
    const made = await rewrapIntact(await rewrapperOf(context, key, last.version, signal), found);
    const from = { key: key.id, version: last.version };
    dataKeys += await inTransaction(db, (trx) => updateWrapped(trx, from, key.version, made));
    damaged += found.length - made.length;
    // One that is disabled meanwhile is used no more.
    await recordRefusal(context, caller, deed, usable);
  }
  if (damaged === 0) return { key, dataKeys };
  const message = `${damaged} data keys do not open: they, or their key, are damaged; all others are re-wrapped`;
  throw new FailureError('image-damaged', message);
}

type Rewrapper = (items: readonly WrappedDataKey[]) => Promise<Uint8Array[]>;

/** Has the key's newest version wrap what version `from` has wrapped. */
async function rewrapperOf(
  { db, keyProvider }: AppContext,
  { id, version }: Key,
  from: number,
  signal: AbortSignal,
): Promise<Rewrapper> {
  const [old, newest] = [await readVersion(db, id, from), await readVersion(db, id, version)];
  return (items) => inWords(keyProvider.rewrap(old, newest, items, signal));
}

/** Leaves out those that do not open, which are looked for by halves: one that is damaged keeps no other. */
async function rewrapIntact(
  rewrap: Rewrapper,
  items: readonly WrappedDataKey[],
): Promise<{ readonly id: string; readonly wrapped: Uint8Array }[]> {
  try {
    const wrapped = await rewrap(items);
    return items.map(({ id }, index) => ({ id, wrapped: wrapped[index] as Uint8Array }));
  } catch (error) {
    if (!(error instanceof FailureError && error.code === 'image-damaged')) throw error;
    if (items.length === 1) return [];
    const half = Math.ceil(items.length / 2);
    const first = await rewrapIntact(rewrap, items.slice(0, half));
    return [...first, ...(await rewrapIntact(rewrap, items.slice(half)))];
  }
}
