import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CopyEvent,
  type CopyState,
  copyStates,
  copyStatesBefore,
  type ImageEvent,
  type ImageState,
  imageStates,
  imageStatesBefore,
  isFinalCopyState,
  isReadable,
  nextCopyState,
  nextImageState,
} from './states.ts';

// Written out a second time, from docs/native-api.md and design §3: a slip in one of the two tables shows.
const imageWays: readonly [ImageState, ImageEvent, ImageState][] = [
  ['queued', 'upload-started', 'uploading'],
  ['queued', 'copy-started', 'copying'],
  ['queued', 'failed', 'failed'],
  ['uploading', 'upload-ended', 'queued'],
  ['uploading', 'completed', 'available'],
  ['uploading', 'failed', 'failed'],
  ['copying', 'copy-handed-back', 'queued'],
  ['copying', 'completed', 'available'],
  ['copying', 'failed', 'failed'],
  ['available', 'deprecated', 'deprecated'],
  ['deprecated', 'restored', 'available'],
];
const imageEvents = [...new Set(imageWays.map(([, event]) => event))];

const copyWays: readonly [CopyState, CopyEvent, CopyState][] = [
  ['queued', 'started', 'running'],
  ['queued', 'failed', 'failed'],
  ['queued', 'cancelled', 'cancelled'],
  ['running', 'started', 'running'],
  ['running', 'handed-back', 'queued'],
  ['running', 'succeeded', 'succeeded'],
  ['running', 'failed', 'failed'],
  ['running', 'cancelled', 'cancelled'],
];
const copyEvents = [...new Set(copyWays.map(([, event]) => event))];

describe('image states', () => {
  it('change only along the ways that the design names', () => {
    const ways = imageStates.flatMap((state) =>
      imageEvents.flatMap((event) => {
        const next = nextImageState(state, event);
        return next === undefined ? [] : [[state, event, next]];
      }),
    );
    expect(ways.sort()).toEqual([...imageWays].sort());
  });

  it.each(imageEvents)('before %s are those that it leads on from', (event) => {
    expect(imageStatesBefore(event)).toEqual(imageStates.filter((state) => nextImageState(state, event) !== undefined));
  });

  it('never lead out of failed, nor from something readable to anything else', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...imageEvents), { maxLength: 12 }), (events) => {
        let state: ImageState = 'queued';
        for (const event of events) {
          const next = nextImageState(state, event);
          if (next === undefined) continue;
          expect(state).not.toBe('failed');
          if (isReadable(state)) expect(isReadable(next)).toBe(true);
          state = next;
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('copy states', () => {
  it('change only along the ways that the design names', () => {
    const ways = copyStates.flatMap((state) =>
      copyEvents.flatMap((event) => {
        const next = nextCopyState(state, event);
        return next === undefined ? [] : [[state, event, next]];
      }),
    );
    expect(ways.sort()).toEqual([...copyWays].sort());
  });

  it.each(copyEvents)('before %s are those that it leads on from', (event) => {
    expect(copyStatesBefore(event)).toEqual(copyStates.filter((state) => nextCopyState(state, event) !== undefined));
  });

  it('are final exactly when nothing leads on', () => {
    expect(copyStates.filter(isFinalCopyState)).toEqual(['succeeded', 'failed', 'cancelled']);
  });

  it('end once, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...copyEvents), { maxLength: 12 }), (events) => {
        let state: CopyState = 'queued';
        let ends = 0;
        for (const event of events) {
          const next = nextCopyState(state, event);
          if (next !== undefined && isFinalCopyState(next)) ends += 1;
          state = next ?? state;
        }
        expect(ends).toBe(isFinalCopyState(state) ? 1 : 0);
      }),
      { numRuns: 300 },
    );
  });
});
