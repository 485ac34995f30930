/** What the pages of docs/protocols/ have in common: tables of Markdown, of parameters and of error rows. */

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

export interface FaultRow {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly when?: string;
  readonly never?: string;
}

/** `note`: what else is said of a row's status or message. */
export function faultTable<Row extends FaultRow>(
  faults: Iterable<Row>,
  note: (fault: Row) => { readonly status?: string; readonly message?: string } = () => ({}),
): string {
  const rows = [...faults]
    .toSorted((one, other) => one.status - other.status)
    .map((fault) => [
      `${fault.status}${note(fault).status ?? ''}`,
      `\`${fault.code}\``,
      `${fault.message}${note(fault).message ?? ''}`,
      fault.when ?? `*never:* ${fault.never}`,
    ]);
  return table(['status', 'code', 'message', 'provoked by'], rows);
}

interface ParameterRow {
  readonly type: string;
  readonly isRequired: boolean;
  readonly rule: string;
}

/** `where`: the kinds of parameters, by what they are called; a column of its own if there are several. */
export function parameterTable(where: Readonly<Record<string, Readonly<Record<string, ParameterRow>>>>): string {
  const rows = Object.entries(where).flatMap(([place, parameters]) =>
    Object.entries(parameters).map(([name, { type, isRequired, rule }]) => [
      `\`${name}\``,
      place,
      type,
      isRequired ? 'yes' : '',
      rule,
    ]),
  );
  if (rows.length === 0) return 'No parameters.';
  const hasPlaces = Object.keys(where).length > 1;
  const head = ['parameter', 'in', 'type', 'required', 'rule'];
  const pick = (cells: readonly string[]) => (hasPlaces ? cells : cells.filter((_, column) => column !== 1));
  return table(pick(head), rows.map(pick));
}
