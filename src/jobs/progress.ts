/** Gathers what a running copy reports and writes it down twice a second: often enough to watch, rare enough for a database. */
import type { Clock } from '../lib/clock.ts';

export interface Progress {
  /** Logical bytes dealt with and stored bytes moved since the last call. */
  add(done: number, moved: number): void;
  /** Writes what is left and stops. */
  stop(): Promise<void>;
}

export interface ProgressReport {
  /** Logical bytes since this attempt began. */
  readonly bytesDone: number;
  /** Stored bytes moved since the last report. */
  readonly bytesMoved: number;
  /** Logical bytes a second over the last few reports. */
  readonly bytesPerSecond: number;
}

const intervalMs = 500;
/** Ten samples, five seconds: long enough to be calm, short enough to follow a change. */
const samples = 10;

/** `save` is never called twice at once; its errors go to `onError`, which may end the copy. */
export function startProgress(
  clock: Clock,
  save: (report: ProgressReport) => Promise<void>,
  onError: (error: unknown) => void,
): Progress {
  const history = [{ at: clock.now(), done: 0 }];
  let done = 0;
  let moved = 0;
  let saving: Promise<void> = Promise.resolve();
  let busy = false;

  async function report(): Promise<void> {
    busy = true;
    const now = clock.now();
    history.push({ at: now, done });
    if (history.length > samples) history.shift();
    const first = history[0] as { at: number; done: number };
    const bytesMoved = moved;
    moved = 0;
    try {
      const bytesPerSecond = now > first.at ? ((done - first.done) * 1000) / (now - first.at) : 0;
      await save({ bytesDone: done, bytesMoved, bytesPerSecond });
    } catch (error) {
      moved += bytesMoved;
      onError(error);
    } finally {
      busy = false;
    }
  }

  const timer = setInterval(() => {
    if (!busy) saving = report();
  }, intervalMs);

  return {
    add(doneBytes, movedBytes) {
      done += doneBytes;
      moved += movedBytes;
    },
    async stop() {
      clearInterval(timer);
      await saving;
      await report();
    },
  };
}
