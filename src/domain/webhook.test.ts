import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isEventPattern } from './event-types.ts';
import { retryPause } from './webhook.ts';

describe('retryPause', () => {
  it('grows from five seconds to four hours, and twelve attempts take most of a day', () => {
    const pauses = Array.from({ length: 11 }, (_, index) => retryPause(index + 1, 0.5) / 1000);
    expect(pauses).toEqual([5, 30, 120, 600, 1800, 3600, 7200, 14_400, 14_400, 14_400, 14_400]);
  });

  it('is spread by a fifth either way', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, lot) => {
        const middle = retryPause(attempts, 0.5);
        expect(Math.abs(retryPause(attempts, lot) - middle)).toBeLessThanOrEqual(0.2 * middle + 1);
      }),
    );
    expect([retryPause(1, 0), retryPause(1, 1)]).toEqual([4000, 6000]);
  });
});

describe('isEventPattern', () => {
  it.each(['*', 'image.*', 'access-key.*', 'image.available', 'image.deleted', 'copy.cancelled', 'webhook.ping'])(
    'knows %s',
    (pattern) => expect(isEventPattern(pattern)).toBe(true),
  );

  it.each([
    '',
    '.*',
    'image',
    'image.',
    '*.available',
    'image.read',
    'image.availible',
    'IMAGE.*',
    '**',
    'constructor',
  ])('does not know %j', (pattern) => expect(isEventPattern(pattern)).toBe(false));
});
