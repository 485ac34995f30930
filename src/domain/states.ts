/**
 * The states of images and copies and the only ways between them (design §3). Everything that sets a state asks
 * `nextImageState` or `nextCopyState` first; a pair that is not in these tables is a bug, not a refusal.
 */

export const imageStates = ['queued', 'uploading', 'copying', 'available', 'deprecated', 'failed'] as const;
export type ImageState = (typeof imageStates)[number];

export type ImageEvent =
  | 'upload-started'
  | 'upload-ended'
  | 'copy-started'
  | 'copy-handed-back'
  | 'completed'
  | 'failed'
  | 'deprecated'
  | 'restored';

const imageTransitions: Record<ImageState, Partial<Record<ImageEvent, ImageState>>> = {
  queued: { 'upload-started': 'uploading', 'copy-started': 'copying', failed: 'failed' },
  uploading: { 'upload-ended': 'queued', completed: 'available', failed: 'failed' },
  copying: { 'copy-handed-back': 'queued', completed: 'available', failed: 'failed' },
  available: { deprecated: 'deprecated' },
  deprecated: { restored: 'available' },
  failed: {},
};

/** Nothing sets a snapshot's: it follows from those of the images that stand on it (snapshot.ts). */
export const snapshotStates = ['progressing', 'accomplished', 'failed'] as const;
export type SnapshotState = (typeof snapshotStates)[number];

export const copyStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type CopyState = (typeof copyStates)[number];

export type CopyEvent = 'started' | 'handed-back' | 'succeeded' | 'failed' | 'cancelled';

const copyTransitions: Record<CopyState, Partial<Record<CopyEvent, CopyState>>> = {
  queued: { started: 'running', failed: 'failed', cancelled: 'cancelled' },
  // A worker that takes over from a dead one starts a copy that is still marked as running.
  running: {
    started: 'running',
    'handed-back': 'queued',
    succeeded: 'succeeded',
    failed: 'failed',
    cancelled: 'cancelled',
  },
  succeeded: {},
  failed: {},
  cancelled: {},
};

/** A task is, as a copy, taken up, perhaps handed back, and ended once: it has the same states, and the same ways. */
export type TaskState = CopyState;
export type TaskEvent = CopyEvent;

/** The state an image enters on `event`, or undefined when the event cannot happen in `state`. */
export function nextImageState(state: ImageState, event: ImageEvent): ImageState | undefined {
  return imageTransitions[state][event];
}

/** The state a copy enters on `event`, or undefined when the event cannot happen in `state`. */
export function nextCopyState(state: CopyState, event: CopyEvent): CopyState | undefined {
  return copyTransitions[state][event];
}

/** The states in which `event` can happen; for statements that change a state only if it is still one of these. */
export function copyStatesBefore(event: CopyEvent): CopyState[] {
  return copyStates.filter((state) => copyTransitions[state][event] !== undefined);
}

/** As {@link copyStatesBefore}, for images. */
export function imageStatesBefore(event: ImageEvent): ImageState[] {
  return imageStates.filter((state) => imageTransitions[state][event] !== undefined);
}

/** True in the states that a copy never leaves. */
export function isFinalCopyState(state: CopyState): boolean {
  return Object.keys(copyTransitions[state]).length === 0;
}

/** True while an image's bytes can be read, copied and exported. */
export function isReadable(state: ImageState): boolean {
  return state === 'available' || state === 'deprecated';
}

/** True until an image has its bytes, or has failed to get them. */
export function isChanging(state: ImageState): boolean {
  return !isReadable(state) && state !== 'failed';
}
