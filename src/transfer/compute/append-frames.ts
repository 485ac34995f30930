import { releaseBuffer } from '../../lib/release-buffer.ts';
import type { PackEntry } from '../../store/chunk-index.ts';
import { eachIntactFrame, type FrameStretch } from './frames.ts';
import { type Appended, appendedTo, type OpenPack } from './open-pack.ts';

export interface AppendFramesTask {
  readonly stretch: FrameStretch;
  /** Must have room for all frames of the stretch. */
  readonly pack: OpenPack;
}

export interface AppendFramesResult extends Appended {
  /** Numbers of the frames that did not verify and were not appended. */
  readonly damaged: number[];
}

/** Verifies frames of another region's pack and appends them as they are: no chunk is compressed twice. */
export function appendFrames({ stretch, pack }: AppendFramesTask): AppendFramesResult {
  const entries: PackEntry[] = [];
  let used = pack.used;
  const damaged = eachIntactFrame(stretch, ({ bytes, id }) => {
    pack.bytes.set(bytes, used);
    entries.push({ id, offset: used, length: bytes.length });
    used += bytes.length;
  });
  const appended = appendedTo(pack, used, entries);
  releaseBuffer(stretch.bytes);
  return { damaged, ...appended };
}
