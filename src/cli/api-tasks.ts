/** What the native API says of imports and exports (docs/native-api.md): the JSON, field for field. */
import type { DiskFormat, DiskRole } from '../domain/image.ts';
import type { Task, TaskIds, TaskKind } from '../domain/task.ts';
import type { ApiNewImage } from './api.ts';

export interface ApiTask extends TaskIds {
  readonly kind: TaskKind;
  readonly region: string;
  readonly imageId: string;
  readonly state: Task['state'];
  readonly percent: number;
  readonly bytesTotal: number;
  readonly bytesDone: number;
  readonly bytesPerSecond: number;
  readonly secondsRemaining: number | null;
  readonly attempts: number;
  readonly objects: readonly {
    readonly disk: number;
    readonly bucket: string;
    readonly object: string;
    readonly format: DiskFormat | null;
    readonly size: number;
  }[];
  readonly failure: Task['failure'];
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

export interface ApiNewImport extends Omit<ApiNewImage, 'disks'> {
  readonly disks: readonly {
    readonly bucket: string;
    readonly object: string;
    readonly role: DiskRole;
    readonly format?: DiskFormat;
  }[];
}

export interface ApiNewExport {
  readonly bucket: string;
  readonly prefix: string;
}
