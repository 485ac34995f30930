import { lockAccountRegion, readQuotas } from '../db/account-regions.ts';
import type { Trx } from '../db/database.ts';
import { insertImageOfSnapshots } from '../db/new-images.ts';
import { readSnapshotBytes, type SnapshotBytes } from '../db/snapshots.ts';
import { newImageIds } from '../domain/ids.ts';
import type { Disk, DiskRole, Image, ImageKind } from '../domain/image.ts';
import { chargeOfSnapshots, type Quotas, quotaRefusal } from '../domain/quota.ts';
import { RefusalError } from '../domain/refusal.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { act, demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { type CreateImageCommand, type CreateOptions, checkNewImage } from './create-image.ts';
import { findImage } from './find-image.ts';
import { lockSnapshot } from './find-snapshot.ts';
import { type Done, once } from './once.ts';
import { findGroup, findPlace, refuseTakenName } from './place-image.ts';

export interface CreateImageFromSnapshotsCommand extends Omit<CreateImageCommand, 'disks' | 'kind'> {
  /** Without one: `system-disk` if the first disk is one, `data-disk` if none is. */
  readonly kind?: ImageKind | undefined;
  /** A disk each, in this order; without a role it is what the snapshot was made of. */
  readonly snapshots: readonly { readonly id: string; readonly role?: DiskRole | undefined }[];
}

/**
 * An image of the account's own snapshots of the region, `available` at once: no byte moves, and the image shows these very
 * snapshots. W3: one transaction ties its disks to the manifests, makes it available and settles the quota.
 */
export async function createImageFromSnapshots(
  context: AppContext,
  caller: Caller,
  command: CreateImageFromSnapshotsCommand,
  { token, dryRun, uniqueName = false }: CreateOptions = {},
): Promise<Done<Image>> {
  const { region, name, description, attributes = {}, properties = {}, tags } = command;
  const wanted = command.snapshots.map(({ id }) => id);
  const resource = { type: 'image', id: '' };
  const deed = { action: 'image.create', resource, region, details: { name, snapshots: wanted }, dryRun } as const;
  return await act(context, caller, deed, async (trx, done) => {
    // What the disks are is known once the snapshots are (`checkRoles`).
    checkNewImage(context, { ...command, kind: command.kind ?? 'system-disk', disks: [] });
    const repeatable = { operation: deed.action, token, request: command };
    const { result: id, replayed } = await once(context, trx, caller, repeatable, async () => {
      const place = await findPlace(trx, caller, region, command.project);
      const { accountId } = caller;
      demand(caller, deed.action, { accountId, projectId: place.id });
      await lockAccountRegion(trx, { accountId, region });
      const { disks, held } = await gatherDisks(trx, caller, command);
      const kind = command.kind ?? (disks[0]?.role === 'system' ? 'system-disk' : 'data-disk');
      checkRoles(kind, disks);
      const now = context.clock.now();
      const ids = newImageIds(context.random);
      const image = {
        ...ids,
        accountId,
        region,
        projectId: place.id,
        resourceGroupId: await findGroup(trx, caller, command.resourceGroup),
        name: name ?? ids.aliyunId,
        description,
        kind,
        rootDevice: command.rootDevice,
        attributes,
        properties,
        tags,
        state: 'available',
        visibility: 'private',
        protected: false,
        sourceImageId: null,
        createdAt: now,
        updatedAt: now,
        disks,
      } as const;
      if (uniqueName) await refuseTakenName(trx, image);
      const quotas = await readQuotas(trx, accountId, [region], context.defaultQuotas);
      const refusal = quotaRefusal(region, quotas.get(region) as Quotas, chargeOfSnapshots([...held.values()]));
      if (refusal !== undefined) throw refusal;
      await insertImageOfSnapshots(trx, image, held);
      return image.id;
    });
    done.resource = { type: 'image', id };
    return { result: await findImage({ db: trx }, caller, id), replayed };
  });
}

/** The disks that the snapshots make, and where their bytes are. Rows are locked in the order of their ids. */
async function gatherDisks(
  trx: Trx,
  caller: Caller,
  { region, snapshots }: CreateImageFromSnapshotsCommand,
): Promise<{ disks: Disk[]; held: Map<string, SnapshotBytes> }> {
  const found = new Map<string, Snapshot>();
  for (const { id } of snapshots.toSorted((one, other) => (one.id < other.id ? -1 : 1))) {
    const snapshot = await lockSnapshot(trx, caller, id, 'snapshot.read');
    if (snapshot.region !== region) {
      throw new RefusalError('snapshot.other-region', { snapshot: id, region: snapshot.region });
    }
    found.set(id, snapshot);
  }
  const ids = new Set([...found.values()].map(({ id }) => id));
  if (ids.size === 0 || ids.size < snapshots.length) {
    const rule = ids.size === 0 ? 'must not be empty' : 'names a snapshot twice';
    throw new RefusalError('request.invalid', { field: 'snapshots', rule });
  }
  const held = await readSnapshotBytes(trx, [...ids]);
  const disks = snapshots.map(({ id, role }, index) => {
    const snapshot = found.get(id) as Snapshot;
    const { state, format, size, dataBytes } = snapshot;
    if (state !== 'accomplished') throw new RefusalError('snapshot.not-ready', { snapshot: snapshot.id, state });
    return { index, role: role ?? snapshot.role, format, size, dataBytes, digest: null, key: null, snapshot };
  });
  return { disks, held };
}

function checkRoles(kind: ImageKind, disks: readonly Disk[]): void {
  const invalid = (rule: string) => new RefusalError('request.invalid', { field: 'snapshots', rule });
  const systems = disks.filter(({ role }) => role === 'system');
  if (systems.some(({ index }) => index > 0)) throw invalid('have a system disk that is not the first');
  if (kind === 'data-disk' && systems.length > 0) throw invalid('have a system disk, and a data-disk image has none');
}
