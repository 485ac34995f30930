import { expect, it } from 'vitest';
import { readCompactSecond, readSecond, toCompactSecond, toSecond } from './times.ts';

const atEndOfLeapDay = Date.UTC(2024, 1, 29, 23, 59, 59);

it('writes the second', () => {
  expect(toSecond(atEndOfLeapDay + 999)).toBe('2024-02-29T23:59:59Z');
  expect(toCompactSecond(atEndOfLeapDay + 999)).toBe('20240229T235959Z');
});

it('reads what it writes', () => {
  expect(readSecond('2024-02-29T23:59:59Z')).toBe(atEndOfLeapDay);
  expect(readCompactSecond('20240229T235959Z')).toBe(atEndOfLeapDay);
});

it.each([
  '',
  '2026-01-01',
  '20260101T000000Z',
  '2026-01-01T00:00:00',
  '2026-01-01T00:00:00z',
  '2026-01-01T00:00:00.000Z',
  '2026-01-01T00:00:00+00:00',
  '2026-02-30T00:00:00Z',
  '2026-01-01T24:00:00Z',
  ' 2026-01-01T00:00:00Z',
])('%j is no time', (text) => {
  expect(readSecond(text)).toBeUndefined();
});

it.each([
  '',
  '20260101',
  '2026-01-01T00:00:00Z',
  '20260101T000000',
  '20260101T000000z',
  '20260101T000000.000Z',
  '20260230T000000Z',
  '20261301T000000Z',
  '20260101T240000Z',
  '20260101T000060Z',
  '20260101T006000Z',
  ' 20260101T000000Z',
  '20260101T000000Z ',
  '20260101T000000Z,20260101T000000Z',
  '２0260101T000000Z',
])('%j is no compact one', (text) => {
  expect(readCompactSecond(text)).toBeUndefined();
});
