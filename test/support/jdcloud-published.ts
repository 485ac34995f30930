/** No operation of JD Cloud's dialect says a no that its error table does not have: whatever a test asks for, its client looks. */
import { expect } from 'vitest';
import { commonFaults } from '../../src/protocols/jdcloud/common-faults.ts';
import type { Operation, ServiceName } from '../../src/protocols/jdcloud/operation.ts';
import { findOperations } from '../../src/protocols/jdcloud/operations.ts';
import { readPath } from '../../src/protocols/jdcloud/paths.ts';
import { isOneOf } from './fault-tables.ts';
import type { JdcloudClient, JdcloudError } from './jdcloud-client.ts';

/** The same client of a service; its `call` fails the test where the answer is an error without a row that can occur. */
export function checked(client: JdcloudClient, service: ServiceName): JdcloudClient {
  return {
    ...client,
    async call(method, path, options) {
      const answer = await client.call(method, path, options);
      const operation = findOperations(method, readPath(path)).get(service)?.operation;
      const { error } = answer.body as Partial<JdcloudError>;
      if (operation === undefined || error === undefined) return answer;
      const said = { status: answer.status, code: error.status, message: error.message };
      expect(isOneOf(rowsOf(operation), said), `${operation.name} has no row for ${JSON.stringify(said)}`).toBe(true);
      return answer;
    },
  };
}

/** The operation's own, those of its parameters, and those that every operation can meet. */
function rowsOf({ faults, path = {}, query = {}, body = {} }: Operation) {
  const parameters = [path, query, body].flatMap((each) => Object.values(each));
  const ofParameters = parameters.flatMap((parameter) => parameter.faults);
  return [...Object.values(faults), ...Object.values(commonFaults), ...ofParameters];
}
