import { expect, test } from 'vitest';
import { renderFields, renderTable } from './table.ts';

test('columns are aligned, numbers to the right, without lines or spaces at the end', () => {
  const columns = [
    { title: 'NAME', value: ({ name }: { name: string }) => name },
    { title: 'SIZE', align: 'right' as const, value: ({ name }: { name: string }) => name.length },
    { title: 'LAST', value: () => '' },
  ];
  expect(renderTable(columns, [{ name: 'a' }, { name: '镜像' }, { name: 'a longer name' }])).toBe(
    'NAME           SIZE  LAST\na                 1\n镜像              2\na longer name    13',
  );
});

test('nothing that somebody has written moves the cursor or breaks a row', () => {
  expect(renderFields([['Description', 'two\nlines \u001b[31mred\u009b2J']])).toBe(
    'Description  two lines  [31mred 2J',
  );
});
