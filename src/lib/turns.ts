export interface TurnsOptions {
  readonly atOnce: number;
  /** So many wait, in the order in which they came. */
  readonly waiting: number;
  /** What one too many is told. */
  readonly refuse: () => Error;
}

/** Does work when its turn comes; whoever aborts while he waits leaves the queue. Work that has begun is not interrupted. */
export type Turns = <Result>(work: () => Promise<Result>, signal: AbortSignal) => Promise<Result>;

export function createTurns({ atOnce, waiting: mostWaiting, refuse }: TurnsOptions): Turns {
  const waiting = new Set<() => void>();
  let running = 0;

  async function wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (running < atOnce) {
      running += 1;
      return;
    }
    if (waiting.size >= mostWaiting) throw refuse();
    await new Promise<void>((resolve, reject) => {
      const begin = () => {
        waiting.delete(begin);
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        waiting.delete(begin);
        reject(signal.reason);
      };
      waiting.add(begin);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  return async (work, signal) => {
    await wait(signal);
    try {
      return await work();
    } finally {
      // Whoever waits longest takes the place over, so nobody who comes meanwhile can.
      const [next] = waiting;
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
