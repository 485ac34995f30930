/**
 * What runs on the worker threads: piscina calls these by name. Segments and packs are shared memory; what a result brings
 * that is not small is moved, not copied.
 */
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { type AppendFramesTask, appendFrames as append } from './append-frames.ts';
import { type CutSegmentTask, cutSegment as cut } from './cut-segment.ts';
import type { FrameStretch } from './frames.ts';
import { openFrames as open } from './open-frames.ts';
import { type PackChunksTask, packChunks as pack } from './pack-chunks.ts';
import { type SealPackTask, sealPack as seal } from './seal-pack.ts';

function moving(result: object, ...views: Uint8Array<ArrayBuffer>[]): unknown {
  return move({ [transferableSymbol]: views.map((view) => view.buffer), [valueSymbol]: result });
}

export function cutSegment(task: CutSegmentTask): unknown {
  const result = cut(task);
  return moving(result, result.ids, result.digests);
}

export function packChunks(task: PackChunksTask): unknown {
  return pack(task);
}

export function appendFrames(task: AppendFramesTask): unknown {
  return append(task);
}

export function openFrames(stretch: FrameStretch): unknown {
  const result = open(stretch);
  return moving(result, result.bytes);
}

export function sealPack(task: SealPackTask): unknown {
  return seal(task);
}
