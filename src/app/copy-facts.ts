/** What a copy policy is asked about: every copy of one request, with what is known of it under the locks of the transaction. */
import { lockAccountRegion, readQuotas } from '../db/account-regions.ts';
import type { Trx } from '../db/database.ts';
import { isNameTaken } from '../db/image-list.ts';
import type { SeenImage } from '../db/images.ts';
import { agencyPermits } from '../db/tenants/agencies.ts';
import type { CopyWishes } from '../domain/copy.ts';
import type { CopyFacts, CopyPolicy } from '../domain/copy-policy.ts';
import { checkDescription, checkImageName, checkTags } from '../domain/image-rules.ts';
import { type Charge, chargeOf, type Quotas } from '../domain/quota.ts';
import { RefusalError } from '../domain/refusal.ts';
import type { AppContext, Caller } from './context.ts';
import { lockSource } from './find-image.ts';
import { findPlace, requireRegion } from './place-image.ts';

export interface CopyImagesCommand extends CopyWishes {
  /** The rules of the dialect that asks. */
  readonly policy: CopyPolicy;
  /** Any of the sources' three ids. */
  readonly images: readonly string[];
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
    if (images.length > 1) {
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
 * their ids: two requests for the same things wait for each other and do not stand in each other's way.
 */
export async function gatherFacts(
  context: AppContext,
  trx: Trx,
  caller: Caller,
  command: CopyImagesCommand,
): Promise<CopyFacts[]> {
  const { accountId } = caller;
  const sources = new Map<string, SeenImage>();
  for (const id of command.images.toSorted()) {
    sources.set(id, await lockSource(trx, caller, id));
  }
  const distinct = new Set([...sources.values()].map(({ image }) => image.id));
  if (distinct.size < command.images.length || new Set(command.regions).size < command.regions.length) {
    throw new RefusalError('request.invalid', { field: 'images', rule: 'names an image or a region twice' });
  }
  for (const region of command.regions.toSorted()) await lockAccountRegion(trx, { accountId, region });
  const quotas = await readQuotas(trx, accountId, command.regions, context.defaultQuotas);
  const names = new Set<string>();
  const mindsNames = command.policy.rules.some(({ rule }) => rule === 'unique-name');
  const facts: CopyFacts[] = [];
  for (const id of command.images) {
    const seen = sources.get(id) as SeenImage;
    for (const region of command.regions) {
      const used = quotas.get(region) as Quotas;
      const name = command.name ?? seen.image.name;
      const taken = mindsNames && (names.has(`${region} ${name}`) || (await isNameTaken(trx, accountId, region, name)));
      const fact = await factOf(context, trx, caller, command, {
        ...seen,
        region,
        name,
        nameTaken: taken,
        quotas: used,
      });
      facts.push(fact);
      names.add(`${region} ${name}`);
      quotas.set(region, withCharge(used, fact.charge));
    }
  }
  return facts;
}

async function factOf(
  { clock }: AppContext,
  trx: Trx,
  caller: Caller,
  { agency, project }: CopyImagesCommand,
  known: SeenImage & Pick<CopyFacts, 'region' | 'name' | 'nameTaken' | 'quotas'>,
): Promise<CopyFacts> {
  const { image, ...facts } = known;
  const { id: projectId } = await findPlace(trx, caller, facts.region, project);
  const permission =
    agency === undefined ? undefined : await agencyPermits(trx, caller.accountId, agency, projectId, clock.now());
  return {
    ...facts,
    principal: caller,
    source: image,
    projectId,
    agency: agency === undefined ? null : { name: agency, permits: permission?.permitted ?? false },
    charge: chargeOf(image.disks),
  };
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
