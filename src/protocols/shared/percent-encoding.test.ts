import fc from 'fast-check';
import { expect, it } from 'vitest';
import { percentDecode, percentEncode } from './percent-encoding.ts';

const bytes = fc.uint8Array({ maxLength: 64 }).map((each) => Buffer.from(each).toString('latin1'));

it('encodes what it can decode again', () => {
  fc.assert(
    fc.property(bytes, (text) => {
      const encoded = percentEncode(text);
      expect(encoded).toMatch(/^(?:[\w.~-]|%[0-9A-F]{2})*$/);
      expect(percentDecode(encoded)).toBe(text);
    }),
  );
});

it('encodes as encodeURIComponent does, and what that leaves over', () => {
  expect(percentEncode(Buffer.from('测试 :/?').toString('latin1'))).toBe(encodeURIComponent('测试 :/?'));
  expect(percentEncode("(x)*~!'")).toBe('%28x%29%2A~%21%27');
});

it.each([
  ['%', '%'],
  ['%2', '%2'],
  ['%0%f', '%0%f'],
  ['%zz%41', '%zzA'],
  ['%3a%3A', '::'],
  // Once.
  ['%2541', '%41'],
])('decodes %s to %s', (encoded, decoded) => {
  expect(percentDecode(encoded)).toBe(decoded);
});

it('decodes what is beyond ASCII alone', () => {
  expect(percentDecode('%20%7f%80%c3%A9', 'beyond ASCII')).toBe('%20%7f\u0080\u00c3\u00a9');
});
