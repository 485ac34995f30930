import { describe, expect, it } from 'vitest';
import { checkWhole } from './field-rules.ts';
import { RefusalError } from './refusal.ts';
import {
  checkAccountName,
  checkGrantTitle,
  checkPassword,
  checkTenantDescription,
  checkTenantName,
  checkUserName,
  disabledSince,
} from './tenant-rules.ts';

const uuid = 'abcdef01-2345-4678-89ab-cdef01234567';

describe('names', () => {
  it.each([
    [checkAccountName, ['ab', 'team-1', `a${'b'.repeat(62)}`]],
    [checkUserName, ['x', 'Ann.B_c@d-1', 'u'.repeat(64)]],
    [checkTenantName, ['x', 'Zürich 1', 'n'.repeat(64)]],
  ])('that are fine pass %o', (check, names) => {
    for (const name of names) expect(() => check(name)).not.toThrow();
  });

  it.each([
    [checkAccountName, ['', 'a', 'Team', '1team', 'a_b', 'a b', `a${'b'.repeat(63)}`, 'self', uuid]],
    [checkUserName, ['', 'a b', 'ä', 'u'.repeat(65), 'self', uuid]],
    [checkTenantName, ['', ' x', 'x ', 'a\nb', 'n'.repeat(65), 'self', uuid]],
  ])('that break the rule or pass for an id do not pass %o', (check, names) => {
    for (const name of names) expect(() => check(name), name).toThrow(RefusalError);
  });
});

it('descriptions have at most 255 characters', () => {
  expect(() => checkTenantDescription('d'.repeat(255))).not.toThrow();
  expect(() => checkTenantDescription('d'.repeat(256))).toThrow(RefusalError);
});

it('titles of grants have at most 64 characters, none of them a control character', () => {
  for (const title of ['', 'Server Administrator', 't'.repeat(64)]) expect(() => checkGrantTitle(title)).not.toThrow();
  for (const title of ['a\nb', 't'.repeat(65)]) expect(() => checkGrantTitle(title), title).toThrow(RefusalError);
});

it('passwords have 8 to 128 characters, all of which can be kept', () => {
  for (const password of ['12345678', ' spaces  ', '\u{1f511}'.repeat(128)]) {
    expect(() => checkPassword(password)).not.toThrow();
  }
  for (const password of ['', '1234567', '\u{1f511}'.repeat(7), 'p'.repeat(129), '1234567\0', '1234567\ud800']) {
    expect(() => checkPassword(password), password).toThrow(RefusalError);
  }
});

it('counts are whole and in their range', () => {
  for (const value of [1, 5]) expect(() => checkWhole('seconds', value, 1, 5)).not.toThrow();
  for (const value of [0, 6, 1.5, Number.NaN]) expect(() => checkWhole('seconds', value, 1, 5)).toThrow(RefusalError);
});

it('what is disabled stays so since it first was', () => {
  expect(disabledSince(null, undefined, 9)).toBeNull();
  expect(disabledSince(3, undefined, 9)).toBe(3);
  expect(disabledSince(null, true, 9)).toBe(9);
  expect(disabledSince(3, true, 9)).toBe(3);
  expect(disabledSince(3, false, 9)).toBeNull();
});
