/**
 * What goes on with an image and an object store: its disks are imported from objects, or exported to them, asynchronously.
 * A task outlives its image as history.
 */
import type { FailureCode } from './failure.ts';
import type { DiskFormat, Image } from './image.ts';
import { RefusalError } from './refusal.ts';
import type { TaskState } from './states.ts';

export const taskKinds = ['import', 'export'] as const;
export type TaskKind = (typeof taskKinds)[number];

export interface TaskIds {
  /** UUID. */
  readonly id: string;
  /** `tsk-` and 20 lower-case letters or digits. */
  readonly aliyunId: string;
}

/** A disk and the object that it comes from, or that it becomes. */
export interface DiskObject {
  /** The disk's. */
  readonly index: number;
  readonly bucket: string;
  readonly object: string;
  /** What was declared when it was asked for, null for nothing; of an export, the disk's own. */
  readonly format: DiskFormat | null;
  /** Bytes of the object. */
  readonly size: number;
  /** Bytes that the disk measures to a machine, as whoever imports it declared them. */
  readonly declaredSize: number | null;
  /** Of an import: what the object was like when it was asked for. One that has changed since is not taken. */
  readonly etag: string | null;
  /** Of an export: there must be none of the name before, whoever's. */
  readonly isNew?: boolean;
}

/** An object that an export has begun to write. */
export interface BegunObject {
  readonly bucket: string;
  readonly object: string;
  /** What the object store calls the upload. */
  readonly upload: string;
}

export interface TaskProgress {
  readonly bytesTotal: number;
  readonly bytesDone: number;
  /** Over the last seconds; 0 while unknown. */
  readonly bytesPerSecond: number;
}

export interface Task extends TaskIds {
  readonly kind: TaskKind;
  readonly accountId: string;
  readonly region: string;
  readonly imageId: string;
  readonly imageAliyunId: string;
  /** Empty for one whose image was gone before tasks kept it. */
  readonly imageJdcloudId: string;
  /** The image's. */
  readonly projectId: string;
  /** Id of the user, null for the bearer of the installation's token. */
  readonly requestedBy: string | null;
  /** In the order of the disks. */
  readonly objects: readonly DiskObject[];
  readonly state: TaskState;
  readonly progress: TaskProgress;
  /** Times a worker has taken it up, but for those that the end of its server cut short. */
  readonly attempts: number;
  readonly failure: { readonly code: FailureCode; readonly message: string } | null;
  /** Epoch milliseconds, as the two below. */
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

type TaskPlace = Pick<Task, 'imageId' | 'imageAliyunId' | 'imageJdcloudId' | 'accountId' | 'region' | 'projectId'>;

/** What a task keeps of its image. An export is the account's that asks for it, whoever's the image is. */
export function taskPlaceOf({
  id,
  aliyunId,
  jdcloudId,
  accountId,
  region,
  projectId,
}: Pick<Image, 'id' | 'aliyunId' | 'jdcloudId' | 'accountId' | 'region' | 'projectId'>): TaskPlace {
  return { imageId: id, imageAliyunId: aliyunId, imageJdcloudId: jdcloudId, accountId, region, projectId };
}

/** A task that has not ended, as whatever it keeps from happening is told of it. */
export type WorkingTask = Pick<Task, 'id' | 'kind'>;

/** The no to what must not be done with an image while the task works on it. */
export function taskRefusal(image: string, { id: task, kind }: WorkingTask): RefusalError {
  return new RefusalError(kind === 'import' ? 'image.importing' : 'image.exporting', { image, task });
}

/** What a worker must be for its word about a task to count: the server that has it, since the last time it was taken up. */
export interface TaskHolder {
  readonly id: string;
  readonly server: string;
  readonly claim: number;
}

/** An attempt, as what does the work of a task is told of it. */
export interface TaskRun {
  readonly task: Task;
  readonly holder: TaskHolder;
  /** Hears of bytes of the objects that have been dealt with. */
  readonly onProgress: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/** Why a worker lets go of a task. */
export class TaskLostError extends Error {
  constructor() {
    super('the task was cancelled or another worker has it');
    this.name = 'TaskLostError';
  }
}
