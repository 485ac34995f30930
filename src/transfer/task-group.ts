/**
 * The work behind a manifest's `put`. An aborted `put` rejects at once and leaves what it was reading to end by itself; with
 * a group its caller can wait until nothing of that touches a store or an index any more.
 */
export interface TaskGroup {
  /** Runs `work`, unless the signal was aborted. */
  run<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Resolves when nothing of the group is running, however it ended. */
  settled(): Promise<void>;
}

export function createTaskGroup(signal: AbortSignal): TaskGroup {
  const running = new Set<Promise<unknown>>();
  return {
    async run(work) {
      signal.throwIfAborted();
      const task = work();
      running.add(task);
      try {
        return await task;
      } finally {
        running.delete(task);
      }
    },
    async settled() {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}
