import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Copy, percentDone, secondsRemaining } from './copy.ts';
import { copyStates } from './states.ts';

const bytes = fc.nat(Number.MAX_SAFE_INTEGER);
const copies: fc.Arbitrary<Pick<Copy, 'state' | 'progress'>> = fc.record({
  state: fc.constantFrom(...copyStates),
  progress: fc.record({ bytesTotal: bytes, bytesDone: bytes, bytesMoved: bytes, bytesPerSecond: bytes }),
});

function running(progress: Partial<Copy['progress']>): Pick<Copy, 'state' | 'progress'> {
  return { state: 'running', progress: { bytesTotal: 0, bytesDone: 0, bytesMoved: 0, bytesPerSecond: 0, ...progress } };
}

describe('percentDone', () => {
  it('says 100 exactly when the copy has succeeded (P1), and whole numbers from 0 to 99 otherwise', () => {
    fc.assert(
      fc.property(copies, (copy) => {
        const percent = percentDone(copy);
        expect(Number.isInteger(percent)).toBe(true);
        expect(percent).toBeGreaterThanOrEqual(0);
        expect(percent === 100).toBe(copy.state === 'succeeded');
        expect(percent).toBeLessThanOrEqual(100);
      }),
      { numRuns: 500 },
    );
  });

  it('never goes back while bytes are added', () => {
    fc.assert(
      fc.property(bytes, bytes, bytes, (bytesTotal, one, other) => {
        const [less, more] = one < other ? [one, other] : [other, one];
        expect(percentDone(running({ bytesTotal, bytesDone: less }))).toBeLessThanOrEqual(
          percentDone(running({ bytesTotal, bytesDone: more })),
        );
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    [0, 0],
    [9, 0],
    [10, 1],
    [505, 50],
    [999, 99],
    [1000, 99],
    [2000, 99],
  ])('rounds %i of 1000 bytes down to %i', (bytesDone, percent) => {
    expect(percentDone(running({ bytesTotal: 1000, bytesDone }))).toBe(percent);
  });
});

describe('secondsRemaining', () => {
  it('is told only for a copy that runs and moves', () => {
    fc.assert(
      fc.property(copies, (copy) => {
        const seconds = secondsRemaining(copy);
        expect(seconds === null).toBe(copy.state !== 'running' || copy.progress.bytesPerSecond === 0);
        if (seconds === null) return;
        const { bytesTotal, bytesDone, bytesPerSecond } = copy.progress;
        expect(seconds).toBe(Math.max(0, Math.ceil((bytesTotal - bytesDone) / bytesPerSecond)));
      }),
      { numRuns: 500 },
    );
  });

  it('rounds up', () => {
    expect(secondsRemaining(running({ bytesTotal: 1001, bytesDone: 0, bytesPerSecond: 100 }))).toBe(11);
    expect(secondsRemaining(running({ bytesTotal: 1000, bytesDone: 1000, bytesPerSecond: 100 }))).toBe(0);
  });
});
