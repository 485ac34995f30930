import { asQueued, insertCopies, type NewCopy } from '../db/copies.ts';
import { findCopies, readPlaces } from '../db/copy-list.ts';
import type { Trx } from '../db/database.ts';
import { insertImage } from '../db/new-images.ts';
import type { Copy, CopyWishes } from '../domain/copy.ts';
import { type CopyFacts, type CopyPolicy, judgeCopy } from '../domain/copy-policy.ts';
import { newSnapshot, newUuid } from '../domain/ids.ts';
import { type Image, type ImageIds, sizeOf } from '../domain/image.ts';
import { attributesOfCopy } from '../domain/image-attributes.ts';
import { RefusalError } from '../domain/refusal.ts';
import { currentTraceParent } from '../telemetry/tracing.ts';
import { act, demand, type Trial } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { type CopyImagesCommand, checkCommand, gatherFacts } from './copy-facts.ts';
import { imageService } from './image-data-keys.ts';
import { defaultKey, keyProviderMs } from './keys/default-key.ts';
import { tryKey } from './keys/try-key.ts';
import { once } from './once.ts';
import { findGroup } from './place-image.ts';
import { tellAccount } from './tell-account.ts';

export type { CopyImagesCommand } from './copy-facts.ts';

export interface AcceptedCopies {
  /** Names what was asked for together. */
  readonly request: string;
  /** By image and region, in the order that was asked for. */
  readonly copies: readonly Copy[];
  /** What the new images are called, in the same order, even if they are gone again. */
  readonly images: readonly ImageIds[];
  readonly replayed: boolean;
}

export interface CopyOptions extends Trial {
  readonly token?: string | undefined;
  readonly retryOf?: string;
  /** Refuses at once what the key provider would not make a data key for; otherwise the job finds out. */
  readonly triesKeys?: boolean;
}

/**
 * Accepts copies, all of them or none: rights, rules, quotas, the new images, the copies and the jobs of those that there is
 * room for are one transaction, so nothing is accepted and lost. The sources' rows stay locked until then, and while a copy
 * is unfinished its source can't be deleted, unshared or changed (`refuseWhileCopied`).
 */
export async function copyImages(
  context: AppContext,
  caller: Caller,
  command: CopyImagesCommand,
  options: CopyOptions = {},
): Promise<AcceptedCopies> {
  const { queue, random } = context;
  const { policy, images, regions, ...asked } = command;
  const resource = { type: 'image', id: images.join(' ') };
  const details = { regions, retryOf: options.retryOf };
  const deed = { action: 'copy.create', resource, details, dryRun: options.dryRun } as const;
  const [prepared] = await Promise.allSettled([prepareKeys(context, caller, command, options)]);
  const accepted = await act(context, caller, deed, async (trx, done) => {
    checkCommand(context, command);
    let made: readonly Copy[] | undefined;
    const repeatable = {
      operation: deed.action,
      token: options.token,
      request: { ...asked, policy: policy.name, images, regions, retryOf: options.retryOf },
    };
    const { result, replayed } = await once(context, trx, caller, repeatable, async () => {
      const facts = await gatherFacts(context, trx, caller, command);
      for (const fact of facts) {
        const refused = judgeCopy(policy, fact).find(({ refusal }) => refusal !== null);
        if (refused?.refusal) throw refused.refusal;
      }
      // What the rules have against it, and what was accepted before, counts first.
      if (prepared.status === 'rejected') throw prepared.reason;
      const request = newUuid(random);
      const resourceGroupId = await findGroup(trx, caller, command.resourceGroup);
      const copies: NewCopy[] = [];
      for (const fact of facts) {
        copies.push(await acceptCopy(context, trx, caller, command, { ...options, request, fact, resourceGroupId }));
      }
      done.along = await insertCopies(trx, copies);
      for (const region of regions.toSorted()) await queue.admit(trx, { accountId: caller.accountId, region });
      made = copies.map(asQueued);
      return { request, copies: copies.map(({ id }) => id), images: facts.map(({ ids }) => ids) };
    });
    const copies = made ?? (await findCopies(trx, caller, result.copies));
    // Of a request that is sent again: whoever may not see what it made the first time is not told of it.
    if (copies.length < result.copies.length) throw new RefusalError('copy.not-found', { copy: result.request });
    done.resource = { type: 'image', id: [...new Set(copies.map(({ sourceImageId }) => sourceImageId))].join(' ') };
    done.details = { ...details, request: result.request, copies: result.copies };
    return { ...result, copies, replayed };
  });
  return accepted.replayed ? accepted : { ...accepted, copies: await placed(context, accepted.copies) };
}

/** Before the transaction that relies on it: the key provider is asked, which may take its time. */
async function prepareKeys(
  context: AppContext,
  caller: Caller,
  command: CopyImagesCommand,
  { dryRun, triesKeys }: CopyOptions,
): Promise<void> {
  const { encryption = 'none', regions } = command;
  if (encryption === 'none' || (encryption !== 'default' && !triesKeys)) return;
  demand(caller, 'copy.create');
  checkCommand(context, command);
  const signal = AbortSignal.timeout(keyProviderMs);
  for (const region of regions) {
    // A trial makes no key.
    if (encryption === 'default' && dryRun) continue;
    const key = encryption === 'default' ? (await defaultKey(context, caller, region, signal)).id : encryption;
    if (triesKeys) await tryKey(context, caller, { key, region, service: imageService }, signal);
  }
}

/** The copies with their places in the queues. They are counted when nobody waits for it: thousands may be ahead. */
async function placed({ db }: AppContext, copies: readonly Copy[]): Promise<Copy[]> {
  const ids = copies.map(({ id }) => id);
  const places = await readPlaces(db, ids);
  // One that has begun already was the next.
  return copies.map((copy) => ({ ...copy, queuePosition: places.get(copy.id) ?? 1 }));
}

interface Accepted extends CopyOptions {
  readonly request: string;
  readonly fact: CopyFacts;
  readonly resourceGroupId: string | null;
}

/** Makes the image that is to be copied into; the copy's row is for the caller to insert. */
async function acceptCopy(
  { random, clock }: AppContext,
  trx: Trx,
  caller: Caller,
  command: CopyImagesCommand,
  { request, retryOf, fact, resourceGroupId }: Accepted,
): Promise<NewCopy> {
  const { source, region, ids, name } = fact;
  const { policy } = command;
  const { accountId } = caller;
  const now = clock.now();
  const own = source.accountId === accountId;
  await insertImage(trx, {
    ...ids,
    accountId,
    region,
    projectId: fact.projectId,
    resourceGroupId,
    name,
    description: command.description ?? descriptionOf(source, policy),
    kind: source.kind,
    rootDevice: policy.rootDevice ?? source.rootDevice,
    attributes: attributesOfCopy(source.attributes),
    properties: source.properties,
    tags: command.tags ?? (own && policy.inherits.includes('tags') ? source.tags : {}),
    state: 'queued',
    visibility: 'private',
    protected: false,
    sourceImageId: source.id,
    createdAt: now,
    updatedAt: now,
    disks: source.disks.map((disk) => ({
      ...disk,
      snapshot: { ...newSnapshot(random), source: { ...disk.snapshot, region: source.region } },
    })),
  });
  await tellAccount(trx, caller, source.accountId, { id: source.id, type: 'image.copied', region }, now);
  return {
    id: newUuid(random),
    accountId,
    request,
    retryOf: retryOf ?? null,
    policy: policy.name,
    requestedBy: caller.userId,
    agency: command.agency ?? null,
    wishes: wishesOf(command),
    encryption: fact.encryption,
    traceParent: currentTraceParent(),
    sourceImageId: source.id,
    sourceRegion: source.region,
    destinationImageId: ids.id,
    destinationRegion: region,
    projectId: fact.projectId,
    bytesTotal: sizeOf(source),
    createdAt: now,
  };
}

function descriptionOf(source: Image, { describe, inherits }: CopyPolicy): string {
  if (describe !== undefined) return describe(source);
  return inherits.includes('description') ? source.description : '';
}

function wishesOf(command: CopyImagesCommand): CopyWishes {
  const { name, description, tags, project, resourceGroup, encryption } = command;
  return { name, description, tags, project, resourceGroup, encryption };
}
