import { expect, test } from 'vitest';
import { formatBytes, formatDuration, formatRate, formatTime } from './units.ts';

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [1023.6 * 1024, '1 MiB'],
  [123.4 * 1024 ** 2, '123 MiB'],
  [99.96 * 1024 ** 2, '100 MiB'],
  [20 * 1024 ** 3, '20 GiB'],
  [3.25 * 1024 ** 4, '3.3 TiB'],
])('%d bytes', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
  expect(formatRate(bytes)).toBe(`${text}/s`);
});

test.each([
  [0.4, '0 s'],
  [59.6, '1 min'],
  [61, '1 min 1 s'],
  [3600, '1 h'],
  [3605, '1 h'],
  [7500, '2 h 5 min'],
  [90_061, '1 d 1 h'],
])('%d seconds', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test('times', () => {
  expect(formatTime('2026-11-21T10:22:33.123Z')).toBe('2026-11-21 10:22 UTC');
  expect(formatTime(null)).toBe('-');
});
