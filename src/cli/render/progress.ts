import cliProgress from 'cli-progress';
import { type Clock, systemClock } from '../../lib/clock.ts';
import type { OutputStream } from '../io.ts';

/** How far something is, shown on standard error: a bar on a terminal, a line now and then anywhere else. */
export interface Progress {
  update(percent: number, detail: string): void;
  /** Takes the bar away; to be called however the work ended. */
  stop(): void;
}

/** Milliseconds between lines: often enough to see that it moves, seldom enough for a log of CI. */
const lineInterval = 5000;

export function createProgress(stream: OutputStream, label: string, clock: Clock = systemClock): Progress {
  return stream.isTTY ? createBar(stream, label) : createLines(stream, label, clock);
}

function createBar(stream: OutputStream, label: string): Progress {
  const bar = new cliProgress.SingleBar({
    format: '{label} [{bar}] {percentage} % {detail}',
    stream,
    hideCursor: true,
    clearOnComplete: true,
    // It would handle signals on its own; the session does, and calls `stop`.
    gracefulExit: false,
    barsize: 24,
    fps: 10,
    barCompleteChar: '#',
    barIncompleteChar: '.',
  });
  bar.start(100, 0, { label, detail: '' });
  return {
    update: (percent, detail) => bar.update(percent, { detail }),
    stop: () => bar.stop(),
  };
}

function createLines(stream: OutputStream, label: string, clock: Clock): Progress {
  let next = -Infinity;
  return {
    update(percent, detail) {
      const now = clock.now();
      if (now < next) return;
      next = now + lineInterval;
      stream.write(`${label}: ${percent} %, ${detail}\n`);
    },
    stop() {},
  };
}
