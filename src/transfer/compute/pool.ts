/** The worker threads that do all cutting, hashing and compressing; the event loop does none of it (design §4). */
import { Piscina } from 'piscina';
import { createSharedBuffers, type SharedBuffers } from '../../lib/shared-buffers.ts';
import { siblingModule } from '../../lib/sibling-module.ts';
import type { AppendFramesResult, AppendFramesTask } from './append-frames.ts';
import type { CutSegmentResult, CutSegmentTask } from './cut-segment.ts';
import type { FrameStretch } from './frames.ts';
import type { OpenFramesResult } from './open-frames.ts';
import type { PackChunksResult, PackChunksTask } from './pack-chunks.ts';
import type { SealedPack, SealPackTask } from './seal-pack.ts';

/** Tasks by name. A task has its buffers to itself until its result is there; a stretch's bytes are gone afterwards. */
export interface ComputePool {
  cutSegment(task: CutSegmentTask): Promise<CutSegmentResult>;
  packChunks(task: PackChunksTask): Promise<PackChunksResult>;
  appendFrames(task: AppendFramesTask): Promise<AppendFramesResult>;
  openFrames(stretch: FrameStretch): Promise<OpenFramesResult>;
  sealPack(task: SealPackTask): Promise<SealedPack>;
  /** Memory for segments and packs, which the threads see as the event loop does. */
  readonly buffers: SharedBuffers;
  /** How many tasks run at once. */
  readonly threads: number;
  /** How many wait for a thread. */
  queued(): number;
  /** Ends the threads; tasks that have not run are rejected. */
  close(): Promise<void>;
}

/** What a lane of an upload holds with the usual settings, rounded up: a segment of 8 MiB, a pack of 16 MiB, a read of 2 MiB. */
const idleBytesPerLane = 32 * 1024 * 1024;

export function createComputePool(threads: number): ComputePool {
  const pool = new Piscina({
    filename: siblingModule(import.meta.url, 'worker').href,
    minThreads: threads,
    maxThreads: threads,
    // Waiting on an atomic, a thread would never come back to its event loop, where V8 runs the rest of its collections:
    // a hundred MiB more (docs/adr/0005-memory.md).
    atomics: 'disabled',
    // A task leaves little behind but buffers, and those it gives back itself; the default lets 48 MiB of dead objects gather.
    resourceLimits: { maxYoungGenerationSizeMb: 2 },
    // Requests and the database go first where all want the same processors.
    niceIncrement: 10,
  });
  const run = (name: string, task: object, ...views: Uint8Array<ArrayBuffer>[]) =>
    pool.run(task, { name, transferList: views.map((view) => view.buffer) });
  return {
    threads,
    queued: () => pool.queueSize,
    buffers: createSharedBuffers((threads + 1) * idleBytesPerLane),
    cutSegment: (task) => run('cutSegment', task),
    packChunks: (task) => run('packChunks', task),
    appendFrames: (task) => run('appendFrames', task, task.stretch.bytes),
    openFrames: (stretch) => run('openFrames', stretch, stretch.bytes),
    sealPack: (task) => run('sealPack', task),
    close: () => pool.destroy(),
  };
}
