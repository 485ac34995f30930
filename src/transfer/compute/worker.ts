/**
 * What runs on the worker threads: piscina calls these by name. The buffers of a result are moved, not copied, so a
 * buffer that was handed over with the task comes back with the answer.
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
  return moving(result, result.segment, result.ids, result.digests);
}

export function packChunks(task: PackChunksTask): unknown {
  const result = pack(task);
  return moving(result, result.segment, result.pack.bytes);
}

export function appendFrames(task: AppendFramesTask): unknown {
  const result = append(task);
  return moving(result, result.pack.bytes);
}

export function openFrames(stretch: FrameStretch): unknown {
  const result = open(stretch);
  return moving(result, result.bytes);
}

export function sealPack(task: SealPackTask): unknown {
  const result = seal(task);
  return moving(result, result.bytes);
}
