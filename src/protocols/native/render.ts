/** Domain objects as the native API shows them: times in ISO 8601, sizes in bytes, nothing of the tenant's inside. */
import { type Copy, percentDone, secondsRemaining } from '../../domain/copy.ts';
import type { Image } from '../../domain/image.ts';

function time(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

export function renderImage(image: Image): object {
  const { accountId: _, createdAt, updatedAt, ...shown } = image;
  return { ...shown, createdAt: time(createdAt), updatedAt: time(updatedAt) };
}

export function renderCopy(copy: Copy): object {
  const { accountId: _, progress, createdAt, startedAt, finishedAt, ...shown } = copy;
  return {
    ...shown,
    ...progress,
    percent: percentDone(copy),
    secondsRemaining: secondsRemaining(copy),
    createdAt: time(createdAt),
    startedAt: startedAt === null ? null : time(startedAt),
    finishedAt: finishedAt === null ? null : time(finishedAt),
  };
}
