import { expect, it } from 'vitest';
import { isOneOf, patternOf, rowsOf } from './fault-tables.ts';

const table = {
  missing: { status: 404, code: 'NOT_FOUND', message: "Image '%s' not found (%N)", when: 'there is none' },
  gone: { status: 404, code: 'GONE', message: 'gone', never: 'nothing goes' },
} as const;
const said = { status: 404, code: 'NOT_FOUND', message: "Image 'a\nb' not found (Id)" };
const rows = Object.values(table);

it('an answer is one of the rows that can occur by its status, its code and its wording', () => {
  expect(isOneOf(rows, said)).toBe(true);
  const others = [
    { status: 400 },
    { code: 'NOTFOUND' },
    { message: `${said.message}.` },
    { message: 'not found (Id)' },
  ];
  for (const other of others) expect(isOneOf(rows, { ...said, ...other })).toBe(false);
  expect(isOneOf(rows, table.gone)).toBe(false);
});

it('a row may be said in other words than the table has', () => {
  expect(isOneOf(rows, { ...said, message: 'other' }, (row) => ({ ...row, message: 'other' }))).toBe(true);
  expect(isOneOf(rows, said, (row) => ({ ...row, message: 'other' }))).toBe(false);
});

it('what a wording does not quote stands as it is', () => {
  expect('a+b').toMatch(patternOf('a+%s'));
  expect('aab').not.toMatch(patternOf('a+%s'));
});

it('what provokes a row has the row beside it', async () => {
  const found = rowsOf(table, { missing: async (name: string) => name });
  expect(found).toMatchObject([{ name: 'missing', fault: table.missing }]);
  expect(await found[0]?.provoke('it')).toBe('it');
});
