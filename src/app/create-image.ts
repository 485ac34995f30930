import { lockAccountRegion, readQuotas } from '../db/account-regions.ts';
import type { Trx } from '../db/database.ts';
import { insertImage, type NewImage } from '../db/new-images.ts';
import { newImageIds, newSnapshot } from '../domain/ids.ts';
import type { DiskFormat, DiskRole, Image, ImageKind, RootDevice } from '../domain/image.ts';
import type { ImageAttributes } from '../domain/image-attributes.ts';
import { checkProperties } from '../domain/image-properties.ts';
import { checkAttributes, checkDescription, checkImageName, checkTags } from '../domain/image-rules.ts';
import { chargeOf, type Quotas, quotaRefusal } from '../domain/quota.ts';
import { RefusalError } from '../domain/refusal.ts';
import { act, demand, recordRefusal, type Trial } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { findImage } from './find-image.ts';
import { findImageKey, nameDefaultKey } from './image-key.ts';
import { type Done, once } from './once.ts';
import { findGroup, findPlace, refuseTakenName, requireRegion } from './place-image.ts';

export interface CreateImageCommand {
  readonly region: string;
  /** Null: its Alibaba Cloud id, whose images alone may come without one. */
  readonly name: string | null;
  readonly description: string;
  readonly kind: ImageKind;
  readonly rootDevice: RootDevice;
  readonly attributes?: ImageAttributes | undefined;
  readonly properties?: Readonly<Record<string, string>> | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** Id or name; the region's default project without it. */
  readonly project?: string | undefined;
  /** Id or name. */
  readonly resourceGroup?: string | undefined;
  readonly protected?: boolean | undefined;
  /** The key that its disks are encrypted with as their bytes come in: by id or alias, or `default`. Without it they are not. */
  readonly encryption?: string | undefined;
  /** None where it is not known yet what the one disk measures (`announceDisk`). */
  readonly disks: readonly { role: DiskRole; format: DiskFormat | null; size: number }[];
}

export interface CreateOptions extends Trial {
  /** By which the request may be sent again. */
  readonly token?: string | undefined;
  /** Refuses a name that another image of the account in the region has. */
  readonly uniqueName?: boolean | undefined;
}

/**
 * An image without bytes, `queued` until each of its disks has been uploaded. Its size is charged to the quotas now, so that
 * no upload can overshoot them, and settled to what it holds when the last disk is there.
 */
export async function createImage(
  context: AppContext,
  caller: Caller,
  command: CreateImageCommand,
  { token, dryRun, uniqueName = false }: CreateOptions = {},
): Promise<Done<Image>> {
  const { region, name } = command;
  const resource = { type: 'image', id: '' };
  const deed = { action: 'image.create', resource, region, details: { name }, dryRun } as const;
  const wanted = await recordRefusal(context, caller, deed, async () => {
    checkNewImage(context, command);
    return await nameDefaultKey(context, caller, command, dryRun);
  });
  return await act(context, caller, deed, async (trx, done) => {
    const repeatable = { operation: deed.action, token, request: command };
    const { result: id, replayed } = await once(
      context,
      trx,
      caller,
      repeatable,
      async () => (await addImage(context, trx, caller, wanted, uniqueName)).id,
    );
    done.resource = { type: 'image', id };
    return { result: await findImage({ db: trx }, caller, id), replayed };
  });
}

/** What can be refused of a new image by looking at what is asked for. */
export function checkNewImage(
  context: AppContext,
  command: Omit<CreateImageCommand, 'disks'> & { readonly disks: readonly { readonly role: DiskRole }[] },
): void {
  requireRegion(context, command.region);
  if (command.name !== null) checkImageName(command.name);
  checkDescription(command.description);
  checkTags(command.tags);
  checkAttributes(command.attributes ?? {});
  checkProperties(command.properties ?? {});
  checkRoles(command.kind, command.disks);
}

export function checkRoles(kind: ImageKind, disks: readonly { readonly role: DiskRole }[]): void {
  if (kind === 'data-disk' && disks.some(({ role }) => role === 'system')) {
    throw new RefusalError('request.invalid', { field: 'disks', rule: 'a data-disk image has no system disk' });
  }
}

/** Inserts and charges the image, `queued`; part of whatever brings its bytes. Comes after {@link nameDefaultKey}. */
export async function addImage(
  { random, clock, defaultQuotas, keyLimits }: AppContext,
  trx: Trx,
  caller: Caller,
  { project, resourceGroup, attributes = {}, properties = {}, disks, ...command }: CreateImageCommand,
  uniqueName: boolean,
): Promise<NewImage> {
  const { region, name, description, kind, rootDevice, tags } = command;
  const { accountId } = caller;
  const place = await findPlace(trx, caller, region, project);
  demand(caller, 'image.create', { accountId, projectId: place.id });
  const uploadKey = await findImageKey({ keyLimits }, trx, caller, command);
  const now = clock.now();
  const ids = newImageIds(random);
  const image: NewImage = {
    ...ids,
    accountId,
    region,
    projectId: place.id,
    resourceGroupId: await findGroup(trx, caller, resourceGroup),
    name: name ?? ids.aliyunId,
    description,
    kind,
    rootDevice,
    attributes,
    properties,
    tags,
    state: 'queued',
    visibility: 'private',
    protected: command.protected ?? false,
    sourceImageId: null,
    uploadKey,
    createdAt: now,
    updatedAt: now,
    disks: disks.map((disk, index) => ({
      ...disk,
      index,
      dataBytes: null,
      digest: null,
      key: null,
      snapshot: newSnapshot(random),
    })),
  };
  await lockAccountRegion(trx, image);
  if (uniqueName) await refuseTakenName(trx, image);
  const quotas = await readQuotas(trx, accountId, [region], defaultQuotas);
  const refusal = quotaRefusal(region, quotas.get(region) as Quotas, chargeOf(image.disks));
  if (refusal !== undefined) throw refusal;
  await insertImage(trx, image);
  return image;
}
