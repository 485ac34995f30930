import type { Trx } from '../db/database.ts';
import { changeImage } from '../db/images.ts';
import { changeSnapshot } from '../db/snapshots.ts';
import type { Image } from '../domain/image.ts';
import { checkTags, maxTags, type TaggedType } from '../domain/image-rules.ts';
import { RefusalError } from '../domain/refusal.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { act, type Trial } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { lockImage } from './find-image.ts';
import { lockSnapshot } from './find-snapshot.ts';

export interface ChangeTagsCommand extends Trial {
  readonly type: TaggedType;
  /** Any of their three ids. */
  readonly ids: readonly string[];
  /** Only if all of them lie in this one. */
  readonly region?: string | undefined;
  readonly set?: Readonly<Record<string, string>> | undefined;
  /** Keys, which need not be there; taken away before `set`. */
  readonly remove?: readonly string[] | 'all' | undefined;
  /** How many a thing may come to have; one that has more keeps them. */
  readonly most?: number;
}

/** How many things one request changes at most. */
const maxThings = 100;

/**
 * Changes the tags of images or of snapshots, of all that are named or of none. A copy in progress is no hindrance: it has
 * taken the tags that it wanted when it was accepted.
 */
export async function changeTags(context: AppContext, caller: Caller, command: ChangeTagsCommand): Promise<void> {
  const { type, ids, region, set = {}, remove = [], most = maxTags, dryRun } = command;
  const resource = { type, id: ids.join(' ') };
  const details = { changed: ['tags'] };
  const deed = { action: `${type}.update`, resource, region: region ?? null, details, dryRun } as const;
  await act(context, caller, deed, async (trx, done) => {
    if (ids.length === 0 || ids.length > maxThings) {
      throw new RefusalError('request.invalid', { field: 'ids', rule: `must be 1 to ${maxThings}` });
    }
    checkTags(set);
    const changed = new Set<string>();
    // In the order of their ids, so that two requests wait for each other and do not stand in each other's way.
    for (const id of ids.toSorted()) {
      const thing = await lock(trx, caller, command, id);
      const tags = { ...(remove === 'all' ? {} : without(thing.tags, remove)), ...set };
      const count = Object.keys(tags).length;
      if (count > most && count > Object.keys(thing.tags).length) {
        throw new RefusalError('tag.limit', { resource: thing.id, limit: most });
      }
      if (type === 'image') await changeImage(trx, thing.id, { tags }, context.clock.now());
      else await changeSnapshot(trx, thing.id, { tags });
      changed.add(thing.id);
    }
    done.resource = { type, id: [...changed].join(' ') };
  });
}

async function lock(
  trx: Trx,
  caller: Caller,
  { type, region }: ChangeTagsCommand,
  id: string,
): Promise<Image | Snapshot> {
  if (type === 'snapshot') return await lockSnapshot(trx, caller, id, 'snapshot.update', { region });
  const image = await lockImage(trx, caller, id, 'image.update');
  if (region !== undefined && image.region !== region) throw new RefusalError('image.not-found', { image: id });
  return image;
}

function without(tags: Readonly<Record<string, string>>, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key)));
}
