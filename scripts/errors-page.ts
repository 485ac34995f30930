/** Writes docs/errors.md from the native API's tables of problems; with `--check` only says whether the page is in step. */
import { readFile } from 'node:fs/promises';
import ts from 'typescript';
import { problemsOf } from '../src/protocols/native/openapi.ts';
import { operations } from '../src/protocols/native/operations.ts';
import { failureStatus, type ProblemRow, refusalProblems } from '../src/protocols/native/problem.ts';
import { type ProblemCode, protocolProblems } from '../src/protocols/native/protocol-error.ts';
import { keepPage } from './generated-page.ts';

const page = new URL('../docs/errors.md', import.meta.url);

/** What fails on the way has a message of its own. */
const failures: Readonly<Record<keyof typeof failureStatus, string>> = {
  'source-gone': 'the image was deleted while it was read',
  'image-damaged': 'stored bytes do not verify, in any region',
  'destination-full': 'the store that is written to has no space left',
  'store-unavailable': 'the store does not answer; try again',
  'database-unavailable': 'the database does not answer; try again',
  'object-store-unavailable': 'the object store does not answer; try again',
  'object-gone': 'the object, or its bucket, has changed or is no longer there',
  'object-denied': 'the object store does not let this installation at the object',
  'format-refused': 'the imported bytes are in no format that a disk may have',
  'key-provider-unavailable': 'what keeps the keys does not answer; try again',
  'key-disabled': 'a key that it takes is not enabled; enable it and ask again',
  'key-gone': 'a key that it takes is gone; name another and ask again',
  'key-denied': 'a key that it takes is no longer granted to the image service; grant it and ask again',
  'source-key-disabled': 'a key of the image that is copied is not enabled; enable it and ask again',
  'source-key-gone': 'a key of the image that is copied is gone, and with it what was encrypted',
  'source-key-denied':
    'a key of the image that is copied is no longer granted to the image service; grant it and ask again',
  'attempts-exhausted': 'the work was taken up as often as it may be, and did not succeed',
  'not-permitted': 'whoever asked for it may not do it any more',
  internal: 'internal error; the log has the details under `requestId`',
};

/** The names of each code's facts, as the interface `name` of a file declares them. */
async function readFacts(path: string, name: string): Promise<Map<string, string[]>> {
  const text = await readFile(new URL(path, import.meta.url), 'utf8');
  const { statements } = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const interfaces = new Map(
    statements.filter(ts.isInterfaceDeclaration).map((each) => [each.name.text, each.members]),
  );
  const namesIn = (members: Iterable<ts.TypeElement> | undefined) =>
    [...(members ?? [])].flatMap((member) => (member.name && 'text' in member.name ? [member.name.text] : []));
  const facts = new Map<string, string[]>();
  for (const member of interfaces.get(name) ?? []) {
    const [code = ''] = namesIn([member]);
    const { type } = member as ts.PropertySignature;
    if (type && ts.isTypeLiteralNode(type)) facts.set(code, namesIn(type.members));
    else if (type && ts.isTypeReferenceNode(type))
      facts.set(code, namesIn(interfaces.get((type.typeName as ts.Identifier).text)));
  }
  return facts;
}

/** The title with the names of the facts where their values will be. */
function patternOf({ title }: ProblemRow<never>): string {
  const names = new Proxy({}, { get: (_, fact) => `{${String(fact)}}` });
  return title(names as never);
}

/** What has no operation of its own. */
const elsewhere: Readonly<Record<string, string>> = {
  'route.not-found': 'any other path',
  'method.not-allowed': 'any other method',
  ...Object.fromEntries(Object.keys(failures).map((code) => [code, '`failure` of a copy'])),
};

function answeredBy(code: ProblemCode): string {
  const ids = operations.filter((operation) => problemsOf(operation).includes(code)).map(({ id }) => `\`${id}\``);
  if (ids.length === 0) return elsewhere[code] ?? 'other protocols';
  return ids.length > operations.length / 2 ? 'most' : ids.join(', ');
}

function rowOf(code: string, status: number, title: string, facts: readonly string[] = []): string {
  const cells = [
    `\`${code}\``,
    status,
    title,
    facts.map((fact) => `\`${fact}\``).join(', '),
    answeredBy(code as ProblemCode),
  ];
  return `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
}

async function render(): Promise<string> {
  const facts = new Map([
    ...(await readFacts('../src/domain/refusal.ts', 'RefusalFacts')),
    ...(await readFacts('../src/protocols/native/protocol-error.ts', 'ProtocolFacts')),
  ]);
  const tables = { ...protocolProblems, ...refusalProblems } as Readonly<Record<string, ProblemRow<never>>>;
  const head = '| code | status | title | facts | answered by |\n|---|---|---|---|---|';
  return `# Problems

Made from the tables in \`src/protocols/native\` by \`npm run errors\`; do not edit it here. What the native API says no with
(RFC 9457): \`type\` is \`urn:mimeo:problem:\` and the code, \`title\` is for people and may change, the facts are members of the
document. A code is never reused for another meaning.

## Refusals

Nothing has been done.

${head}
${Object.entries(tables)
  .map(([code, row]) => rowOf(code, row.status, patternOf(row), facts.get(code)))
  .join('\n')}

## Failures

Something went wrong on the way; the same codes say why a copy has failed.

${head}
${Object.entries(failures)
  .map(([code, title]) => {
    const extra = { 'image-damaged': ['image', 'disk', 'offset'], internal: ['requestId'] }[code];
    return rowOf(code, failureStatus[code as keyof typeof failures], title, extra);
  })
  .join('\n')}
`;
}

await keepPage(page, await render(), 'errors');
