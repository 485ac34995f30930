import Table from 'cli-table3';

const noBorders = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((place) => [place, '']),
);

type Alignment = 'left' | 'right';

export interface Column<Row> {
  readonly title: string;
  /** Numbers and sizes stand to the right. */
  readonly align?: Alignment;
  readonly value: (row: Row) => string | number;
}

/** A plain table for people: aligned columns, no lines, nothing cut off, so that grep and awk read it too. */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const table = plainTable(columns.map(({ align }) => align ?? 'left'));
  table.push(columns.map(({ title }) => title));
  for (const row of rows) table.push(columns.map(({ value }) => oneLine(value(row))));
  return withoutTrailingSpaces(table.toString());
}

export type Field = readonly [name: string, value: string | number];

/** One thing's fields, a line each. */
export function renderFields(fields: readonly Field[]): string {
  const table = plainTable(['left', 'left']);
  for (const [name, value] of fields) table.push([name, oneLine(value)]);
  return withoutTrailingSpaces(table.toString());
}

function plainTable(colAligns: Alignment[]) {
  return new Table({
    chars: { ...noBorders, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns,
  });
}

/** Others write descriptions and tags: none of it moves the cursor or breaks a row. */
function oneLine(value: string | number): string {
  return String(value).replaceAll(/\p{Cc}+/gu, ' ');
}

function withoutTrailingSpaces(text: string): string {
  return text.replace(/ +$/gm, '');
}
