import { insertCopy } from '../db/copies.ts';
import { findCopies } from '../db/copy-list.ts';
import type { Trx } from '../db/database.ts';
import { insertImage } from '../db/images.ts';
import type { Copy, CopyWishes } from '../domain/copy.ts';
import { type CopyFacts, judgeCopy } from '../domain/copy-policy.ts';
import { newImageIds, newSnapshot, newUuid } from '../domain/ids.ts';
import { sizeOf } from '../domain/image.ts';
import { RefusalError } from '../domain/refusal.ts';
import { currentTraceParent } from '../telemetry/tracing.ts';
import { act } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { type CopyImagesCommand, checkCommand, gatherFacts } from './copy-facts.ts';
import { once } from './once.ts';
import { findGroup } from './place-image.ts';
import { tellAccount } from './tell-account.ts';

export type { CopyImagesCommand } from './copy-facts.ts';

export interface AcceptedCopies {
  /** Names what was asked for together. */
  readonly request: string;
  /** By image and region, in the order that was asked for. */
  readonly copies: readonly Copy[];
  readonly replayed: boolean;
}

export interface CopyOptions {
  readonly token?: string | undefined;
  readonly retryOf?: string;
}

/**
 * Accepts copies, all of them or none: rights, rules, quotas, the new images, the copies and the jobs of those that there is
 * room for are one transaction, so nothing is accepted and lost. The sources' rows stay locked until then, and while a copy
 * is unfinished its source can't be deleted, changed or unshared.
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
  const deed = { action: 'copy.create', resource, details } as const;
  return await act(context, caller, deed, async (trx, done) => {
    checkCommand(context, command);
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
      const request = newUuid(random);
      const resourceGroupId = await findGroup(trx, caller, command.resourceGroup);
      const copies: string[] = [];
      for (const fact of facts) {
        copies.push(await acceptCopy(context, trx, caller, command, { ...options, request, fact, resourceGroupId }));
      }
      for (const region of regions.toSorted()) await queue.admit(trx, { accountId: caller.accountId, region });
      return { request, copies };
    });
    const copies = await findCopies(trx, caller, result.copies);
    // Of a request that is sent again: whoever may not see what it made the first time is not told of it.
    if (copies.length < result.copies.length) throw new RefusalError('copy.not-found', { copy: result.request });
    done.resource = { type: 'image', id: [...new Set(copies.map(({ sourceImageId }) => sourceImageId))].join(' ') };
    done.details = { ...details, ...result };
    return { request: result.request, copies, replayed };
  });
}

interface Accepted extends CopyOptions {
  readonly request: string;
  readonly fact: CopyFacts;
  readonly resourceGroupId: string | null;
}

async function acceptCopy(
  { random, clock }: AppContext,
  trx: Trx,
  caller: Caller,
  command: CopyImagesCommand,
  { request, retryOf, fact, resourceGroupId }: Accepted,
): Promise<string> {
  const { source, region, name } = fact;
  const { accountId } = caller;
  const now = clock.now();
  const ids = newImageIds(random);
  const own = source.accountId === accountId;
  await insertImage(trx, {
    ...ids,
    accountId,
    region,
    projectId: fact.projectId,
    resourceGroupId,
    name,
    description: command.description ?? source.description,
    kind: source.kind,
    rootDevice: source.rootDevice,
    // Tags are the account's own language; another's are not taken over.
    tags: command.tags ?? (own ? source.tags : {}),
    state: 'queued',
    visibility: 'private',
    protected: false,
    sourceImageId: source.id,
    createdAt: now,
    updatedAt: now,
    disks: source.disks.map((disk) => ({ ...disk, snapshot: newSnapshot(random) })),
  });
  const id = newUuid(random);
  await insertCopy(trx, {
    id,
    accountId,
    request,
    retryOf: retryOf ?? null,
    policy: command.policy.name,
    requestedBy: caller.userId,
    agency: command.agency ?? null,
    wishes: wishesOf(command),
    traceParent: currentTraceParent(),
    sourceImageId: source.id,
    sourceRegion: source.region,
    destinationImageId: ids.id,
    destinationRegion: region,
    projectId: fact.projectId,
    bytesTotal: sizeOf(source),
    createdAt: now,
  });
  await tellAccount(trx, caller, source.accountId, { id: source.id, type: 'image.copied', region }, now);
  return id;
}

function wishesOf({ name, description, tags, project, resourceGroup }: CopyImagesCommand): CopyWishes {
  return { name, description, tags, project, resourceGroup };
}
