/** One source image to one new image, asynchronously: what a caller can know about it. */
import type { CopyEncryption, PolicyName } from './copy-policy.ts';
import type { FailureCode } from './failure.ts';
import type { CopyState } from './states.ts';

export interface CopyProgress {
  /** Logical bytes of all disks. */
  readonly bytesTotal: number;
  /** Logical bytes dealt with: moved, found at the destination, or zeros. */
  readonly bytesDone: number;
  /** Stored bytes that went from one region's store to the other's, over all attempts. */
  readonly bytesMoved: number;
  /** Logical bytes a second over the last seconds; 0 while unknown. */
  readonly bytesPerSecond: number;
}

export interface CopyFailure {
  readonly code: FailureCode;
  readonly message: string;
}

/** What the new image is to have of its own; what is left out is the source's, or the account's default. */
export interface CopyWishes {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Id or name. */
  readonly project?: string | undefined;
  /** Id or name. */
  readonly resourceGroup?: string | undefined;
  /** Id or alias of a key of the destination, `default` for that region's default key, or `none`. */
  readonly encryption?: string | undefined;
}

export interface Copy {
  readonly id: string;
  readonly accountId: string;
  /** Names what was asked for together. */
  readonly request: string | null;
  /** The copy that this one tries again. */
  readonly retryOf: string | null;
  /** The rules under which it was accepted, and is looked at again when it starts. */
  readonly policy: PolicyName;
  /** Id of the user, null for the bearer of the installation's token. */
  readonly requestedBy: string | null;
  /** Name of the agency that lets the image service act in the destination, where one was named. */
  readonly agency: string | null;
  readonly wishes: CopyWishes;
  readonly encryption: CopyEncryption;
  readonly sourceImageId: string;
  readonly sourceRegion: string;
  readonly destinationImageId: string;
  readonly destinationRegion: string;
  readonly state: CopyState;
  readonly progress: CopyProgress;
  /** 1 for the copy that starts next in its group; null when it is not waiting. */
  readonly queuePosition: number | null;
  /** Times a worker has taken the copy up. */
  readonly attempts: number;
  readonly failure: CopyFailure | null;
  /** Epoch milliseconds, as the two below. */
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

/** A copy, or a task. */
interface Measured {
  readonly state: CopyState;
  readonly progress: Omit<CopyProgress, 'bytesMoved'>;
}

/** Whole percent. P1: 100 only once the destination has verified and committed, which is what `succeeded` means. */
export function percentDone(copy: Measured): number {
  if (copy.state === 'succeeded') return 100;
  const { bytesDone, bytesTotal } = copy.progress;
  if (bytesTotal === 0) return 0;
  return Math.min(99, Math.floor((bytesDone / bytesTotal) * 100));
}

/** Seconds until a running copy is done at its present rate; null while that cannot be told. */
export function secondsRemaining(copy: Measured): number | null {
  const { bytesDone, bytesTotal, bytesPerSecond } = copy.progress;
  if (copy.state !== 'running' || bytesPerSecond <= 0) return null;
  return Math.ceil(Math.max(0, bytesTotal - bytesDone) / bytesPerSecond);
}
