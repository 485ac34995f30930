/** Writes docs/protocols/huawei.md from the dialect's descriptors; with `--check` only says whether the page is in step. */
import { commonFaults } from '../src/protocols/huawei/common-faults.ts';
import type { Faults } from '../src/protocols/huawei/fault.ts';
import { type Operation, services } from '../src/protocols/huawei/operation.ts';
import { operations } from '../src/protocols/huawei/operations.ts';
import { plainFaults } from '../src/protocols/huawei/plain-faults.ts';
import { imageRefusals } from '../src/protocols/huawei/refusals.ts';
import { coverageTable, type DescribedOperation, faultTable, refusalRows, serviceSections } from './dialect-page.ts';
import { keepPage } from './generated-page.ts';

const page = new URL('../docs/protocols/huawei.md', import.meta.url);

const note = ({ otcStatus, otcMessage }: Faults[string]) => ({
  status: otcStatus === undefined ? '' : ` *(otc: ${otcStatus})*`,
  message: otcMessage === undefined ? '' : ` *(otc: ${otcMessage})*`,
});

function requestOf({ method, route, twins = [] }: Operation): string {
  return `\`${method} ${[route, ...twins].join('`, `')}\``;
}

function describe(operation: Operation): DescribedOperation {
  const { path = {}, query = {}, body = {}, payload, refusals = {} } = operation;
  return {
    ...operation,
    request: requestOf(operation),
    places: { path, query, body: payload === undefined ? body : { '(all of it)': payload } },
    refusals,
  };
}

function render(): string {
  const common = Object.values(commonFaults);
  const plain = Object.values(plainFaults);
  const described = operations.map(describe);
  return `# Huawei Cloud and Open Telekom Cloud: what answers

Made from the descriptors in \`src/protocols/huawei\` by \`npm run huawei-page\`; do not edit it here. Codes and messages are the
cloud's own. Where Open Telekom Cloud answers another status or message, the setting \`huaweiSite\` chooses.

${coverageTable(described)}

Anything else answers \`APIGW.0101\`. Parameters that are not listed are ignored, as the cloud does.

## What every operation can meet

${faultTable(common, note)}

What of the core's refusals has no row of an operation's own, in the image service:

${faultTable(refusalRows(imageRefusals, common), note)}

IAM and the native OpenStack API, which have no codes, say a status and a sentence:

${faultTable(plain, note)}

${serviceSections(described, { services, common: [...common, ...plain], note })}
`;
}

await keepPage(page, render(), 'huawei-page');
