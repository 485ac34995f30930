import { type Clock, systemClock } from '../../lib/clock.ts';
import type { OutputStream } from '../io.ts';
import { createProgress } from './progress.ts';
import { formatBytes, formatDuration, formatRate } from './units.ts';

/** The progress of bytes that this process moves itself, with a rate it measures. */
export interface TransferProgress {
  /** `done` of the bytes have been dealt with; holes that were passed over count. */
  reach(done: number): void;
  stop(): void;
}

/** Milliseconds over which the rate is taken: short enough to follow a change, long enough not to flicker. */
const rateWindow = 5000;
/** Milliseconds between two looks at the clock's worth of samples. */
const sampleInterval = 200;

export function createTransferProgress(
  stream: OutputStream,
  label: string,
  total: number,
  clock: Clock = systemClock,
): TransferProgress {
  const progress = createProgress(stream, label, clock);
  let samples = [{ time: clock.now(), done: 0 }];

  return {
    reach(done) {
      const time = clock.now();
      if (time - (samples.at(-1)?.time ?? 0) < sampleInterval && done < total) return;
      // A transfer that was cut off goes on from less than was sent.
      if (done < (samples.at(-1)?.done ?? 0)) samples = [];
      samples.push({ time, done });
      while (samples.length > 2 && time - (samples[0]?.time ?? 0) > rateWindow) samples.shift();
      const oldest = samples[0] ?? { time, done };
      const rate = ((done - oldest.done) / Math.max(1, time - oldest.time)) * 1000;
      const parts = [`${formatBytes(done)} of ${formatBytes(total)}`, formatRate(rate)];
      if (rate > 0) parts.push(`${formatDuration((total - done) / rate)} left`);
      progress.update(Math.floor((done / total) * 100), parts.join(', '));
    },
    stop: progress.stop,
  };
}
