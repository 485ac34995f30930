/** Time, as an argument: what needs it is given a clock, so that a test can be at any moment it likes. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
