import { findCopy, insertCopy } from '../db/copies.ts';
import { inTransaction } from '../db/database.ts';
import { insertImage, lockImage } from '../db/images.ts';
import type { Copy } from '../domain/copy.ts';
import { newImageIds, newSnapshot, newUuid } from '../domain/ids.ts';
import { checkDescription, checkImageName, checkTags } from '../domain/image-rules.ts';
import { RefusalError } from '../domain/refusal.ts';
import { isReadable } from '../domain/states.ts';
import type { AppContext, Caller } from './context.ts';

export interface CopyImageCommand {
  /** Any of the source's three ids. */
  readonly image: string;
  readonly region: string;
  /** Those left out are the source's. */
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/**
 * Accepts a copy: the new image, the copy and, if its group has room, the job are one transaction, so nothing is accepted
 * and lost. The source's row stays locked until then, and while a copy is unfinished the source can't be deleted.
 */
export async function copyImage(context: AppContext, caller: Caller, command: CopyImageCommand): Promise<Copy> {
  const { db, queue, random, clock, regionNumbers } = context;
  const { region } = command;
  if (!regionNumbers.has(region)) throw new RefusalError('region.not-found', { region });
  if (command.name !== undefined) checkImageName(command.name);
  if (command.description !== undefined) checkDescription(command.description);
  if (command.tags !== undefined) checkTags(command.tags);
  return await inTransaction(db, async (trx) => {
    const source = await lockImage(trx, caller.accountId, command.image, 'share');
    if (source === undefined) throw new RefusalError('image.not-found', { image: command.image });
    if (!isReadable(source.state)) {
      throw new RefusalError('image.not-readable', { image: source.id, state: source.state });
    }
    const now = clock.now();
    const group = { accountId: caller.accountId, region };
    await queue.lock(trx, group);
    const ids = newImageIds(random);
    await insertImage(trx, {
      ...source,
      ...ids,
      region,
      name: command.name ?? source.name,
      description: command.description ?? source.description,
      tags: command.tags ?? source.tags,
      state: 'queued',
      sourceImageId: source.id,
      createdAt: now,
      updatedAt: now,
      disks: source.disks.map((disk) => ({ ...disk, snapshot: newSnapshot(random) })),
    });
    const id = newUuid(random);
    await insertCopy(trx, {
      id,
      accountId: caller.accountId,
      sourceImageId: source.id,
      sourceRegion: source.region,
      destinationImageId: ids.id,
      destinationRegion: region,
      bytesTotal: source.disks.reduce((sum, { size }) => sum + size, 0),
      createdAt: now,
    });
    await queue.admit(trx, group);
    return (await findCopy(trx, caller.accountId, id)) as Copy;
  });
}
