import { expect, it } from 'vitest';
import { formatSdkDate, readSdkDate } from './sdk-date.ts';

it('reads the time in UTC', () => {
  expect(readSdkDate('20211217T064303Z')).toBe(Date.UTC(2021, 11, 17, 6, 43, 3));
  expect(readSdkDate('20240229T235959Z')).toBe(Date.UTC(2024, 1, 29, 23, 59, 59));
});

it('writes the second', () => {
  expect(formatSdkDate(Date.UTC(2021, 11, 17, 6, 58, 4, 999))).toBe('20211217T065804Z');
});

it.each([
  '',
  '2021-12-17T06:43:03Z',
  '20211217T064303',
  '20211217T064303z',
  ' 20211217T064303Z',
  '20211317T064303Z',
  '20260230T000000Z',
  '20211217T240000Z',
  '20211217T066003Z',
])('takes no other: %s', (text) => {
  expect(readSdkDate(text)).toBeUndefined();
});
