/** No operation of Huawei's dialect says a no that its error table does not have: whatever a test asks for, its client looks. */
import { expect } from 'vitest';
import { commonFaults } from '../../src/protocols/huawei/common-faults.ts';
import { type Faults, type Site, statusOf, wordingOf } from '../../src/protocols/huawei/fault.ts';
import type { Operation } from '../../src/protocols/huawei/operation.ts';
import { operations } from '../../src/protocols/huawei/operations.ts';
import { plainFaults } from '../../src/protocols/huawei/plain-faults.ts';
import { isOneOf } from './fault-tables.ts';
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
      const said = { status: answer.status, code: codeIn(answer), message: messageIn(answer) };
      const isPublished = isOneOf(rowsOf(operation), said, (row) => ({
        status: statusOf(row, site),
        code: row.code,
        message: wordingOf(row, site),
      }));
      expect(isPublished, `${operation.name} has no row for ${JSON.stringify(said)}`).toBe(true);
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
function rowsOf({ faults, path = {}, query = {}, body = {}, payload }: Operation) {
  const parameters = [path, query, body].flatMap((part) => Object.values(part));
  const ofParameters = [...parameters, ...(payload === undefined ? [] : [payload])].flatMap((each) => each.faults);
  // The last is what whoever may not is told by the services without codes.
  return [...Object.values(faults), ...ofParameters, ...Object.values<Faults[string]>(commonFaults), plainFaults[403]];
}

/** The status in digits where the answer has no code. */
function codeIn({ status, body }: HuaweiAnswer<unknown>): string {
  const { error, error_code } = (typeof body === 'object' ? body : {}) as {
    error?: { code?: unknown };
    error_code?: string;
  };
  return error_code ?? String(error?.code ?? status);
}

function messageIn({ body }: HuaweiAnswer<unknown>): string {
  if (typeof body === 'string') return textOf(body);
  const { error, error_msg } = body as { error?: { message?: string }; error_msg?: string };
  return error_msg ?? error?.message ?? '';
}

/** What Glance's pages say below their title. */
function textOf(page: string): string {
  const [, text = ''] = /<\/h1>\s*(.*)<br \/><br \/>/s.exec(page) ?? [];
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
