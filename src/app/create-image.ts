import { lockAccountRegion, readQuotas } from '../db/account-regions.ts';
import { insertImage } from '../db/images.ts';
import { newImageIds, newSnapshot } from '../domain/ids.ts';
import type { DiskFormat, DiskRole, Image, ImageKind, RootDevice } from '../domain/image.ts';
import { checkDescription, checkImageName, checkTags } from '../domain/image-rules.ts';
import { chargeOf, type Quotas, quotaRefusal } from '../domain/quota.ts';
import { RefusalError } from '../domain/refusal.ts';
import { act, demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { findImage } from './find-image.ts';
import { type Done, once } from './once.ts';
import { findGroup, findPlace, requireRegion } from './place-image.ts';

export interface CreateImageCommand {
  readonly region: string;
  readonly name: string;
  readonly description: string;
  readonly kind: ImageKind;
  readonly rootDevice: RootDevice;
  readonly tags: Readonly<Record<string, string>>;
  /** Id or name; the region's default project without it. */
  readonly project?: string | undefined;
  /** Id or name. */
  readonly resourceGroup?: string | undefined;
  readonly disks: readonly { role: DiskRole; format: DiskFormat | null; size: number }[];
}

/**
 * An image without bytes, `queued` until each of its disks has been uploaded. Its size is charged to the quotas now, so that
 * no upload can overshoot them, and settled to what it holds when the last disk is there.
 */
export async function createImage(
  context: AppContext,
  caller: Caller,
  command: CreateImageCommand,
  token?: string,
): Promise<Done<Image>> {
  const { random, clock } = context;
  const { region, name, description, kind, rootDevice, tags } = command;
  const deed = { action: 'image.create', resource: { type: 'image', id: '' }, region, details: { name } } as const;
  return await act(context, caller, deed, async (trx, done) => {
    requireRegion(context, region);
    checkImageName(name);
    checkDescription(description);
    checkTags(tags);
    if (kind === 'data-disk' && command.disks.some(({ role }) => role === 'system')) {
      throw new RefusalError('request.invalid', { field: 'disks', rule: 'a data-disk image has no system disk' });
    }
    const repeatable = { operation: deed.action, token, request: command };
    const { result: id, replayed } = await once(context, trx, caller, repeatable, async () => {
      const place = await findPlace(trx, caller, region, command.project);
      demand(caller, deed.action, { accountId: caller.accountId, projectId: place.id });
      const now = clock.now();
      const image = {
        ...newImageIds(random),
        accountId: caller.accountId,
        region,
        projectId: place.id,
        resourceGroupId: await findGroup(trx, caller, command.resourceGroup),
        name,
        description,
        kind,
        rootDevice,
        tags,
        state: 'queued',
        visibility: 'private',
        protected: false,
        sourceImageId: null,
        createdAt: now,
        updatedAt: now,
        disks: command.disks.map((disk, index) => ({
          ...disk,
          index,
          dataBytes: null,
          digest: null,
          snapshot: newSnapshot(random),
        })),
      } as const;
      await lockAccountRegion(trx, image);
      const quotas = await readQuotas(trx, caller.accountId, [region], context.defaultQuotas);
      const refusal = quotaRefusal(region, quotas.get(region) as Quotas, chargeOf(image.disks));
      if (refusal !== undefined) throw refusal;
      await insertImage(trx, image);
      return image.id;
    });
    done.resource = { type: 'image', id };
    return { result: await findImage({ db: trx }, caller, id), replayed };
  });
}
