import type { Clock } from './clock.ts';

/** What failures are counted by, and how many of them are forgiven; the next one locks. */
export interface Bound {
  readonly key: string;
  readonly most: number;
}

export interface LockoutOptions {
  /** How long a lock lasts, and how long failures are remembered that are too few for one. */
  readonly lockMs: number;
  readonly clock: Clock;
  /** 10,000 by default. When there are more, the one that was tried longest ago is forgotten; never one that is locked. */
  readonly maxKeys?: number;
}

/**
 * Counts failed attempts, and locks what has too many of them. An attempt counts before it is known how it ends, so that no
 * more of them are made at once than one after the other. Each process counts for itself.
 */
export interface Lockouts {
  isLocked(key: string): boolean;
  /**
   * Counts an attempt by all of the bounds; what it returns takes that back, for one that was no failure. Undefined, and nothing
   * is counted, where one of them is locked or all that are remembered are: trying on prolongs no lock.
   */
  attempt(...bounds: readonly Bound[]): (() => void) | undefined;
  /** Forgets failures, but lifts no lock: what succeeds now may have been asked before. */
  forgive(key: string): void;
}

interface Count {
  failures: number;
  until: number;
  readonly most: number;
  readonly since: number;
}

export function createLockouts({ lockMs, clock, maxKeys = 10_000 }: LockoutOptions): Lockouts {
  /** In the order of the last attempt. */
  const counts = new Map<string, Count>();

  function find(key: string): Count | undefined {
    const count = counts.get(key);
    return count !== undefined && clock.now() < count.until ? count : undefined;
  }

  function isLocked(key: string): boolean {
    const count = find(key);
    return count !== undefined && count.failures > count.most;
  }

  /** Whoever fails at many keys must not open one by it. */
  function makeRoom(wanted: number): boolean {
    const isEnough = () => counts.size + wanted <= maxKeys;
    for (const key of counts.keys()) {
      if (isEnough()) break;
      if (!isLocked(key)) counts.delete(key);
    }
    return isEnough();
  }

  function count({ key, most }: Bound): () => void {
    const now = clock.now();
    const counted = find(key) ?? { failures: 0, until: now + lockMs, most, since: now };
    counted.failures += 1;
    if (counted.failures > most) counted.until = now + lockMs;
    counts.delete(key);
    counts.set(key, counted);
    return () => {
      counted.failures -= 1;
      if (counted.failures <= most) counted.until = counted.since + lockMs;
      if (counted.failures === 0 && counts.get(key) === counted) counts.delete(key);
    };
  }

  return {
    isLocked,
    attempt(...bounds) {
      const added = bounds.filter(({ key }) => !counts.has(key)).length;
      if (bounds.some(({ key }) => isLocked(key)) || !makeRoom(added)) return undefined;
      const takeBacks = bounds.map(count);
      return () => {
        for (const takeBack of takeBacks) takeBack();
      };
    },
    forgive(key) {
      if (!isLocked(key)) counts.delete(key);
    },
  };
}
