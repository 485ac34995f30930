/** What a copy policy is asked about: every copy of one request, with what is known of it under the locks of the transaction. */
import { lockQuotas, readQuotas } from '../db/account-regions.ts';
import { findCopyOfSource, findCopyTo } from '../db/copies.ts';
import { lockCopiesElsewhere } from '../db/copies-elsewhere.ts';
import type { Trx } from '../db/database.ts';
import { isNameTaken } from '../db/image-list.ts';
import { inLockOrder } from '../db/images.ts';
import { findTaskOfImage } from '../db/tasks.ts';
import { agencyPermits } from '../db/tenants/agencies.ts';
import type { CopyWishes } from '../domain/copy.ts';
import type { CopyFacts, CopyPolicy, RuleName } from '../domain/copy-policy.ts';
import { newImageIds } from '../domain/ids.ts';
import type { Image, ImageIds } from '../domain/image.ts';
import { checkDescription, checkImageName, checkTags } from '../domain/image-rules.ts';
import { type Charge, chargeOf, type Quotas } from '../domain/quota.ts';
import { RefusalError } from '../domain/refusal.ts';
import type { AppContext, Caller } from './context.ts';
import { type PlannedEncryption, planEncryption } from './copy-keys.ts';
import { lockSource } from './find-image.ts';
import { findPlace, requireRegion } from './place-image.ts';

export interface CopyImagesCommand extends CopyWishes {
  /** The rules of the dialect that asks. */
  readonly policy: CopyPolicy;
  /** Any of the sources' three ids. */
  readonly images: readonly string[];
  /** Where they lie, if the request says so: one that lies elsewhere does not exist. */
  readonly sourceRegion?: string | undefined;
  /** Each image is copied to each of them. */
  readonly regions: readonly string[];
  /** Name of the agency by which the image service may act in the destination. */
  readonly agency?: string | undefined;
}

/** What can be said of the request without looking anything up. */
export function checkCommand(context: AppContext, command: CopyImagesCommand): void {
  const { images, regions, policy } = command;
  const wanted = images.length * regions.length;
  if (wanted === 0) throw new RefusalError('request.invalid', { field: 'images', rule: 'needs an image and a region' });
  if (wanted > policy.mostCopies) throw new RefusalError('copy.too-many', { limit: policy.mostCopies, wanted });
  for (const region of regions) requireRegion(context, region);
  if (command.name !== undefined) {
    if (images.length > 1 && !policy.namesAll) {
      throw new RefusalError('request.invalid', { field: 'name', rule: 'can be given with one image only' });
    }
    checkImageName(command.name);
  }
  if (command.description !== undefined) checkDescription(command.description);
  if (command.tags !== undefined) checkTags(command.tags);
}

/**
 * The facts of each copy, by image and region in the order that was asked for. The sources stay as they are until the
 * transaction ends, and so do the quotas of the destinations. Images are locked before regions, and both in the order of
 * their ids: two requests for the same things wait for each other and do not stand in each other's way. What is counted for
 * all regions together is locked in between.
 */
export async function gatherFacts(
  context: AppContext,
  trx: Trx,
  caller: Caller,
  command: CopyImagesCommand,
): Promise<CopyFacts[]> {
  const { accountId } = caller;
  const minds = (name: RuleName) => command.policy.rules.some(({ rule }) => rule === name);
  const sources = await lockSources(trx, caller, command, minds);
  const distinct = new Set([...sources.values()].map(({ source }) => source.id));
  if (distinct.size < command.images.length || new Set(command.regions).size < command.regions.length) {
    throw new RefusalError('request.invalid', { field: 'images', rule: 'names an image or a region twice' });
  }
  // What needs no lock comes first: while one request has the destination, the next ones wait.
  const places = new Map<string, Place>();
  for (const region of command.regions) places.set(region, await placeOf(context, trx, caller, region, command));
  const encryptions = await planEncryptions(context, trx, caller, [...sources.values()], command);
  const names = new Set<string>();
  let unfinishedElsewhere = minds('elsewhere-limit') ? await lockCopiesElsewhere(trx, accountId) : 0;
  const quotas = await lockDestinations(context, trx, accountId, command.regions, minds('no-waiting'));
  const facts: CopyFacts[] = [];
  for (const id of command.images) {
    const about = sources.get(id) as Source;
    const { source } = about;
    for (const region of command.regions) {
      const used = quotas.get(region) as Quotas;
      const ids = newImageIds(context.random);
      const name = command.name ?? nameOf(source, ids, command.policy);
      const isTaken = async () => names.has(`${region} ${name}`) || (await isNameTaken(trx, accountId, region, name));
      const findUnfinished = () => findCopyTo(trx, { image: source.id, region, accountId });
      const fact: CopyFacts = {
        ...(places.get(region) as Place),
        ...about,
        ...(encryptions.get(`${source.id} ${region}`) as PlannedEncryption),
        principal: caller,
        region,
        ids,
        name,
        nameTaken: minds('unique-name') && (await isTaken()),
        unfinishedCopy: (minds('conflict') ? await findUnfinished() : undefined) ?? null,
        unfinishedElsewhere,
        quotas: used,
        charge: chargeOf(source.disks),
      };
      facts.push(fact);
      if (source.region !== region) unfinishedElsewhere++;
      names.add(`${region} ${name}`);
      quotas.set(region, withCharge(used, fact.charge));
    }
  }
  return facts;
}

/** By image and region. */
async function planEncryptions(
  context: AppContext,
  trx: Trx,
  caller: Caller,
  sources: readonly Source[],
  { regions, encryption }: CopyImagesCommand,
): Promise<Map<string, PlannedEncryption>> {
  const planned = new Map<string, PlannedEncryption>();
  for (const { source } of sources) {
    for (const region of regions) {
      planned.set(`${source.id} ${region}`, await planEncryption(context, trx, caller, source, region, encryption));
    }
  }
  return planned;
}

type Source = Pick<CopyFacts, 'source' | 'membership' | 'readingCopy' | 'workingTask'>;

/** By the ids that were asked for. */
async function lockSources(
  trx: Trx,
  caller: Caller,
  { images, sourceRegion }: CopyImagesCommand,
  minds: (rule: RuleName) => boolean,
): Promise<Map<string, Source>> {
  const { accountId } = caller;
  // Whoever minds what else reads the source waits for the others that begin to, until their transactions end.
  const lock = minds('idle') ? 'update' : 'share';
  const sources = new Map<string, Source>();
  for (const id of await inLockOrder(trx, images)) {
    const { image: source, membership } = await lockSource(trx, caller, id, lock);
    if ((sourceRegion ?? source.region) !== source.region) throw new RefusalError('image.not-found', { image: id });
    const reading = minds('idle') ? await findCopyOfSource(trx, source.id, accountId) : undefined;
    const working = minds('untasked') ? await findTaskOfImage(trx, source.id, accountId) : undefined;
    sources.set(id, { source, membership, readingCopy: reading?.id ?? null, workingTask: working ?? null });
  }
  return sources;
}

function nameOf(source: Image, ids: ImageIds, { unnamed }: CopyPolicy): string {
  return unnamed === 'source' ? source.name : ids[unnamed];
}

type Place = Pick<CopyFacts, 'projectId' | 'agency'>;

async function placeOf(
  { clock }: AppContext,
  trx: Trx,
  caller: Caller,
  region: string,
  { agency, project }: CopyImagesCommand,
): Promise<Place> {
  const { id: projectId } = await findPlace(trx, caller, region, project);
  if (agency === undefined) return { projectId, agency: null };
  const permission = await agencyPermits(trx, caller.accountId, agency, projectId, clock.now());
  return { projectId, agency: { name: agency, permits: permission?.permitted ?? false } };
}

/** The account's quotas in the regions, which stay so until the transaction ends; of its copies only if `countsCopies`. */
async function lockDestinations(
  { defaultQuotas }: AppContext,
  trx: Trx,
  accountId: string,
  regions: readonly string[],
  countsCopies: boolean,
): Promise<Map<string, Quotas>> {
  const quotas = new Map<string, Quotas>();
  for (const region of regions.toSorted()) {
    quotas.set(region, await lockQuotas(trx, { accountId, region }, defaultQuotas));
  }
  return countsCopies ? await readQuotas(trx, accountId, regions, defaultQuotas) : quotas;
}

/** What the next copy of the request meets. */
function withCharge(quotas: Quotas, charge: Charge): Quotas {
  const more = ({ used, limit }: { used: number; limit: number }, wanted: number) => ({ used: used + wanted, limit });
  return {
    images: more(quotas.images, charge.images),
    snapshots: more(quotas.snapshots, charge.snapshots),
    bytes: more(quotas.bytes, charge.bytes),
    copies: more(quotas.copies, 1),
  };
}
