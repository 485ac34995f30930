/** No action says a no that its error table does not have: whatever a test asks for, its client looks. */
import { expect } from 'vitest';
import { commonFaults } from '../../src/protocols/aliyun/common-faults.ts';
import { type Page, wordingOf } from '../../src/protocols/aliyun/fault.ts';
import { type Operation, services } from '../../src/protocols/aliyun/operation.ts';
import { findOperation } from '../../src/protocols/aliyun/operations.ts';
import type { AliyunClient, AliyunError } from './aliyun-client.ts';
import { isOneOf } from './fault-tables.ts';

/** The same client; its `call` fails the test where the answer is an error without a row that can occur. */
export function checked(client: AliyunClient, page: Page): AliyunClient {
  return {
    ...client,
    async call(action, parameters, options = {}) {
      const answer = await client.call(action, parameters, options);
      const operation = findOperation(options.version ?? services.ecs.version, action);
      const { Code: code, Message: message = '' } = answer.body as Partial<AliyunError>;
      if (operation === undefined || !code) return answer;
      const said = { status: answer.status, code, message };
      const isPublished = isOneOf(rowsOf(operation), said, (row) => ({ ...row, message: wordingOf(row, page) }));
      expect(isPublished, `${action} has no row for ${said.status} ${code}: ${message}`).toBe(true);
      return answer;
    },
  };
}

/** The action's own, those of its parameters, and those that every action can meet. */
function rowsOf({ faults, parameters }: Operation) {
  const ofParameters = Object.values(parameters).flatMap((parameter) => parameter.faults);
  return [...Object.values(faults), ...ofParameters, ...Object.values(commonFaults)];
}
