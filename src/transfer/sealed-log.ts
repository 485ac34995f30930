import { seal, unseal } from '../lib/seal.ts';
import type { DiskSealing } from '../store/disk-keys.ts';
import { deriveKey } from '../store/hash.ts';
import type { LoggedSegment, SegmentLog } from '../store/segment-log.ts';

/**
 * The log of an encrypted disk, whose digests are sealed while they wait in it: they are hashes of what the disk holds, and
 * would tell whoever can read the log, and has a block of a disk, where else it is.
 */
export function sealedLog(log: SegmentLog, manifestId: string, sealing: DiskSealing | null): SegmentLog {
  if (sealing === null) return log;
  const key = deriveKey('mimeo segment log of a data key 1', sealing.manifest);
  const placeOf = ({ position }: LoggedSegment) => `digests:${manifestId}:${position}`;
  // A hole is known by having none.
  const changed = (segment: LoggedSegment, change: typeof seal) =>
    segment.digests.length === 0 ? segment : { ...segment, digests: change(key, segment.digests, placeOf(segment)) };
  return {
    append: (segments) => log.append(segments.map((segment) => changed(segment, seal))),
    async *segments() {
      for await (const segment of log.segments()) yield changed(segment, unseal);
    },
  };
}
