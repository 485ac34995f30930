/** Writes docs/protocols/jdcloud.md from the dialect's descriptors; with `--check` only says whether the page is in step. */
import { commonFaults } from '../src/protocols/jdcloud/common-faults.ts';
import { type Operation, services } from '../src/protocols/jdcloud/operation.ts';
import { operations } from '../src/protocols/jdcloud/operations.ts';
import { refusalFaults } from '../src/protocols/jdcloud/refusals.ts';
import { coverageTable, type DescribedOperation, faultTable, refusalRows, serviceSections } from './dialect-page.ts';
import { keepPage } from './generated-page.ts';

const page = new URL('../docs/protocols/jdcloud.md', import.meta.url);

function requestOf({ method, route }: Operation): string {
  return `\`${method} ${route}\``;
}

function describe(operation: Operation): DescribedOperation {
  const { path = {}, query = {}, body = {}, refusals = {} } = operation;
  return { ...operation, request: requestOf(operation), places: { path, query, body }, refusals };
}

function render(): string {
  const common = Object.values(commonFaults);
  const described = operations.map(describe);
  return `# JD Cloud: what answers

Made from the descriptors in \`src/protocols/jdcloud\` by \`npm run jdcloud-page\`; do not edit it here. Codes (an error's \`status\`)
and messages are the cloud's own. In a message \`%N\` is a parameter's name, as it begins there with a capital, and \`%s\` what the
message is about. Where the cloud's API of 1.6.1 and its older pages say different things, the setting \`jdcloudPage\` chooses.

All paths begin with \`/v1/regions/{regionId}\`. The service is the one that the credential is for.

${coverageTable(described)}

Anything else answers \`${commonFaults.apiNotFound.code}\`. Parameters that are not listed are ignored, as the cloud does.

## What every operation can meet

${faultTable(common)}

What of the core's refusals has no row of an operation's own:

${faultTable(refusalRows(refusalFaults, common))}

${serviceSections(described, { services, common })}
`;
}

await keepPage(page, render(), 'jdcloud-page');
