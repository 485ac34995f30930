/** What JD Cloud calls a snapshot's states (reference §4). */
import type { Snapshot } from '../../../domain/snapshot.ts';
import type { SnapshotState } from '../../../domain/states.ts';

/** The core's states behind each word. None where the word is about disks, or is over before anybody could see it. */
export const statesOf = {
  creating: ['progressing'],
  copying: ['progressing'],
  available: ['accomplished'],
  'in-use': [],
  deleting: [],
  error_create: ['failed'],
  error_delete: [],
} as const satisfies Readonly<Record<string, readonly SnapshotState[]>>;

export type SnapshotStatus = keyof typeof statesOf;

export const snapshotStatuses = Object.keys(statesOf) as SnapshotStatus[];

export function statusOf({ state, source }: Pick<Snapshot, 'state' | 'source'>): SnapshotStatus {
  if (state === 'progressing') return source === null ? 'creating' : 'copying';
  return state === 'failed' ? 'error_create' : 'available';
}
