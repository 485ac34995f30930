import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { Secret } from './secret.ts';

it('shows its value to nobody who does not ask for it', () => {
  const secret = new Secret('hunter2');
  const holder = { nested: [secret] };
  const shown = [`${secret}`, String(secret), JSON.stringify(holder), inspect(holder, { depth: 9, showHidden: true })];
  for (const text of shown) {
    expect(text).toContain('[redacted]');
    expect(text).not.toContain('hunter2');
  }
  expect(Object.getOwnPropertyNames(secret)).toEqual([]);
  expect(structuredClone({ ...secret })).toEqual({});
  expect(secret.reveal()).toBe('hunter2');
});
