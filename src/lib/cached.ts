import type { Clock } from './clock.ts';

/**
 * `work`, run at most once at a time; its outcome, an error too, answers every call until `keepMs(took)` has passed since it
 * was there. So however many ask, and however slow it is, it costs a known share of the time.
 */
export function cached<Result>(
  work: () => Promise<Result>,
  clock: Clock,
  keepMs: (tookMs: number) => number,
): () => Promise<Result> {
  let latest: Promise<Result> | undefined;
  let until = 0;
  return () => {
    const startedAt = clock.now();
    if (latest === undefined || startedAt >= until) {
      until = Number.POSITIVE_INFINITY;
      const settle = () => {
        const now = clock.now();
        until = now + keepMs(now - startedAt);
      };
      latest = work();
      latest.then(settle, settle);
    }
    return latest;
  };
}
