/** Writes docs/protocols/aliyun.md from the dialect's descriptors; with `--check` only says whether the page is in step. */
import { commonFaults } from '../src/protocols/aliyun/common-faults.ts';
import type { Faults } from '../src/protocols/aliyun/fault.ts';
import { services } from '../src/protocols/aliyun/operation.ts';
import { operations } from '../src/protocols/aliyun/operations.ts';
import { faultTable, serviceSections, table } from './dialect-page.ts';
import { keepPage } from './generated-page.ts';

const page = new URL('../docs/protocols/aliyun.md', import.meta.url);

const note = ({ older }: Faults[string]) => (older === undefined ? {} : { message: ` *(older: ${older})*` });

function render(): string {
  const common = Object.values(commonFaults);
  const actions = operations.map(({ service, action, summary }) => [
    `\`${action}\``,
    services[service].product,
    summary,
  ]);
  const described = operations.map(({ action, parameters, refusals = {}, ...operation }) => ({
    ...operation,
    name: action,
    places: { '': parameters },
    refusals,
  }));
  const titles = Object.entries(services).map(([service, { product, version }]) => [service, `${product} ${version}`]);
  return `# Alibaba Cloud: what answers

Made from the descriptors in \`src/protocols/aliyun\` by \`npm run aliyun-page\`; do not edit it here. Codes and messages are the
cloud's own, misspellings included. Where its older page words a message otherwise, the setting \`aliyunPage\` chooses.

${table(['action', 'product', ''], actions.toSorted())}

Any other action answers \`InvalidAction.NotFound\`. Parameters that are not listed are ignored, as the cloud does.

## What every action can meet

${faultTable(common, note)}

${serviceSections(described, { services: Object.fromEntries(titles), common, note })}
`;
}

await keepPage(page, render(), 'aliyun-page');
