import { inTransaction } from '../db/database.ts';
import { readDisks } from '../db/disks.ts';
import { type CopyFacts, type CopyVerdict, isRekeyed, judgeCopy } from '../domain/copy-policy.ts';
import { FailureError } from '../domain/failure.ts';
import { sizeOf } from '../domain/image.ts';
import { demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { type CopyImagesCommand, checkCommand, gatherFacts } from './copy-facts.ts';
import type { DiskAddress } from './data-plane.ts';
import { findGroup } from './place-image.ts';

export interface PlannedCopy {
  readonly image: string;
  readonly region: string;
  /** No rule refuses it. */
  readonly allowed: boolean;
  /** In the order in which the rules are asked. */
  readonly verdicts: readonly CopyVerdict[];
  /** Logical bytes of all disks; null where the caller may not know. */
  readonly bytesTotal: number | null;
  /** Stored bytes that the destination lacks now; null when it is not allowed, or cannot be told. */
  readonly bytesToMove: number | null;
}

export interface CopyPlan {
  /** All of it would be accepted. */
  readonly allowed: boolean;
  readonly items: readonly PlannedCopy[];
}

export interface PlanSignals {
  /** Calls the whole off. */
  readonly signal: AbortSignal;
  /** Ends the counting of bytes: what was not counted until then is null. */
  readonly counting: AbortSignal;
}

/** Asks every rule and counts the bytes that would move; makes nothing. Refuses what cannot even be judged. */
export async function planCopies(
  context: AppContext,
  caller: Caller,
  command: CopyImagesCommand,
  signals: PlanSignals,
): Promise<CopyPlan> {
  demand(caller, 'copy.create');
  checkCommand(context, command);
  // Only to look: what is locked is free again when it ends.
  const facts = await inTransaction(context.db, async (trx) => {
    await findGroup(trx, caller, command.resourceGroup);
    return await gatherFacts(context, trx, caller, command);
  });
  const items: PlannedCopy[] = [];
  for (const fact of facts) {
    const verdicts = judgeCopy(command.policy, fact);
    const { source, region } = fact;
    const known = !verdicts.some(({ rule, refusal }) => rule === 'right' && refusal !== null);
    const allowed = verdicts.every(({ refusal }) => refusal === null);
    items.push({
      image: source.id,
      region,
      allowed,
      verdicts,
      bytesTotal: known ? sizeOf(source) : null,
      bytesToMove: allowed ? await bytesToMove(context, fact, signals) : null,
    });
  }
  return { allowed: items.every(({ allowed }) => allowed), items };
}

async function bytesToMove(
  { db, dataPlane }: AppContext,
  { source, region, encryption }: CopyFacts,
  { signal, counting }: PlanSignals,
): Promise<number | null> {
  signal.throwIfAborted();
  // What is stored under another key is stored again, and how well it compresses is not known before.
  if (source.disks.some(({ key }) => isRekeyed(encryption, key))) return null;
  if (source.region === region) return 0;
  const either = AbortSignal.any([signal, counting]);
  let bytes = 0;
  try {
    for (const disk of await readDisks(db, source.id)) {
      if (disk.manifestId === null || disk.root === null) return null;
      const address: DiskAddress = {
        region: source.region,
        accountId: disk.chunkAccountId,
        dataKey: null,
        manifestId: disk.manifestId,
        root: disk.root,
        image: source.id,
        disk: disk.index,
      };
      bytes += await dataPlane.countMissing(address, region, either);
    }
  } catch (error) {
    // A plan is an estimate: a store that does not answer now is no reason to give none.
    if (error instanceof FailureError || (counting.aborted && !signal.aborted)) return null;
    throw error;
  }
  return bytes;
}
