/** No operation of Huawei's dialect says a no that its error table does not have: whatever a test asks for, its client looks. */
import { expect } from 'vitest';
import { commonFaults } from '../../src/protocols/huawei/common-faults.ts';
import { type Fault, type Faults, type Site, statusOf, type UnusedFault } from '../../src/protocols/huawei/fault.ts';
import type { Operation } from '../../src/protocols/huawei/operation.ts';
import { operations } from '../../src/protocols/huawei/operations.ts';
import { plainFaults } from '../../src/protocols/huawei/plain-faults.ts';
import type { HuaweiAnswer, HuaweiClient } from './huawei-client.ts';

/** The same client; its `call` fails the test where the answer is an error without a row that can occur. */
export function checked(client: HuaweiClient, site: Site): HuaweiClient {
  return {
    ...client,
    async call(method, path, options) {
      const answer = await client.call(method, path, options);
      const operation = findOperation(method, path);
      // A status alone, as HEAD's, is none of the table's rows.
      if (answer.status < 400 || operation === undefined || answer.bytes.length === 0) return answer;
      const isPublished = rowsOf(operation).some(
        (row) => statusOf(row, site) === answer.status && codeIn(answer) === row.code && isWorded(row, answer),
      );
      const said = answer.bytes.toString();
      expect(isPublished, `${operation.name} has no row for ${answer.status} ${said}`).toBe(true);
      return answer;
    },
  };
}

const routes = operations.flatMap((operation) =>
  [operation.route, ...(operation.twins ?? [])].map((route) => ({
    operation,
    // What has no parameter goes first, as it does in the router.
    weight: route.split('{').length,
    pattern: new RegExp(`^${route.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  })),
);
routes.sort((one, other) => one.weight - other.weight);

function findOperation(method: string, path: string): Operation | undefined {
  return routes.find(({ operation, pattern }) => operation.method === method && pattern.test(path))?.operation;
}

/** The operation's own, those of its parameters, and those that every operation can meet. */
function rowsOf({ faults, path = {}, query = {}, body = {}, payload }: Operation): Fault[] {
  const parameters = [path, query, body].flatMap((part) => Object.values(part));
  const ofParameters = [...parameters, ...(payload === undefined ? [] : [payload])].flatMap((each) => each.faults);
  const rows: (Fault | UnusedFault)[] = [
    ...Object.values(faults),
    ...ofParameters,
    ...Object.values(commonFaults as Faults),
    // What whoever may not is told by the services without codes.
    plainFaults[403],
  ];
  return rows.filter((row) => 'when' in row);
}

/** The status in digits where the answer has no code. */
function codeIn({ status, body }: HuaweiAnswer<unknown>): string {
  const { error, error_code } = (typeof body === 'object' ? body : {}) as {
    error?: { code?: unknown };
    error_code?: string;
  };
  return error_code ?? String(error?.code ?? status);
}

/** The row's message, in which anything may stand for `%s`. */
function isWorded({ message }: Fault, { bytes }: HuaweiAnswer<unknown>): boolean {
  const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
  const inPage = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const text = bytes.toString();
  return [inJson, inPage].some((write) =>
    new RegExp(
      message
        .split('%s')
        .map((part) => RegExp.escape(write(part)))
        .join('.*'),
      's',
    ).test(text),
  );
}
