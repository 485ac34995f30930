import { expect, it } from 'vitest';
import { bytesOf, headerPairs, parseJson, splitUrl } from './raw-request.ts';

it.each([
  ['/v2/images', ['/v2/images', '']],
  ['/v2/images?', ['/v2/images', '']],
  ['/v2/images?name=a', ['/v2/images', 'name=a']],
  ['/v2/images?name=why?&limit=1', ['/v2/images', 'name=why?&limit=1']],
])('splits %s', (url, parts) => {
  expect(splitUrl(url)).toEqual(parts);
});

it('pairs names of headers, in lower case, with their values, in their order', () => {
  expect(headerPairs(['Host', 'A', 'accept', 'b', 'ACCEPT', ''])).toEqual([
    ['host', 'A'],
    ['accept', 'b'],
    ['accept', ''],
  ]);
});

it('has the bytes of a body that was left as it came', () => {
  const body = Buffer.from('{}');
  expect(bytesOf(body)).toBe(body);
  expect([bytesOf(undefined), bytesOf(null), bytesOf({ length: 1 })]).toEqual(Array(3).fill(new Uint8Array()));
});

it('parses JSON in UTF-8 and no other', () => {
  expect(parseJson(Buffer.from('{"name":"é"}'))).toEqual({ name: 'é' });
  expect(() => parseJson(Buffer.from('{"name":"é"}', 'latin1'))).toThrow(TypeError);
  expect(() => parseJson(Buffer.from('{'))).toThrow(SyntaxError);
});
