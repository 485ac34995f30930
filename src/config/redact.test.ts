import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hidePassword } from './redact.ts';

describe('hidePassword', () => {
  test.each([
    [
      'postgres://mimeo@db.example:5432/mimeo?sslmode=require',
      'postgres://mimeo@db.example:5432/mimeo?sslmode=require',
    ],
    ['postgres://mimeo:pw@db.example/mimeo', 'postgres://mimeo:********@db.example/mimeo'],
    ['postgresql:///mimeo?host=/run&password=pw', 'postgresql:///mimeo?host=%2Frun&password=********'],
    ['postgres://mimeo:1/pw@db.example/mimeo', '********'],
    ['postgres://mimeo:p#w@db.example/mimeo', '********'],
    ['postgres://a:pw@one:1,two:2/mimeo', '********'],
  ])('shows of %s %s', (url, shown) => {
    expect(hidePassword(url)).toBe(shown);
  });

  test('never shows a password, however badly it is written into the URL', () => {
    const pieces = fc.array(fc.constantFrom('/', '?', '#', '@', ':', '%', '&', '1', '=', ' '), { maxLength: 4 });
    fc.assert(
      fc.property(pieces, pieces, (before, after) => {
        const password = `${before.join('')}geheim${after.join('')}`;
        expect(hidePassword(`postgres://mimeo:${password}@db.example/mimeo`)).not.toContain('geheim');
      }),
      { numRuns: 1000 },
    );
  });
});
