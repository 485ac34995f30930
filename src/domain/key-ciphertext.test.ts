import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readCiphertext, writeCiphertext } from './key-ciphertext.ts';

const some = { key: '7f1d3f0e-6f3c-4a52-9a57-0d6f4b1f6f11', version: 258, wrapped: Buffer.from('wrapped') };

it('is read as it was written', () => {
  const parts = fc.record({
    key: fc.uuid(),
    version: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    wrapped: fc.uint8Array({ minLength: 1, maxLength: 900 }).map((bytes) => Buffer.from(bytes)),
  });
  fc.assert(
    fc.property(parts, (each) => {
      expect(readCiphertext(writeCiphertext(each))).toEqual(each);
    }),
  );
});

it('has the form that callers keep', () => {
  const hex = Buffer.from(writeCiphertext(some)).toString('hex');
  const id = '37663164336630652d366633632d346135322d396135372d306436663462316636663131';
  expect(hex).toBe(`01${id}0000010277726170706564`);
});

it('is none when it is cut, too long, of another format or without the id of a key', () => {
  const bytes = Buffer.from(writeCiphertext(some));
  for (let length = 0; length <= 41; length += 1) expect(readCiphertext(bytes.subarray(0, length))).toBeUndefined();
  expect(readCiphertext(Buffer.concat([bytes, Buffer.alloc(1000)]))).toBeUndefined();
  for (const [place, byte] of [
    [0, 2],
    [1, 0x47],
    [9, 0x30],
  ] as const) {
    const changed = Buffer.from(bytes);
    changed[place] = byte;
    expect(readCiphertext(changed)).toBeUndefined();
  }
});
