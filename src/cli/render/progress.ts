import cliProgress from 'cli-progress';
import { type Clock, systemClock } from '../../lib/clock.ts';
import type { OutputStream } from '../io.ts';

/** How far something is, shown on standard error: a bar on a terminal, a line now and then anywhere else. */
export interface Progress {
  update(percent: number, detail: string): void;
  /** Takes the bar away; to be called however the work ended. */
  stop(): void;
}

/** The same of several things at a time, a line each, told apart by a key. */
export interface ProgressLines {
  /** Whether there has been an update with this key. */
  has(key: string): boolean;
  update(key: string, label: string, percent: number, detail: string): void;
  stop(): void;
}

/** Milliseconds between lines: often enough to see that it moves, seldom enough for a log of CI. */
const lineInterval = 5000;

export function createProgress(stream: OutputStream, label: string, clock: Clock = systemClock): Progress {
  const lines = createProgressLines(stream, clock);
  if (stream.isTTY) lines.update(label, label, 0, '');
  return { update: (percent, detail) => lines.update(label, label, percent, detail), stop: lines.stop };
}

export function createProgressLines(stream: OutputStream, clock: Clock = systemClock): ProgressLines {
  return stream.isTTY ? createBars(stream) : createLines(stream, clock);
}

function createBars(stream: OutputStream): ProgressLines {
  const screen = new cliProgress.MultiBar({
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
  const bars = new Map<string, cliProgress.SingleBar>();
  return {
    has: (key) => bars.has(key),
    update(key, label, percent, detail) {
      const bar = bars.get(key) ?? screen.create(100, 0, { label, detail: '' });
      bars.set(key, bar);
      bar.update(percent, { detail });
    },
    stop: () => screen.stop(),
  };
}

function createLines(stream: OutputStream, clock: Clock): ProgressLines {
  const next = new Map<string, number>();
  return {
    has: (key) => next.has(key),
    update(key, label, percent, detail) {
      const now = clock.now();
      if (now < (next.get(key) ?? -Infinity)) return;
      next.set(key, now + lineInterval);
      stream.write(`${label}: ${percent} %, ${detail}\n`);
    },
    stop() {},
  };
}
