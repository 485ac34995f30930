/** Writes docs/protocols/huawei.md from the dialect's descriptors; with `--check` only says whether the page is in step. */
import { commonFaults } from '../src/protocols/huawei/common-faults.ts';
import type { Fault, UnusedFault } from '../src/protocols/huawei/fault.ts';
import { type Operation, type ServiceName, services } from '../src/protocols/huawei/operation.ts';
import { operations } from '../src/protocols/huawei/operations.ts';
import { plainFaults } from '../src/protocols/huawei/plain-faults.ts';
import { imageRefusals } from '../src/protocols/huawei/refusals.ts';
import { faultTable, parameterTable, table } from './dialect-page.ts';
import { keepPage } from './generated-page.ts';

const page = new URL('../docs/protocols/huawei.md', import.meta.url);

type AnyFault = Fault | UnusedFault;

const rowsOf = (faults: Iterable<AnyFault>) =>
  faultTable(faults, ({ otcStatus, otcMessage }) => ({
    status: otcStatus === undefined ? '' : ` *(otc: ${otcStatus})*`,
    message: otcMessage === undefined ? '' : ` *(otc: ${otcMessage})*`,
  }));

function parametersOf({ path = {}, query = {}, body = {}, payload }: Operation) {
  return { path, query, body: payload === undefined ? body : { '(all of it)': payload } };
}

/** The published rows and those of shared pieces that the operation can meet. */
function faultsOf(operation: Operation): AnyFault[] {
  const { faults, refusals = {} } = operation;
  const common: ReadonlySet<AnyFault> = new Set([...Object.values(commonFaults), ...Object.values(plainFaults)]);
  const met = [
    ...Object.values(faults),
    ...Object.values(parametersOf(operation)).flatMap((part) => Object.values(part).flatMap((each) => each.faults)),
    // What a function chooses from is among the published rows.
    ...Object.values(refusals).filter((fault) => typeof fault !== 'function'),
  ];
  return [...new Set(met)].filter((fault) => !common.has(fault));
}

function section(operation: Operation): string {
  const { method, route, twins = [], name, summary, right, takesBytes } = operation;
  const faults = faultsOf(operation);
  const rights = { open: ' Open to everybody.', none: '', asked: ` Takes the right \`${right}\`.` };
  return [
    `### ${name}`,
    `\`${method} ${route}\`${twins.map((twin) => `, \`${twin}\``).join('')}`,
    `${summary}${right === 'open' ? rights.open : right === null ? rights.none : rights.asked}`,
    takesBytes ? 'The body is bytes.' : parameterTable(parametersOf(operation)),
    ...(faults.length === 0 ? [] : [rowsOf(faults)]),
  ].join('\n\n');
}

/** Rows that refusals of the core become, whichever of the image service's operations meets them. */
function sharedRows(): AnyFault[] {
  const common: ReadonlySet<AnyFault> = new Set(Object.values(commonFaults));
  const faults = Object.values(imageRefusals).filter((fault): fault is Fault => typeof fault !== 'function');
  return [...new Set(faults)].filter((fault) => !common.has(fault));
}

function render(): string {
  const sections = Object.entries(services).map(([service, title]) => {
    const own = operations.filter((each) => each.service === (service as ServiceName));
    const sorted = own.toSorted((one, other) => (one.name < other.name ? -1 : 1));
    return [`## ${title}`, ...sorted.map(section)].join('\n\n');
  });
  const coverage = operations.map(({ service, method, route, twins = [], name, summary }) => [
    `\`${method} ${[route, ...twins].join('`, `')}\``,
    name,
    service,
    summary,
  ]);
  return `# Huawei Cloud and Open Telekom Cloud: what answers

Made from the descriptors in \`src/protocols/huawei\` by \`npm run huawei-page\`; do not edit it here. Codes and messages are the
cloud's own. Where Open Telekom Cloud answers another status or message, the setting \`huawei-site\` chooses.

${table(['request', 'operation', 'service', ''], coverage.toSorted())}

Anything else answers \`APIGW.0101\`. Parameters that are not listed are ignored, as the cloud does.

## What every operation can meet

${rowsOf(Object.values(commonFaults))}

What of the core's refusals has no row of an operation's own, in the image service:

${rowsOf(sharedRows())}

IAM and the native OpenStack API, which have no codes, say a status and a sentence:

${rowsOf(Object.values(plainFaults))}

${sections.join('\n\n')}
`;
}

await keepPage(page, render(), 'huawei-page');
