import { changeTags } from '../../../../app/change-tags.ts';
import type { Caller } from '../../../../app/context.ts';
import type { Image } from '../../../../domain/image.ts';
import type { Answer, HuaweiContext } from '../../operation.ts';
import type { Tag } from '../../tag-words.ts';
import { mostTags } from './tag-parameters.ts';

interface TagChanges {
  readonly set?: Readonly<Record<string, string>>;
  /** Keys. */
  readonly remove?: readonly string[];
  /** How many the image may come to have. */
  readonly most?: number;
}

/** All of it or nothing; the answer is empty. */
export async function changeImageTags(
  context: HuaweiContext,
  caller: Caller,
  { id }: Image,
  changes: TagChanges,
): Promise<Answer> {
  await changeTags(context, caller, { most: mostTags, ...changes, type: 'image', ids: [id] });
  return { status: 204 };
}

/** The keys of those that the image has; where a value is given, with this one: whoever means another tag keeps this. */
export function keysOf({ tags }: Image, wanted: readonly Partial<Tag>[]): string[] {
  return wanted.flatMap(({ key = '', value }) =>
    Object.hasOwn(tags, key) && (!value || tags[key] === value) ? [key] : [],
  );
}
