/** Writes docs/protocols/aliyun.md from the dialect's descriptors; with `--check` only says whether the page is in step. */
import { commonFaults } from '../src/protocols/aliyun/common-faults.ts';
import type { Fault, UnusedFault } from '../src/protocols/aliyun/fault.ts';
import { type Operation, type ServiceName, services } from '../src/protocols/aliyun/operation.ts';
import { operations } from '../src/protocols/aliyun/operations.ts';
import { faultTable, parameterTable, table } from './dialect-page.ts';
import { keepPage } from './generated-page.ts';

const page = new URL('../docs/protocols/aliyun.md', import.meta.url);

const rowsOf = (faults: Iterable<Fault | UnusedFault>) =>
  faultTable(faults, ({ older }) => (older === undefined ? {} : { message: ` *(older: ${older})*` }));

/** The published rows and those of shared pieces that the operation can meet. */
function faultsOf({ parameters, faults, refusals = {} }: Operation): (Fault | UnusedFault)[] {
  const common: ReadonlySet<Fault | UnusedFault> = new Set(Object.values(commonFaults));
  const met = [
    ...Object.values(faults),
    ...Object.values(parameters).flatMap((parameter) => parameter.faults),
    // What a function chooses from is among the published rows.
    ...Object.values(refusals).filter((fault) => typeof fault !== 'function'),
  ];
  return [...new Set(met)].filter((fault) => !common.has(fault));
}

function section(operation: Operation): string {
  const { action, summary, right, parameters } = operation;
  const faults = faultsOf(operation);
  return [
    `### ${action}`,
    right === null ? summary : `${summary} Takes the right \`${right}\`.`,
    parameterTable({ '': parameters }),
    ...(faults.length === 0 ? [] : [rowsOf(faults)]),
  ].join('\n\n');
}

function render(): string {
  const products = Object.entries(services).map(([name, { product, version }]) => {
    const own = operations.filter(({ service }) => service === (name as ServiceName));
    const sections = own.toSorted((one, other) => (one.action < other.action ? -1 : 1)).map(section);
    return [`## ${product} ${version}`, ...sections].join('\n\n');
  });
  const actions = operations.map(({ service, action, summary }) => [
    `\`${action}\``,
    services[service].product,
    summary,
  ]);
  return `# Alibaba Cloud: what answers

Made from the descriptors in \`src/protocols/aliyun\` by \`npm run aliyun-page\`; do not edit it here. Codes and messages are the
cloud's own, misspellings included. Where its older page words a message otherwise, the setting \`aliyun-page\` chooses.

${table(['action', 'product', ''], actions.toSorted())}

Any other action answers \`InvalidAction.NotFound\`. Parameters that are not listed are ignored, as the cloud does.

## What every action can meet

${rowsOf(Object.values(commonFaults))}

${products.join('\n\n')}
`;
}

await keepPage(page, render(), 'aliyun-page');
