import type { Image } from '../../../../domain/image.ts';
import type { Tag } from '../../tag-words.ts';

/** By key. */
export function tagsOf({ tags }: Pick<Image, 'tags'>): Tag[] {
  const sorted = Object.entries(tags).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([key, value]) => ({ key, value }));
}
