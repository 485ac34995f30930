import { expect, it } from 'vitest';
import { readHeaders } from './headers.ts';

it('has each header by its name in lower case', () => {
  expect(readHeaders(['Host', 'ims', 'X-Sdk-Date', '1'])).toEqual(
    new Map([
      ['host', 'ims'],
      ['x-sdk-date', '1'],
    ]),
  );
});

it('joins the values of one that came more than once', () => {
  expect(readHeaders(['accept', 'a', 'Accept', 'b'])?.get('accept')).toBe('a, b');
});

it.each([
  'Authorization',
  'Content-Type',
  'Host',
  'X-Auth-Token',
  'X-Domain-Id',
  'X-Project-Id',
  'X-Sdk-Content-Sha256',
  'X-Sdk-Date',
  'X-Security-Token',
  'X-Subject-Token',
])('does not choose between two of %s', (name) => {
  expect(readHeaders([name, 'a', 'accept', '*/*', name.toLowerCase(), 'a'])).toBeUndefined();
});
