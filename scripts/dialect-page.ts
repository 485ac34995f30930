/** What the pages of docs/protocols/ have in common: operations by service, their parameters and error rows, as Markdown. */
import type { FaultTable, Occurring, Unused } from '../src/protocols/shared/faults.ts';
import type { RefusalFaults } from '../src/protocols/shared/refusals.ts';

type Row = Occurring | Unused;

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** What else a dialect says of a row's status or message. */
export type Note = (fault: Row) => { readonly status?: string; readonly message?: string };

export function faultTable(faults: Iterable<Row>, note: Note = () => ({})): string {
  const rows = [...faults]
    .toSorted((one, other) => one.status - other.status)
    .map((fault) => [
      `${fault.status}${note(fault).status ?? ''}`,
      `\`${fault.code}\``,
      `${fault.message}${note(fault).message ?? ''}`,
      'when' in fault ? fault.when : `*never:* ${fault.never}`,
    ]);
  return table(['status', 'code', 'message', 'provoked by'], rows);
}

interface ParameterText {
  readonly type: string;
  readonly isRequired: boolean;
  readonly rule: string;
  readonly faults: readonly Row[];
}

/** By where they stand, and by their names. */
type Places = Readonly<Record<string, Readonly<Record<string, ParameterText>>>>;

function parameterTable(places: Places): string {
  const rows = Object.entries(places).flatMap(([place, parameters]) =>
    Object.entries(parameters).map(([name, { type, isRequired, rule }]) => [
      `\`${name}\``,
      place,
      type,
      isRequired ? 'yes' : '',
      rule,
    ]),
  );
  if (rows.length === 0) return 'No parameters.';
  const hasPlaces = Object.keys(places).length > 1;
  const head = ['parameter', 'in', 'type', 'required', 'rule'];
  const pick = (cells: readonly string[]) => (hasPlaces ? cells : cells.filter((_, column) => column !== 1));
  return table(pick(head), rows.map(pick));
}

/** An operation, as far as a page tells of it. */
export interface DescribedOperation {
  readonly service: string;
  readonly name: string;
  /** Its method and paths, as Markdown, where it has some of its own. */
  readonly request?: string;
  readonly summary: string;
  /** That it takes; null: none, `open`: anybody may call it. */
  readonly right: string | null;
  readonly places: Places;
  /** Instead of parameters. */
  readonly takesBytes?: boolean;
  readonly faults: FaultTable;
  readonly refusals: RefusalFaults;
}

/** What answers, by method and path. */
export function coverageTable(operations: readonly DescribedOperation[]): string {
  const rows = operations.map(({ request = '', name, service, summary }) => [request, name, service, summary]);
  return table(['request', 'operation', 'service', ''], rows.toSorted());
}

export interface PageOptions {
  /** Titles of the services. */
  readonly services: Readonly<Record<string, string>>;
  /** Rows that every operation can meet; they have a table of their own. */
  readonly common: Iterable<Row>;
  readonly note?: Note;
}

/** Each service with its operations, by their names. */
export function serviceSections(
  operations: readonly DescribedOperation[],
  { services, common, note }: PageOptions,
): string {
  const sections = Object.entries(services).flatMap(([service, title]) => {
    const own = operations.filter((each) => each.service === service);
    const sorted = own.toSorted((one, other) => (one.name < other.name ? -1 : 1));
    return [`## ${title}`, ...sorted.map((each) => section(each, common, note))];
  });
  return sections.join('\n\n');
}

function section(operation: DescribedOperation, common: Iterable<Row>, note?: Note): string {
  const { name, request, summary, right, places, takesBytes = false } = operation;
  const faults = faultsOf(operation, common);
  const rights = right === null ? '' : right === 'open' ? ' Open to everybody.' : ` Takes the right \`${right}\`.`;
  return [
    `### ${name}`,
    ...(request === undefined ? [] : [request]),
    `${summary}${rights}`,
    takesBytes ? 'The body is bytes.' : parameterTable(places),
    ...(faults.length === 0 ? [] : [faultTable(faults, note)]),
  ].join('\n\n');
}

/** The published rows and those of shared pieces that the operation can meet. */
function faultsOf({ faults, places, refusals }: DescribedOperation, common: Iterable<Row>): Row[] {
  const parameters = Object.values(places).flatMap((place) => Object.values(place));
  const ofParameters = parameters.flatMap((parameter) => parameter.faults);
  return without([...Object.values(faults), ...ofParameters, ...rowsIn(refusals)], common);
}

/** Rows that refusals of the core become, whichever operation meets them. */
export function refusalRows(refusals: RefusalFaults, common: Iterable<Row>): Row[] {
  return without(rowsIn(refusals), common);
}

/** What a function chooses from is among the published rows. */
function rowsIn(refusals: RefusalFaults): Row[] {
  return Object.values(refusals).filter((fault): fault is Occurring => typeof fault !== 'function');
}

function without(rows: Iterable<Row>, others: Iterable<Row>): Row[] {
  const left = new Set(others);
  return [...new Set(rows)].filter((row) => !left.has(row));
}
