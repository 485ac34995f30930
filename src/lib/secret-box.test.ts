import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SealBrokenError } from './seal.ts';
import { createSecretBox } from './secret-box.ts';

const box = createSecretBox(randomBytes(32));

it('opens what it sealed, at its own place', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (secret, place) => {
      const sealed = box.seal(secret, place);
      expect(box.open(sealed, place)).toBe(secret.toWellFormed());
      expect(sealed.includes(Buffer.from(secret)) && secret.length > 8).toBe(false);
    }),
  );
});

it('seals the same secret differently each time', () => {
  expect(box.seal('secret', 'here').equals(box.seal('secret', 'here'))).toBe(false);
});

it.each([
  ['at another place', (sealed: Buffer) => box.open(sealed, 'there')],
  ['with another key', (sealed: Buffer) => createSecretBox(randomBytes(32)).open(sealed, 'here')],
  ['when it is cut short', (sealed: Buffer) => box.open(sealed.subarray(0, 20), 'here')],
  ['when it is empty', () => box.open(Buffer.alloc(0), 'here')],
])('does not open %s', (_case, open) => {
  expect(() => open(box.seal('secret', 'here'))).toThrow(SealBrokenError);
});

it('does not open with any bit changed', () => {
  const sealed = box.seal('secret', 'here');
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Buffer.from(sealed);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(() => box.open(changed, 'here')).toThrow(SealBrokenError);
  }
});
