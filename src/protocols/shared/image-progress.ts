import { type Copy, percentDone } from '../../domain/copy.ts';
import type { Image } from '../../domain/image.ts';
import { isReadable } from '../../domain/states.ts';
import type { Task } from '../../domain/task.ts';

/** In percent. P1: 100 for what has been committed, and for nothing else. `maker`: what makes it, if that is known. */
export function progressOf({ state }: Pick<Image, 'state'>, maker: Copy | Task | undefined): number {
  if (isReadable(state)) return 100;
  return maker === undefined ? 0 : Math.min(99, percentDone(maker));
}
