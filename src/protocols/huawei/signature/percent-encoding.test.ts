import { expect, it } from 'vitest';
import { percentDecode, percentEncode } from './percent-encoding.ts';

it('encodes and decodes every byte', () => {
  for (let code = 0; code < 256; code += 1) {
    const byte = String.fromCharCode(code);
    expect(percentEncode(byte)).toMatch(/^([A-Za-z0-9\-_.~]|%[0-9A-F]{2})$/);
    expect(percentDecode(percentEncode(byte))).toBe(byte);
  }
  expect(percentEncode('\n /é')).toBe('%0A%20%2F%E9');
});

it('decodes what is beyond ASCII alone', () => {
  expect(percentDecode('%20%7f%80%c3%A9', 'beyond ASCII')).toBe('%20%7f\u0080\u00c3\u00a9');
});
